"""The way to Google's hosts: names, connections, certificates; and whether clocks agree."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from live_proxy.doctor.adc import credential_file
from live_proxy.doctor.context import Context
from live_proxy.doctor.findings import GOOGLE_CLOUD, HELP, Finding, Status
from live_proxy.transports.websocket import tls_context

TIMEOUT = 5.0
OFF = 30.0  # seconds that a clock may be wrong without a word
FAR_OFF = 240.0  # Google refuses signatures that are five minutes off
FIREWALL = f"{GOOGLE_CLOUD}#which-hosts-a-firewall-must-open"
PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
# OpenSSL's verify codes.
_UNTRUSTED = (18, 19, 20, 21, 2)
_EXPIRED = (10, 9)
_HOSTNAME = (62, 64)


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the way to a host goes: `stage` is dns, connect, timeout, tls or ok."""

    host: Host
    stage: str
    detail: str = ""
    verify_code: int = 0


def hosts_of(context: Context) -> list[Host]:
    """Every host that the configuration leads to, each once."""
    config = context.config
    if config is None:
        return []
    urls = [config.addresses.http_base(candidate) for candidate in config.every_candidate]
    if context.vertex and "google-auth" in config.token_sources and (file := credential_file()) and file.token_host:
        local = file.token_host.partition(":")[0] in ("127.0.0.1", "localhost")
        urls.append(f"{'http' if local else 'https'}://{file.token_host}")
    return list(dict.fromkeys(_host(url) for url in urls))


def _host(url: str) -> Host:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Host(parts.hostname or "", parts.port or (443 if tls else 80), tls)


async def reach(host: Host) -> Reached:
    try:
        async with asyncio.timeout(TIMEOUT):
            await asyncio.get_running_loop().getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Reached(host, "dns")
    except TimeoutError:
        return Reached(host, "dns", "no answer")
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(host.name, host.port, ssl=tls_context() if host.tls else None)
    except TimeoutError:
        return Reached(host, "timeout")
    except ssl.SSLCertVerificationError as error:
        return Reached(host, "tls", error.verify_message, error.verify_code)
    except ssl.SSLError as error:
        return Reached(host, "tls", error.reason or "no TLS")
    except OSError as error:
        return Reached(host, "connect", type(error).__name__)
    writer.close()
    return Reached(host, "ok")


async def reach_all(context: Context) -> list[Reached]:
    return list(await asyncio.gather(*(reach(host) for host in hosts_of(context))))


def check_egress(reached: Sequence[Reached], environ: Mapping[str, str] = os.environ) -> list[Finding]:
    if not reached:
        return [Finding("egress", Status.SKIPPED, "No host is configured.")]
    found = []
    words = {
        "dns": ("name_unknown", "does not resolve", "Look at this machine's DNS, or at the base URL settings."),
        "connect": ("refused", "refuses connections", "Open it in the firewall, or mend the base URL settings."),
        "timeout": ("blocked", "does not answer", "A firewall drops the packets: open it."),
    }
    for each in reached:
        if each.stage in words:
            cause, what, advice = words[each.stage]
            where = f"{each.host.name}:{each.host.port}"
            found.append(Finding("egress", Status.FAILED, f"{where} {what}.", advice, cause, FIREWALL, {"host": where}))
    if found and (proxy := next((name for name in PROXIES if environ.get(name)), None)):
        found.append(
            Finding(
                "egress",
                Status.WARNING,
                f"{proxy} is set and not used: the service dials Google's hosts directly.",
                "Open the hosts in the firewall; a proxy cannot be used.",
                "proxy_not_used",
                FIREWALL,
            )
        )
    fine = sum(each.stage in ("ok", "tls") for each in reached)
    if fine:
        found.append(
            Finding("egress", Status.OK, f"{fine} of {len(reached)} hosts can be reached.", facts={"hosts": fine})
        )
    return found


def check_clock(context: Context) -> list[Finding]:
    if not context.clock_offsets:
        return [Finding("clock", Status.SKIPPED, "Nobody told the time.")]
    host, offset = max(context.clock_offsets.items(), key=lambda item: abs(item[1]))
    facts = {"seconds": round(offset), "host": host}
    if abs(offset) < OFF:
        return [Finding("clock", Status.OK, "This machine's clock agrees with Google's.", facts=facts)]
    status = Status.FAILED if abs(offset) >= FAR_OFF else Status.WARNING
    wrong = "slow" if offset > 0 else "fast"
    return [
        Finding(
            "clock",
            status,
            f"This machine's clock is {abs(offset):.0f} s {wrong}, by {host}. Google refuses tokens whose time is "
            "minutes off.",
            "Turn on time synchronisation: timedatectl set-ntp true.",
            "clock_wrong",
            f"{HELP}#credentials",
            facts,
        )
    ]


def check_tls(reached: Sequence[Reached]) -> list[Finding]:
    secure = [each for each in reached if each.host.tls and each.stage in ("ok", "tls")]
    if not secure:
        return [Finding("tls", Status.SKIPPED, "No connection that is to be secure was made.")]
    found = [_bad_certificate(each) for each in secure if each.stage == "tls"]
    if fine := [each for each in secure if each.stage == "ok"]:
        found.append(Finding("tls", Status.OK, f"The certificates of {len(fine)} hosts are accepted."))
    return found


def _bad_certificate(reached: Reached) -> Finding:
    name, code = reached.host.name, reached.verify_code
    if code in _UNTRUSTED:
        cause, says = "untrusted", f"{name} shows a certificate of nobody this machine trusts ({reached.detail})."
        advice = (
            "Something in between opens the connections (a company's proxy): give the service that proxy's certificate "
            "with SSL_CERT_FILE, or install ca-certificates."
        )
    elif code in _EXPIRED:
        cause, says = "expired", f"The certificate of {name} is not valid at this machine's time ({reached.detail})."
        advice = "Look at this machine's clock; else the host's operator has to renew it."
    elif code in _HOSTNAME:
        cause, says = "wrong_name", f"The certificate of {name} is another host's ({reached.detail})."
        advice = "Mend the base URL settings, or what answers in the host's place."
    else:
        cause, says = "no_tls", f"{name} speaks no TLS that this machine understands ({reached.detail})."
        advice = "Is the base URL's scheme right? http:// is for a plain port."
    return Finding("tls", Status.FAILED, says, advice, cause, f"{HELP}#tls", {"host": name})
