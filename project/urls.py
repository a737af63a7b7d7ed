"""Every path of the service that is not a socket. Sockets are in `live_proxy.routing`."""

from django.contrib import admin
from django.urls import include, path

from live_proxy.views import breaker_board, tokens

urlpatterns = [
    path("accounts/tokens/", tokens.tokens, name="tokens"),
    path("accounts/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("accounts/", include("accounts.urls")),
    path("admin/transports/", breaker_board.board, name="breaker_board"),
    path("admin/", admin.site.urls),
    path("", include("live_proxy.urls")),
]
