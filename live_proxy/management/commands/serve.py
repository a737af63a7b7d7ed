"""`manage.py serve`: one process of the production server."""

from __future__ import annotations

import argparse
import contextlib
import errno
import socket
import ssl
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from live_proxy.config import BadSetting, live_config
from live_proxy.server import listen, make_server, server_context


class Command(BaseCommand):
    # The settings that matter are read below; the rest is `manage.py check --deploy`, and a start should be quick.
    requires_system_checks = ()
    help = "Serve pages, API and sockets until SIGTERM, then drain."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--tls-cert", help="PEM file with the certificate chain")
        parser.add_argument("--tls-key", help="PEM file with the private key")
        parser.add_argument("--tls-port", type=int, help="speak TLS at this port, and plain HTTP at --port still")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, tls_port = options["host"], options["port"], options["tls_port"]
        certificate, key = options["tls_cert"], options["tls_key"]
        if bool(certificate) != bool(key):
            raise CommandError("--tls-cert and --tls-key go together.")
        if tls_port is not None and not certificate:
            raise CommandError("--tls-port needs --tls-cert and --tls-key.")
        try:
            live_config()
        except BadSetting as error:
            raise CommandError(str(error)) from None
        context = _context(certificate, key) if certificate else None
        place = f"[{host}]" if ":" in host else host
        listener = _listener(host, port, "--port")
        if tls_port is None or context is None:
            server = make_server("project.asgi:application", tls_cert=certificate, tls_key=key)
            self.stdout.write(f"Serving at {'https' if certificate else 'http'}://{place}:{port}")
        else:
            server = make_server("project.asgi:application", tls=(_listener(host, tls_port, "--tls-port"), context))
            self.stdout.write(f"Serving at http://{place}:{port} and https://{place}:{tls_port}")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _context(certificate: str, key: str) -> ssl.SSLContext:
    try:
        return server_context(certificate, key)
    except ssl.SSLError:  # an OSError, too
        raise CommandError("--tls-cert and --tls-key must be PEM files that belong together.") from None
    except OSError as error:
        raise CommandError(f"The certificate or its key cannot be read: {error.strerror}.") from None


def _listener(host: str, port: int, option: str) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} is in use. Stop what uses it, or choose another with {option}.") from None
        raise CommandError(f"Cannot listen at {host}:{port}: {error.strerror}.") from None
    except OverflowError:
        raise CommandError(f"{port} is not a port: choose one from 1024 to 65535.") from None
