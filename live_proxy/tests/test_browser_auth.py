"""Reading the session cookie as Django's HTTP side does."""

from __future__ import annotations

import pytest

from live_proxy.browser_auth import session_key


@pytest.mark.parametrize("before", ["", "a=b; ", 'prefs={"a": 1}; ', "a[b]=1; ", "x; ", "w=a b; ", "p=\xe9; "])
def test_an_odd_cookie_of_another_program_hides_nothing(before: str) -> None:
    header = f"{before}sessionid=abc123".encode("latin-1")
    assert session_key([(b"host", b"x"), (b"cookie", header)]) == "abc123"


def test_cookies_may_come_in_several_headers_or_not_at_all() -> None:
    assert session_key([(b"cookie", b"a=b"), (b"cookie", b"sessionid=abc123")]) == "abc123"
    assert session_key([(b"cookie", b"a=b")]) == session_key([]) == ""
