"""PLACEHOLDER: replace the whole file."""

from live_proxy.edge.policy import Policy


def policy_of(user_id: int) -> Policy:
    return Policy()
