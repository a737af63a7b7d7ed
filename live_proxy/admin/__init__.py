"""What staff see of the proxy itself: who may come in, and what their set-ups may ask for."""

from live_proxy.admin import api_tokens, setup_policies

__all__ = ["api_tokens", "setup_policies"]
