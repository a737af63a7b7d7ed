"""Makes the management command known to Django; the only other file that may import Django is that command."""

from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "simulator"
    verbose_name = "Gemini Live simulator"
