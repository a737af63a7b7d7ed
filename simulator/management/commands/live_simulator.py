"""`manage.py live_simulator`: runs the simulator until it is told to stop. It needs no database."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import signal
import ssl
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from simulator.recordings import read_recording
from simulator.scenarios import SCENARIOS, listing
from simulator.server import Simulator


class Command(BaseCommand):
    help = "Runs a stand-in for Google's Live API on this machine."
    requires_system_checks: list[str] = []  # noqa: RUF012
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9100, help="0 takes a free port")
        parser.add_argument("--scenario", default="normal", choices=sorted(SCENARIOS), metavar="NAME")
        parser.add_argument("--service-account", metavar="PATH", help="write a key file that this simulator accepts")
        parser.add_argument("--chunk-delay", type=float, default=0.03, metavar="SECONDS")
        parser.add_argument("--tls-cert", metavar="PATH")
        parser.add_argument("--tls-key", metavar="PATH")
        parser.add_argument("--allow-remote", action="store_true", help="listen on an address others can reach")
        parser.add_argument("--recording", metavar="PATH", help="play this recording to every socket")
        parser.add_argument("--list", action="store_true", help="print the scenarios and exit")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for scenario in listing():
                self.stdout.write(f"{scenario['name']:<30}{scenario['what']}")
            return
        if not options["allow_remote"] and not _is_loopback(options["host"]):
            raise CommandError(f"{options['host']} can be reached by others; give --allow-remote if that is meant.")
        simulator = Simulator(
            host=options["host"],
            port=options["port"],
            scenario=options["scenario"],
            ssl_context=_tls(options["tls_cert"], options["tls_key"]),
            chunk_delay=options["chunk_delay"],
        )
        if options["recording"]:
            try:
                simulator.recording = read_recording(Path(options["recording"]))
            except (OSError, ValueError) as error:
                raise CommandError(f"Cannot play it: {error}") from None
        asyncio.run(self._serve(simulator, options["service_account"]))

    async def _serve(self, simulator: Simulator, service_account: str | None) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            await simulator.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(f"Port {simulator.port} on {simulator.host} is already in use.") from None
            raise CommandError(f"Cannot listen on {simulator.host}:{simulator.port}: {error.strerror}.") from None
        try:
            if service_account:
                try:
                    simulator.create_service_account(service_account)
                except OSError as error:
                    raise CommandError(f"Cannot write the key file: {error}") from None
            plays = f"plays {simulator.recording.name}" if simulator.recording else f"scenario: {simulator.scenario}"
            self.stdout.write(f"[simulator] listening on {simulator.base_url} (not Google; {plays})")
            self.stdout.flush()
            await stop.wait()
        finally:
            await simulator.stop()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise CommandError("--tls-cert and --tls-key belong together.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise CommandError(f"Cannot use the certificate: {error}") from None
    return context
