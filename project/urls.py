"""Every path of the service that is not a socket. Sockets are in `live_proxy.routing`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("live_proxy.urls")),
]
