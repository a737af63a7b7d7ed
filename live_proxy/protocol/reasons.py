"""Close reasons fit into 123 bytes of UTF-8 (RFC 6455, 5.5), cut between characters."""

MAX_REASON = 123


def fit(reason: str) -> str:
    encoded = reason.encode("utf-8", "replace")
    if len(encoded) <= MAX_REASON:
        return encoded.decode()
    return encoded[: MAX_REASON - 3].decode("utf-8", "ignore") + "…"
