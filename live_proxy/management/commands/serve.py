"""`manage.py serve`: one process of the production server."""

from __future__ import annotations

import argparse
import contextlib
import errno
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from live_proxy.config import BadSetting, live_config
from live_proxy.server import listen, make_server


class Command(BaseCommand):
    # The settings that matter are read below; the rest is `manage.py check --deploy`, and a start should be quick.
    requires_system_checks = ()
    help = "Serve pages, API and sockets until SIGTERM, then drain."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--tls-cert", help="PEM file with the certificate chain")
        parser.add_argument("--tls-key", help="PEM file with the private key")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if bool(options["tls_cert"]) != bool(options["tls_key"]):
            raise CommandError("--tls-cert and --tls-key go together.")
        try:
            live_config()
        except BadSetting as error:
            raise CommandError(str(error)) from None
        scheme = "https" if options["tls_cert"] else "http"
        place = f"[{host}]" if ":" in host else host
        try:
            listener = listen(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"Port {port} is in use. Stop what uses it, or choose another with --port."
                ) from None
            raise CommandError(f"Cannot listen at {host}:{port}: {error.strerror}.") from None
        server = make_server("project.asgi:application", tls_cert=options["tls_cert"], tls_key=options["tls_key"])
        self.stdout.write(f"Serving at {scheme}://{place}:{port}")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
