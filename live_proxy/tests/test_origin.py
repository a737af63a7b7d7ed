"""Which pages may open a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.origin import origin_allowed
from live_proxy.tests.strategies import quickly

TRUSTED = ["https://chat.example.org", "https://*.team.example.org", "http://localhost:5173/"]


@pytest.mark.parametrize(
    ("origin", "host", "secure"),
    [
        ("http://live.example", "live.example", False),
        ("https://live.example", "live.example", False),  # TLS ends in front of the service
        ("https://live.example", "live.example", True),
        ("https://live.example", "live.example:443", True),
        ("https://live.example:443", "live.example", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[::1]:8000", "[::1]:8000", False),
        ("http://live.example", "LIVE.example", False),
        ("https://chat.example.org", "live.example", True),
        ("http://localhost:5173", "live.example", False),
        ("https://a.team.example.org", "live.example", True),
        ("https://b.a.team.example.org", "live.example", True),
    ],
)
def test_the_services_own_page_and_trusted_ones_may(origin: str, host: str, secure: bool) -> None:
    assert origin_allowed(origin, host=host, secure=secure, trusted=TRUSTED)


@pytest.mark.parametrize(
    ("origin", "host", "secure"),
    [
        (None, "live.example", False),
        ("", "live.example", False),
        ("null", "live.example", False),
        ("http://evil.example", "live.example", False),
        ("http://live.example", "live.example", True),
        ("http://live.example:81", "live.example", False),
        ("http://live.example", "live.example:8000", False),
        ("http://live.example.evil.example", "live.example", False),
        ("http://live.example@evil.example", "live.example", False),
        ("http://user@live.example", "live.example", False),
        ("http://live.example/path", "live.example", False),
        ("http://live.example?x=1", "live.example", False),
        ("ftp://live.example", "live.example", False),
        ("http://live.example:99999", "live.example", False),
        ("http://[::1", "[::1", False),
        ("http://", "", False),
        ("https://team.example.org", "live.example", True),
        ("http://a.team.example.org", "live.example", True),
        ("https://ateam.example.org", "live.example", True),
        ("https://a.team.example.org/path", "live.example", True),
        ("http://" + "a" * 300, "a" * 300, False),
    ],
)
def test_any_other_page_may_not(origin: str | None, host: str, secure: bool) -> None:
    assert not origin_allowed(origin, host=host, secure=secure, trusted=TRUSTED)


@quickly(60)
@given(origin=st.text(max_size=40) | st.text(max_size=20).map("https://".__add__), host=st.text(max_size=20))
def test_no_text_makes_it_raise(origin: str, host: str) -> None:
    assert origin_allowed(origin, host=host, secure=True, trusted=TRUSTED) in (True, False)
