from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views import LoginView, PasswordChangeView, SignupView

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("signup/", SignupView.as_view(), name="signup"),
    path("password/", PasswordChangeView.as_view(), name="password_change"),
]
