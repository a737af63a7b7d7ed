"""Project, API, role and region: one request to each platform, which costs nothing and names what is missing."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from live_proxy.candidates import Candidate
from live_proxy.catalogue import StandardModel
from live_proxy.config import LiveConfig
from live_proxy.doctor.advice import Explained, explain
from live_proxy.doctor.context import Context
from live_proxy.doctor.findings import GOOGLE_CLOUD, Finding, Status
from live_proxy.errors import ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, NotJson, decode, encode
from live_proxy.transports.http_client import Fetched, fetch
from live_proxy.verdicts import local_failure, request_failure

TIMEOUT = 10.0
ASKED = StandardModel("gemini-2.5-flash")
QUESTION: JsonObject = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
# Which check a failure speaks of; what stands before it has then passed, what stands after it is not known.
ORDER = ("project", "api", "role", "region")
SPEAKS_OF = {
    ErrorKind.PROJECT: "project",
    ErrorKind.BILLING: "project",
    ErrorKind.API_DISABLED: "api",
    ErrorKind.PERMISSION: "role",
    ErrorKind.UNAUTHENTICATED: "role",
    ErrorKind.API_KEY: "role",
    ErrorKind.LOCATION: "region",
    ErrorKind.MODEL_NOT_FOUND: "region",
    ErrorKind.PRECONDITION: "region",
}


async def check_google(context: Context) -> list[Finding]:
    config = context.config
    if config is None or not config.platforms:
        return [Finding(check, Status.SKIPPED, "Nothing is configured.") for check in ORDER]
    found: list[Finding] = []
    if context.vertex:
        found += await _vertex(context, config)
    if context.developer:
        found += await _developer(context, config)
    return sorted(found, key=lambda finding: ORDER.index(finding.check))


async def _vertex(context: Context, config: LiveConfig) -> list[Finding]:
    if context.token is None:
        return [Finding(check, Status.SKIPPED, "Not asked: there is no access token.") for check in ORDER]
    project = config.addresses.project
    candidate = Candidate("rest", "vertex", config.location, ASKED)
    headers = {"Authorization": f"Bearer {context.token.value}"}
    if context.token.quota_project:
        headers["x-goog-user-project"] = context.token.quota_project
    answer = await _ask(context, "POST", config.addresses.http_url(candidate, "countTokens"), headers, QUESTION)
    if isinstance(answer, Failure):
        return _refused(answer, explain(answer, project=project), f"Vertex AI, {project}")
    passed = {
        "project": f"The project {project} exists and has billing.",
        "api": "The Vertex AI API is enabled.",
        "role": "The account may use Vertex AI.",
        "region": f"{config.location} answers.",
    }
    return [Finding(check, Status.OK, passed[check]) for check in ORDER]


async def _developer(context: Context, config: LiveConfig) -> list[Finding]:
    candidate = Candidate("rest", "developer", "", ASKED)
    url = f"{config.addresses.http_base(candidate)}/v1beta/models?pageSize=1000"
    answer = await _ask(context, "GET", url, {"x-goog-api-key": config.api_key}, None)
    if isinstance(answer, Failure):
        return _refused(answer, explain(answer), "The Developer API")
    models = answer.get("models")
    listed = [model for model in models if isinstance(model, dict)] if isinstance(models, list) else []
    context.developer_live_models = tuple(
        str(model.get("name", "")).removeprefix("models/")
        for model in listed
        if "bidiGenerateContent" in (model.get("supportedGenerationMethods") or [])
    )
    live = ", ".join(context.developer_live_models) or "none"
    found = [
        Finding("api", Status.OK, "The Developer API answers."),
        Finding("role", Status.OK, "The API key is accepted."),
        Finding("region", Status.OK, f"The key's Live models: {live}.", facts={"live": context.developer_live_models}),
    ]
    if not context.developer_live_models:
        found[-1] = Finding(
            "region",
            Status.WARNING,
            "The key has no model that speaks Live.",
            "Use another key or Vertex AI for voice; typed messages go by request.",
            "no_live_models",
            f"{GOOGLE_CLOUD}#an-api-key-alone",
        )
    return found


def _refused(failure: Failure, told: Explained, whom: str) -> list[Finding]:
    at = SPEAKS_OF.get(failure.kind)
    if failure.kind is ErrorKind.QUOTA:
        finding = Finding("role", Status.WARNING, f"{whom}: {told.says}", told.advice, told.cause, told.help)
        return [finding]
    if at is None:
        # The network, or a fault at Google's: it says nothing of the four, and egress says the rest.
        return [
            Finding(
                "project", Status.FAILED, f"{whom} was not reached. {told.says}", told.advice, told.cause, told.help
            ),
            *(Finding(check, Status.SKIPPED, f"{whom} was not reached.") for check in ORDER[1:]),
        ]
    found = []
    for check in ORDER:
        if ORDER.index(check) < ORDER.index(at) and whom.startswith("Vertex"):
            found.append(Finding(check, Status.OK, f"{whom}: no objection."))
        elif check == at:
            found.append(Finding(check, Status.FAILED, f"{whom}: {told.says}", told.advice, told.cause, told.help))
        elif ORDER.index(check) > ORDER.index(at):
            found.append(Finding(check, Status.SKIPPED, f"{whom}: not known before the {at} is mended."))
    return found


async def _ask(
    context: Context, method: str, url: str, headers: dict[str, str], body: JsonObject | None
) -> JsonObject | Failure:
    """The answer, or why there is none; learns the host's time, and whether it is the simulator."""
    host = urlsplit(url).netloc
    try:
        async with asyncio.timeout(TIMEOUT):
            content = encode(body) if body is not None else None
            response = await fetch(method, url, {"Content-Type": "application/json", **headers}, content)
    except Failure as failure:
        return failure
    except TimeoutError:
        return local_failure(ErrorKind.CONNECT_TIMEOUT, f"not within {TIMEOUT:.0f} s")
    _learn(context, host, response)
    if response.status != 200:
        text = response.body[:65536].decode("utf-8", "replace")
        return request_failure(response.status, text, retry_after=response.headers.get("retry-after"))
    try:
        return decode(response.body)
    except NotJson as error:
        return local_failure(ErrorKind.BAD_MESSAGE, str(error))


def _learn(context: Context, host: str, response: Fetched) -> None:
    if "x-simulator" in response.headers:
        context.simulated.add(host)
    try:
        told = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return
    context.clock_offsets[host] = told - time.time()
