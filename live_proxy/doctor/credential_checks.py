"""Google's credentials: the file they come from, and a token made of them as the service makes its own."""

from __future__ import annotations

import time
from collections.abc import Sequence

from live_proxy.config import LiveConfig
from live_proxy.credentials import TokenProvider
from live_proxy.doctor.adc import KINDS, CredentialFile, credential_file
from live_proxy.doctor.context import Context
from live_proxy.doctor.findings import GOOGLE_CLOUD, HELP, Finding, Status
from live_proxy.errors import Failure

DOCS = f"{GOOGLE_CLOUD}#4-credentials"
LINK = f"{HELP}#credentials"
PROBLEMS = {
    "missing": ("does not exist", "Put the key file there, or mend GOOGLE_APPLICATION_CREDENTIALS."),
    "unreadable": ("cannot be read by this user", "Give this user the right to read it (chmod 600, chown)."),
    "not_json": ("is not JSON", "Download the key again; it must be the whole JSON file."),
    "wrong_type": ("is no credential that Google's libraries know", "Its `type` must be service_account or the like."),
    "incomplete": ("lacks its private key or its account", "Download the key again; it must be the whole JSON file."),
}
# What the token sources say → a stable word and what to do. The first that fits.
_WORDS: Sequence[tuple[str, str, str]] = (
    ("invalid jwt signature", "key_revoked", "The key was deleted or replaced. Make a new key for the account."),
    (
        "reasonable timeframe",
        "clock_wrong",
        "The signature's time is not Google's: set this machine's clock (see the check clock).",
    ),
    ("account not found", "account_deleted", "The service account no longer exists. Make another one, with a key."),
    ("account has been deleted", "account_deleted", "The service account no longer exists. Make another one."),
    ("invalid_grant", "login_expired", "The login has ended: gcloud auth application-default login."),
    ("reauthentication", "login_expired", "The login has ended: gcloud auth application-default login."),
    (
        "default credentials were not found",
        "no_credentials",
        "Set GOOGLE_APPLICATION_CREDENTIALS to a key file, attach an account to the machine, or run gcloud auth "
        "application-default login.",
    ),
    ("transporterror", "token_host_unreachable", "Open port 443 to oauth2.googleapis.com in the firewall."),
    (
        "no token within",
        "too_slow",
        "Off Google's machines set NO_GCE_CHECK=true, so that nobody waits for a metadata server that is not there.",
    ),
)


async def check_credentials(context: Context) -> list[Finding]:
    config = context.config
    if config is None:
        return [Finding("credentials", Status.SKIPPED, "Not looked at: the settings cannot be read.")]
    found: list[Finding] = []
    file = credential_file()
    if file is not None:
        context.redactor.add(*file.secrets)
    if context.vertex and context.tokens is not None:
        token = await _token(context, context.tokens, file)
        found += [*_about_the_file(file, config, needed=token.status is Status.FAILED), token]
    elif file is not None and file.named_by == "GOOGLE_APPLICATION_CREDENTIALS" and config.platforms:
        found.append(_never_used(file))
    if context.developer:
        found.append(Finding("credentials", Status.OK, "An API key is set.", facts={"source": "api_key"}))
    return found or [Finding("credentials", Status.SKIPPED, "None are configured.")]


def _never_used(file: CredentialFile) -> Finding:
    project = f" (the file says {file.project})" if file.project else ""
    return Finding(
        "credentials",
        Status.WARNING,
        "GOOGLE_APPLICATION_CREDENTIALS is set, and GOOGLE_CLOUD_PROJECT is not: Vertex AI is not used.",
        f"Set GOOGLE_CLOUD_PROJECT{project}, or unset the file.",
        "project_not_set",
        DOCS,
    )


def _about_the_file(file: CredentialFile | None, config: LiveConfig, *, needed: bool) -> list[Finding]:
    """`needed`: nothing else gave a token either, so what is wrong with the file is the cause."""
    if file is None:
        return []
    found = []
    if file.problem:
        what, advice = PROBLEMS[file.problem]
        status = Status.FAILED if needed else Status.WARNING
        found.append(Finding("credentials", status, f"{file.path} {what}.", advice, f"file_{file.problem}", LINK))
    if file.open_to_others:
        found.append(
            Finding(
                "credentials",
                Status.WARNING,
                f"{file.path} can be read by other users of this machine.",
                f"chmod 600 {file.path}",
                "file_open_to_others",
                DOCS,
            )
        )
    project = config.addresses.project
    if file.project and file.project != project:
        found.append(
            Finding(
                "credentials",
                Status.NOTE,
                f"The key belongs to the project {file.project}, and {project} is used. That works where its account "
                f"has the role in {project}.",
                cause="other_project",
            )
        )
    return found


async def _token(context: Context, tokens: TokenProvider, file: CredentialFile | None) -> Finding:
    try:
        token = context.token = await tokens.token()
    except Failure as failure:
        words = failure.reason.lower()
        for piece, cause, advice in _WORDS:
            if piece in words:
                return Finding(
                    "credentials", Status.FAILED, f"No access token: {failure.reason.rstrip('.')}.", advice, cause, LINK
                )
        advice = "Read what each source said, and see the link."
        return Finding(
            "credentials", Status.FAILED, f"No access token: {failure.reason.rstrip('.')}.", advice, "no_token", LINK
        )
    context.redactor.add(token.value)
    left = max(0, round((token.expires_at - time.monotonic()) / 60))
    account = token.account or (file.account if file else "")
    kind = KINDS.get(file.kind, "") if file and not file.problem else ""
    return Finding(
        "credentials",
        Status.OK,
        f"A token from {token.source}"
        + (f", {kind}" if kind else "")
        + (f", account {account}" if account else "")
        + f", good for {left} minutes.",
        facts={
            "source": token.source,
            "account": account,
            "kind": file.kind if file else "",
            "minutes_left": left,
            "quota_project": token.quota_project,
        },
    )
