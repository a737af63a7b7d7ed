"""What each kind of failure asks somebody to do, with the misunderstandings that are often behind it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from live_proxy.candidates import Candidate
from live_proxy.doctor.findings import GOOGLE_CLOUD, HELP
from live_proxy.errors import ErrorKind, Failure
from live_proxy.sentences import UNEXPLAINED, WHY

GLOBAL_LOCATIONS = ("global", "us", "eu")
# Names that Google has taken back, with the date where it is known (state of 2026-11).
RETIRED: Mapping[str, str] = {
    "gemini-live-2.5-flash-preview": "It was shut down on 2025-12-09.",
    "gemini-2.0-flash-live-001": "It was shut down on 2025-12-09.",
    "gemini-2.0-flash-live-preview-04-09": "It was a preview of 2025 and is gone with the 2.0 models.",
    "gemini-2.0-flash-exp": "It is gone.",
    "gemini-live-2.5-flash-preview-native-audio": "It was replaced by gemini-live-2.5-flash-native-audio.",
    "gemini-live-2.5-flash-preview-native-audio-09-2025": "It was replaced by gemini-live-2.5-flash-native-audio.",
    "gemini-2.5-flash-live": "No document of Google's has ever named it.",
}
AUDIO_ONLY = re.compile(r"native-audio|gemini-3[\w.]*(?:-flash)?-live")
NEWER_THAN_2 = re.compile(r"gemini-(?:[3-9]|\d\d)[.\d]*-(?!live)")

WHAT_TO_DO: Mapping[ErrorKind, str] = {
    ErrorKind.MODEL_NOT_FOUND: "Name a model that exists today in LIVE_MODELS or LIVE_STANDARD_MODELS.",
    ErrorKind.ENDPOINT_NOT_FOUND: (
        "Something answers at the address, and not the Live API. Look at GOOGLE_VERTEX_BASE_URL, "
        "GOOGLE_GEMINI_BASE_URL and LIVE_ENDPOINTS."
    ),
    ErrorKind.MODALITY: (
        "The model refuses the kind of answer asked for: native-audio and 3.x Live models speak and never write. Set "
        'output_modalities = ["AUDIO"] for it in the families file; text then comes from its transcription.'
    ),
    ErrorKind.CONFIGURATION: "The model wants other settings: look at its entry in the families file.",
    ErrorKind.INVALID_ARGUMENT: "Google calls the set-up invalid for this model. Send home what --record writes.",
    ErrorKind.PRECONDITION: "The project or model is not ready for this: try another model or location.",
    ErrorKind.QUOTA: "Raise the quota in the Cloud console (IAM & Admin > Quotas), or wait until it is free again.",
    ErrorKind.UNAUTHENTICATED: (
        "Google refused the access token, and a renewed one. Look at the credentials above: is it the account you "
        "mean, and is this machine's clock right?"
    ),
    ErrorKind.API_KEY: "Make a new key (AI Studio > Get API key), allow it the Generative Language API, and set it.",
    ErrorKind.CREDENTIALS: "Give the service credentials: a key file, an attached account, or gcloud's.",
    ErrorKind.PERMISSION: "Give the account the role Vertex AI User (roles/aiplatform.user) in the project.",
    ErrorKind.PROJECT: "Set GOOGLE_CLOUD_PROJECT to the project's id (not its name or number), and check it exists.",
    ErrorKind.API_DISABLED: "Enable it: gcloud services enable aiplatform.googleapis.com --project=PROJECT",
    ErrorKind.BILLING: "Link a billing account to the project in the Cloud console.",
    ErrorKind.LOCATION: (
        "The Developer API is not offered where this server stands. Use Vertex AI, or a server in a supported country."
    ),
    ErrorKind.INTERNAL: "A fault at Google's side. Try again; if it stays, name another model first.",
    ErrorKind.UNAVAILABLE: "Google is not available just now. Try again in a few minutes.",
    ErrorKind.DEADLINE: "Google took too long. Try again; if it stays, try another model or location.",
    ErrorKind.DNS: "The host name does not resolve: look at this machine's DNS and at the base URL settings.",
    ErrorKind.TLS: "The certificate was not accepted: see the check tls below.",
    ErrorKind.CONNECT: "The host refuses connections: open port 443 to it in the firewall.",
    ErrorKind.CONNECT_TIMEOUT: "Nothing comes back from the host: open port 443 to it in the firewall.",
    ErrorKind.SETUP_TIMEOUT: "The socket opens and the session is never set up. Try again, or another model.",
    ErrorKind.HANDSHAKE: "What answers speaks no WebSocket: a proxy in between, or a wrong base URL.",
    ErrorKind.NETWORK: "The connection breaks. Look at what is between this machine and Google.",
    ErrorKind.BAD_MESSAGE: "What answers is not the Live API: look at the base URL settings.",
    ErrorKind.TOO_BIG: "Google sent more than the service takes. Send home what --record writes.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """`cause` is a stable word, `says` what is so, `advice` what to do, `help` where to read on."""

    cause: str
    says: str
    advice: str
    help: str


def explain(failure: Failure, candidate: Candidate | None = None, project: str = "") -> Explained:
    """A failure in words. `candidate` is what was asked, where it was one."""
    kind = failure.kind
    why = WHY.get(kind, UNEXPLAINED)
    cause, advice = str(kind), WHAT_TO_DO.get(kind, "Read on under the link.")
    if project:
        advice = advice.replace("PROJECT", project)
    better = _misunderstanding(failure, candidate) if candidate is not None else None
    if better is None and kind is ErrorKind.PERMISSION:
        better = _kind_of_permission(failure.reason)
    if better is not None:
        cause, advice = better
    link = f"{GOOGLE_CLOUD}#common-misunderstandings" if cause != str(kind) and candidate else f"{HELP}#{kind}"
    return Explained(cause, f"{why[0].upper()}{why[1:]} ({failure.describe()}).", advice, link)


def _misunderstanding(failure: Failure, candidate: Candidate) -> tuple[str, str] | None:
    """A published belief that is wrong, where it explains this failure."""
    name, kind = candidate.model.name, failure.kind
    if candidate.endpoint == "publisher":
        return "stream_generate_content_is_no_socket", (
            "A WebSocket to …:streamGenerateContent is always refused with 404: that address is an HTTPS POST method. "
            "The Live API's method is BidiGenerateContent. Take `publisher` out of LIVE_ENDPOINTS."
        )
    if kind is ErrorKind.MODALITY and AUDIO_ONLY.search(name):
        return "text_of_an_audio_model", (
            f"{name} answers with sound only: TEXT is refused. Give its entry in the families file "
            'output_modalities = ["AUDIO"]; the service then makes text of its transcription.'
        )
    if kind is not ErrorKind.MODEL_NOT_FOUND:
        return None
    if name in RETIRED:
        return "retired_model", (
            f"{RETIRED[name]} Take {name} out of LIVE_MODELS (or of the families file) and name one that exists: "
            f"{GOOGLE_CLOUD} has the list."
        )
    if candidate.platform == "vertex" and candidate.location not in GLOBAL_LOCATIONS and NEWER_THAN_2.match(name):
        return "global_model_at_a_regional_host", (
            f"{name} is served at the locations global, us and eu, and not at {candidate.location}: set "
            'GOOGLE_CLOUD_LOCATION=global, or locations = ["global"] for it in the families file.'
        )
    if candidate.platform == "vertex":
        return "model_or_location", (
            f"Either {name} does not exist, or not at {candidate.location}, or this project was not admitted to it. "
            "Try another name, GOOGLE_CLOUD_LOCATION=us-central1 or =global."
        )
    return None


def _kind_of_permission(reason: str) -> tuple[str, str] | None:
    words = reason.lower()
    if "insufficient authentication scopes" in words:
        return "scopes", (
            "The token was made without the scope cloud-platform: give the virtual machine or the gcloud login that "
            "scope (gcloud auth application-default login)."
        )
    if "quota project" in words or "permission to use project" in words:
        return "quota_project", (
            "The account may not bill the quota project that stands in the credentials: give it the role Service Usage "
            "Consumer there, or set another one with gcloud auth application-default set-quota-project."
        )
    return None
