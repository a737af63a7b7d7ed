"""Each way to Gemini, set up once as a session would be, and left again before anything is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from live_proxy.candidates import Candidate
from live_proxy.catalogue import LiveModel
from live_proxy.config import LiveConfig
from live_proxy.credentials import TokenProvider
from live_proxy.doctor.advice import explain
from live_proxy.doctor.context import Context
from live_proxy.doctor.findings import Finding, Status
from live_proxy.doctor.trace import Trace
from live_proxy.edge.requested import requested
from live_proxy.edge.upstream_setup import upstream_setup
from live_proxy.errors import Action, ErrorKind, Failure
from live_proxy.transports.base import Transport
from live_proxy.transports.rest import RestTransport
from live_proxy.transports.sdk import SdkTransport, load_sdk
from live_proxy.transports.websocket import WebSocketTransport
from live_proxy.verdicts import local_failure

AT_ONCE = 4
# Text is what typed conversations ask for, and what models that only speak refuse.
PROBE = requested({"generationConfig": {"responseModalities": ["TEXT"]}})
NOT_THERE = (ErrorKind.MODEL_NOT_FOUND, ErrorKind.UNSUPPORTED_OPERATION)


@dataclass(slots=True)
class Probe:
    """What became of one candidate. `trace` is None where there is no socket."""

    candidate: Candidate
    trace: Trace | None = None
    failure: Failure | None = None
    mended_for: Failure | None = None
    """What the first set-up was refused for, where a mended one was accepted."""
    milliseconds: int = 0


async def probe_all(context: Context) -> list[Probe]:
    """Every candidate of every family, in the ladder's order."""
    config, tokens = context.config, context.tokens
    if config is None or tokens is None:
        return []
    if "sdk" in config.transports:
        await asyncio.to_thread(load_sdk)  # two seconds that are nobody's fault
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(candidate: Candidate) -> Probe:
        async with gate:
            return await _probe(candidate, config, tokens)

    return list(await asyncio.gather(*(one(candidate) for candidate in config.every_candidate)))


async def _probe(candidate: Candidate, config: LiveConfig, tokens: TokenProvider) -> Probe:
    loop = asyncio.get_running_loop()
    probe = Probe(candidate, Trace() if candidate.transport == "websocket" else None)
    began = loop.time()
    refused: Failure | None = None
    while True:
        try:
            await _open(probe, config, tokens, refused.kind if refused else None)
        except Failure as failure:
            # The ladder would try once more with a mended set-up; so does its doctor.
            if failure.verdict.action is Action.ADAPT and refused is None:
                refused = failure
                continue
            probe.failure = failure
        probe.mended_for = refused if probe.failure is None else None
        probe.milliseconds = round((loop.time() - began) * 1000)
        return probe


async def _open(probe: Probe, config: LiveConfig, tokens: TokenProvider, mend: ErrorKind | None) -> None:
    transport = _transport(probe, config, tokens)
    setup = upstream_setup(
        PROBE, probe.candidate, project=config.addresses.project, handle="", history=False, mend=mend
    )
    try:
        await transport.open(setup, (), asyncio.get_running_loop().time() + config.setup_timeout)
    except Failure:
        raise
    except Exception as error:
        raise local_failure(ErrorKind.BAD_MESSAGE, type(error).__name__) from error
    finally:
        await transport.close()


def _transport(probe: Probe, config: LiveConfig, tokens: TokenProvider) -> Transport:
    candidate = probe.candidate
    shared: dict[str, Any] = {
        "addresses": config.addresses,
        "tokens": tokens,
        "api_key": config.api_key,
        "setup_timeout": config.setup_timeout,
    }
    if candidate.transport == "websocket":
        assert probe.trace is not None
        return WebSocketTransport(candidate, make_connection=probe.trace.connection(), **shared)
    lower = SdkTransport if candidate.transport == "sdk" else RestTransport
    return lower(candidate, **shared)


def check_candidates(context: Context, probes: Sequence[Probe]) -> list[Finding]:
    config = context.config
    if config is None or not probes:
        return [Finding("candidate", Status.SKIPPED, "There is none: nothing is configured.")]
    project = config.addresses.project
    served = {probe.candidate for probe in probes if probe.failure is None}
    found = [
        finding for probe in probes for finding in _findings(probe, _is_spare(config, probe.candidate, served), project)
    ]
    for family in config.families:
        live = [candidate for candidate in config.candidates(family) if isinstance(candidate.model, LiveModel)]
        if live and not served.intersection(live):
            found.append(
                Finding(
                    "candidate",
                    Status.WARNING,
                    f"No Live model of {family.label} can be used: no voice there, typed messages go by request.",
                    _instead(context),
                    "no_voice",
                    "docs/google-cloud.md",
                )
            )
    return found


def _is_spare(config: LiveConfig, candidate: Candidate, served: set[Candidate]) -> bool:
    """Whether another model serves in its place, on the same transport, in every family that has it."""
    families = [config.candidates(family) for family in config.families]
    return all(
        any(other.transport == candidate.transport and other in served for other in family)
        for family in families
        if candidate in family
    )


def _instead(context: Context) -> str:
    models = context.developer_live_models
    if models:
        return f"The API key has {', '.join(models)}: name one of them in LIVE_MODELS."
    return "Name a Live model that exists today in LIVE_MODELS, or in the families file."


def _findings(probe: Probe, is_spare: bool, project: str) -> Iterator[Finding]:
    candidate, failure = probe.candidate, probe.failure
    place = f", {candidate.location}" if candidate.location else ""
    name = f"{candidate.transport}, {candidate.platform}{place}, {candidate.model.name}"
    facts: dict[str, object] = {
        "transport": candidate.transport,
        "platform": candidate.platform,
        "location": candidate.location,
        "model": candidate.model.name,
        "endpoint": candidate.endpoint,
        "milliseconds": probe.milliseconds,
    }
    if failure is None:
        yield Finding("candidate", Status.OK, f"{name}: {probe.milliseconds} ms.", facts=facts)
        if probe.mended_for is not None:
            told = explain(probe.mended_for, candidate, project)
            says = f"{name}: each session's first set-up is refused, and a mended one taken. {told.says}"
            yield Finding("candidate", Status.WARNING, says, told.advice, told.cause, told.help)
        return
    told = explain(failure, candidate, project)
    facts |= {"kind": str(failure.kind), "code": failure.code, "http_status": failure.http_status}
    # A name that is not there costs one round trip where another of its kind serves.
    status = Status.NOTE if is_spare and failure.kind in NOT_THERE else Status.FAILED
    yield Finding("candidate", status, f"{name}: {told.says}", told.advice, told.cause, told.help, facts)
