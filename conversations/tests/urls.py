"""The admin with the two pages it leads to, so that these tests need no other app."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path


def blank(request: HttpRequest) -> HttpResponse:
    return HttpResponse("blank")


urlpatterns = [
    path("", blank, name="chat"),
    path("accounts/login/", blank, name="login"),
    path("accounts/logout/", blank, name="logout"),
    path("admin/", admin.site.urls),
]
