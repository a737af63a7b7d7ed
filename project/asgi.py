"""The ASGI entry point, for `manage.py serve`, `runserver` and `daphne project.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = get_asgi_application()

from live_proxy.routing import application_for  # noqa: E402  (models need the set-up above)

application = application_for(django_application)
