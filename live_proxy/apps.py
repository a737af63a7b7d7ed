from django.apps import AppConfig


class LiveProxyConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "live_proxy"
    verbose_name = "Live proxy"

    def ready(self) -> None:
        from live_proxy import checks, signals  # noqa: F401  (registered by being imported)
