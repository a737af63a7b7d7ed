"""Set-ups that are broken in one way each, and what the doctor must say of them. Data, and the ways to break one."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from live_proxy.doctor.findings import Verdict
from project.tests.doctoring import CANARY, KEY, World
from simulator import Simulator

FAMILIES = """
[[family]]
label = "Mine"
live = [{live}]
standard = [{standard}]
"""


Break = Callable[[World], Awaitable[None] | None]


@dataclass(frozen=True)
class Broken:
    """`first` is (check, cause) of what the doctor says to mend first; `advice` a piece of what it says to do."""

    how: Break
    first: tuple[str, str]
    advice: str
    verdict: Verdict = Verdict.BROKEN
    only: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = field(default=())


def scenario(name: str) -> Break:
    return lambda world: setattr(world.sim, "scenario", name)


def vertex_alone(then: Break) -> Break:
    def break_it(world: World) -> Any:
        world.set(GOOGLE_API_KEY="")
        return then(world)

    return break_it


def key_alone(then: Break) -> Break:
    def break_it(world: World) -> Any:
        world.set(GOOGLE_CLOUD_PROJECT="")
        world.monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
        world.set(LIVE_MODELS=["gemini-3.8-live"])
        return then(world)

    return break_it


def nothing_configured(world: World) -> None:
    world.set(GOOGLE_API_KEY="", GOOGLE_CLOUD_PROJECT="")
    world.monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")


def edited_key(**fields: Any) -> Break:
    def break_it(world: World) -> None:
        info = json.loads(world.key_file.read_text())
        world.key(json.dumps(info | fields))

    return break_it


def foreign_key(world: World) -> None:
    """A key that the token endpoint does not know, for an account that it does."""
    known = json.loads(world.key_file.read_text())
    other = Simulator()
    other.port = world.sim.port
    stranger = other.create_service_account(world.folder / "other.json")
    world.key(json.dumps(known | {"private_key": stranger["private_key"]}))


def deleted_account(world: World) -> None:
    edited_key(client_email="gone@demo-project.iam.gserviceaccount.com")(world)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def both_at(url: Callable[[World], str]) -> Break:
    return lambda world: world.set(GOOGLE_VERTEX_BASE_URL=url(world), GOOGLE_GEMINI_BASE_URL=url(world))


def unused_proxy(world: World) -> None:
    both_at(lambda _: f"http://127.0.0.1:{closed_port()}")(world)
    world.environ(HTTPS_PROXY=f"http://user:{CANARY}@proxy.example:3128")


SLASHED = "/ws/google.ai.generativelanguage.v1beta.GenerativeService/BidiGenerateContent"
BROKEN: dict[str, Broken] = {
    # Settings
    "nothing is configured": Broken(nothing_configured, ("settings", "not_configured"), "GOOGLE_API_KEY (that alone"),
    "a key file and no project": Broken(
        lambda world: world.set(GOOGLE_API_KEY="", GOOGLE_CLOUD_PROJECT=""),
        ("settings", "not_configured"),
        "Set GOOGLE_CLOUD_PROJECT",
    ),
    "an access token as API key": Broken(
        lambda world: world.environ(GOOGLE_API_KEY=f"ya29.{CANARY}"),
        ("settings", "token_as_api_key"),
        "made by the service itself",
    ),
    "an ephemeral token as API key": Broken(
        lambda world: world.environ(GEMINI_API_KEY=f"auth_tokens/{CANARY}"),
        ("settings", "ephemeral_token_as_api_key"),
        "for browsers",
    ),
    "quotes around the key": Broken(
        lambda world: world.environ(GOOGLE_API_KEY=f'"AIza{CANARY}"'),
        ("settings", "malformed_api_key"),
        "without quotes",
    ),
    "two different keys": Broken(
        lambda world: world.environ(GOOGLE_API_KEY=KEY, GEMINI_API_KEY=f"{KEY}-2"),
        ("settings", "two_api_keys"),
        "Unset one",
        Verdict.DEGRADED,
    ),
    "the published address of streaming": Broken(
        lambda world: world.set(LIVE_ENDPOINTS=["bidi", "publisher"]),
        ("settings", "stream_generate_content_is_no_socket"),
        "LIVE_ENDPOINTS=bidi",
        Verdict.DEGRADED,
        also=(("candidate", "stream_generate_content_is_no_socket"),),
    ),
    "the method in the base URL, with a slash": Broken(
        lambda world: world.set(GOOGLE_GEMINI_BASE_URL=world.sim.base_url + SLASHED),
        ("settings", "method_in_base_url"),
        "with a dot: GenerativeService.BidiGenerateContent",
    ),
    "streaming in the base URL": Broken(
        lambda world: world.set(
            GOOGLE_VERTEX_BASE_URL=f"{world.sim.base_url}/v1/publishers/google/models/x:streamGenerateContent"
        ),
        ("settings", "method_in_base_url"),
        "is always refused: it is an HTTPS POST method",
    ),
    "a slip in a name": Broken(
        lambda world: world.environ(LIVE_MODEL="gemini"),
        ("settings", "unknown_setting"),
        "Is LIVE_MODELS meant?",
        Verdict.DEGRADED,
    ),
    "a location that is none": Broken(
        lambda world: world.set(GOOGLE_CLOUD_LOCATION="Europe"), ("settings", "bad_setting"), ""
    ),
    "a project's name for its id": Broken(
        lambda world: world.set(GOOGLE_CLOUD_PROJECT="My Project"), ("settings", "bad_setting"), ""
    ),
    "a families file that is not there": Broken(
        lambda world: world.set(LIVE_FAMILIES_FILE=str(world.folder / "no.toml")), ("settings", "bad_setting"), ""
    ),
    "a family of the other platform": Broken(
        vertex_alone(
            lambda world: world.families(
                FAMILIES.format(live='"gemini-live-2.5-flash"', standard='"gemini-2.5-flash"')
                + '[[family]]\nlabel = "Theirs"\nlive = ["gemini-live-2.5-flash-preview"]\nstandard = []\n'
            )
        ),
        ("settings", "family_without_candidate"),
        "configured platform",
        Verdict.DEGRADED,
        only=("settings", "candidate"),
    ),
    # Credentials
    "the key file is missing": Broken(
        vertex_alone(lambda world: world.key_file.unlink()), ("credentials", "file_missing"), "Put the key file there"
    ),
    "the key file is no JSON": Broken(
        vertex_alone(lambda world: world.key(f"{{ {CANARY}")),
        ("credentials", "file_not_json"),
        "Download the key again",
    ),
    "the key file is something else": Broken(
        vertex_alone(lambda world: world.key('{"type": "web_client"}')), ("credentials", "file_wrong_type"), "`type`"
    ),
    "the key file lacks the key": Broken(
        vertex_alone(edited_key(private_key="")), ("credentials", "file_incomplete"), "Download the key again"
    ),
    "the key was revoked": Broken(vertex_alone(foreign_key), ("credentials", "key_revoked"), "Make a new key"),
    "the account is gone": Broken(vertex_alone(deleted_account), ("credentials", "account_deleted"), "another one"),
    "no credentials at all": Broken(
        vertex_alone(lambda world: world.environ(GOOGLE_APPLICATION_CREDENTIALS="", CLOUDSDK_CONFIG=str(world.folder))),
        ("credentials", "no_credentials"),
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    "nobody at the token endpoint": Broken(
        vertex_alone(lambda world: edited_key(token_uri=f"http://127.0.0.1:{closed_port()}/token")(world)),
        ("credentials", "token_host_unreachable"),
        "oauth2.googleapis.com",
        also=(("egress", "refused"),),
    ),
    "the key file is open to all": Broken(
        lambda world: world.key_file.chmod(0o644),
        ("credentials", "file_open_to_others"),
        "chmod 600",
        Verdict.DEGRADED,
    ),
    "a key file beside an API key": Broken(
        lambda world: world.set(GOOGLE_CLOUD_PROJECT="", LIVE_MODELS=["gemini-3.8-live"]),
        ("credentials", "project_not_set"),
        "Set GOOGLE_CLOUD_PROJECT (the file says demo-project)",
        Verdict.DEGRADED,
    ),
    # Project, API, role, region
    "no such project": Broken(vertex_alone(scenario("project_unknown")), ("project", "project"), "the project's id"),
    "no billing": Broken(vertex_alone(scenario("billing_disabled")), ("project", "billing"), "billing account"),
    "the API is off": Broken(
        vertex_alone(scenario("api_disabled")),
        ("api", "api_disabled"),
        "gcloud services enable aiplatform.googleapis.com --project=demo-project",
    ),
    "the role is missing": Broken(
        vertex_alone(scenario("account_denied")), ("role", "permission"), "roles/aiplatform.user"
    ),
    "the scope is missing": Broken(vertex_alone(scenario("scopes_missing")), ("role", "scopes"), "cloud-platform"),
    "the quota project is foreign": Broken(
        vertex_alone(scenario("quota_project_denied")), ("role", "quota_project"), "Service Usage"
    ),
    "Google refuses the token": Broken(
        vertex_alone(scenario("token_refused")), ("role", "unauthenticated"), "this machine's clock"
    ),
    "the API key is wrong": Broken(
        key_alone(lambda world: world.set(GOOGLE_API_KEY="sim-other")), ("role", "api_key"), "Make a new key"
    ),
    "the API key is restricted": Broken(key_alone(scenario("key_blocked")), ("role", "api_key"), "allow it"),
    "the API key has leaked": Broken(key_alone(scenario("key_leaked")), ("role", "api_key"), "Make a new key"),
    "the server stands in the wrong country": Broken(
        key_alone(scenario("location_refused")), ("region", "location"), "Use Vertex AI"
    ),
    "no quota is left": Broken(
        vertex_alone(scenario("quota_everywhere")), ("role", "quota"), "Quotas", Verdict.DEGRADED
    ),
    "Google is away": Broken(vertex_alone(scenario("nothing_works")), ("project", "unavailable"), "Try again"),
    # Candidates
    "a retired name": Broken(
        vertex_alone(lambda world: world.set(LIVE_MODELS=["gemini-2.0-flash-live-preview-04-09"])),
        ("candidate", "retired_model"),
        "gone with the 2.0 models",
        Verdict.DEGRADED,
        also=(("candidate", "no_voice"),),
    ),
    "a global model at a regional host": Broken(
        vertex_alone(lambda world: world.set(LIVE_STANDARD_MODELS=["gemini-3.7-flash"])),
        ("candidate", "global_model_at_a_regional_host"),
        "GOOGLE_CLOUD_LOCATION=global",
        Verdict.DEGRADED,
    ),
    "a name that nobody knows": Broken(
        vertex_alone(lambda world: world.set(LIVE_MODELS=["gemini-live-tomorrow"])),
        ("candidate", "model_or_location"),
        "Either gemini-live-tomorrow does not exist",
        Verdict.DEGRADED,
    ),
    "Live is not there": Broken(
        scenario("no_live_access"), ("candidate", "endpoint_not_found"), "LIVE_ENDPOINTS", Verdict.DEGRADED
    ),
    "the set-up is never answered": Broken(
        scenario("never_setup"), ("candidate", "setup_timeout"), "another model", Verdict.DEGRADED
    ),
    "a proxy answers for Google": Broken(
        scenario("not_a_socket"), ("candidate", "handshake"), "a proxy in between", Verdict.DEGRADED
    ),
    "text asked of a model that only speaks": Broken(
        vertex_alone(
            lambda world: world.families(
                FAMILIES.format(live='"gemini-live-2.5-flash-native-audio", "gone"', standard='"gemini-2.5-flash"')
                + '[[live_model]]\nname = "gemini-live-2.5-flash-native-audio"\nplatforms = ["vertex"]\n'
                + 'output_modalities = ["TEXT"]\n'
            )
        ),
        ("candidate", "text_of_an_audio_model"),
        'output_modalities = ["AUDIO"]',
        Verdict.DEGRADED,
    ),
    # The way there
    "the host name is unknown": Broken(
        both_at(lambda world: "https://no-such-host.invalid"),
        ("project", "dns"),
        "DNS",
        also=(("egress", "name_unknown"),),
    ),
    "nobody listens": Broken(
        both_at(lambda world: f"http://127.0.0.1:{closed_port()}"),
        ("project", "connect"),
        "firewall",
        also=(("egress", "refused"),),
    ),
    "a proxy that is not used": Broken(
        unused_proxy,
        ("egress", "refused"),
        "firewall",
        only=("egress",),
        verdict=Verdict.DEGRADED,
        also=(("egress", "proxy_not_used"),),
    ),
    "TLS at a plain port": Broken(
        both_at(lambda world: world.sim.base_url.replace("http:", "https:")),
        ("project", "tls"),
        "check tls",
        also=(("tls", "no_tls"),),
    ),
    "the clock is ten minutes slow": Broken(
        lambda world: setattr(world.sim, "clock_skew", 600.0),
        ("clock", "clock_wrong"),
        "timedatectl",
        Verdict.DEGRADED,
    ),
    # Stores
    "Redis is not there": Broken(
        lambda world: world.set(REDIS_URL=f"redis://:{CANARY}@127.0.0.1:{closed_port()}/0"),
        ("redis", "unreachable"),
        "REDIS_URL",
        Verdict.DEGRADED,
        only=("redis",),
    ),
    "REDIS_URL is no URL": Broken(
        lambda world: world.set(REDIS_URL=f"localhost:{CANARY}"),
        ("redis", "bad_url"),
        "redis://",
        Verdict.DEGRADED,
        only=("redis",),
    ),
}
