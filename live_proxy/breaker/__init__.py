"""The breaker: what failed a moment ago, for anybody, is not tried again by everybody."""
