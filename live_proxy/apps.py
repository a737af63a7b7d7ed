import atexit

from django.apps import AppConfig


class LiveProxyConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "live_proxy"
    verbose_name = "Live proxy"

    def ready(self) -> None:
        from live_proxy import checks, signals  # noqa: F401  (registered by being imported)
        from live_proxy.database import close_pools

        # A pool that is left to the interpreter's end makes every command wait five seconds for its threads.
        atexit.register(close_pools)
