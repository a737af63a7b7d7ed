from datetime import timedelta

import pytest

from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND


@pytest.fixture
def as_bob(client):
    client.force_login(make.bob())
    return client


@pytest.fixture
def as_root(client):
    client.force_login(make.root())
    return client


@pytest.fixture
def story():
    """A conversation of two sessions with a failure, a fallback, a tool call and an interrupted answer."""
    conversation = make.conversation()
    first = make.session(conversation, ended_at=NOW + 60 * SECOND, close_code=1006, close_reason="abandoned")
    failed = make.attempt(
        first, outcome="failed", error_kind="model_not_found", close_code=1008, detail="no such model", duration_ms=40
    )
    served = make.attempt(first, transport="sdk", started_at=NOW + SECOND, model="gemini-2.5-flash", duration_ms=90)
    make.message(first, 1, transport="sdk", model="")
    call = {"functionCall": {"name": "get_weather", "args": {"city": "Bergen"}}}
    answer = make.message(first, 2, transport="sdk", attempt=served, parts=[call], usage={"prompt": 12, "output": 3})
    make.fallback(first, from_attempt=failed, to_attempt=served, message=answer)
    second = make.session(conversation, client="sdk", started_at=NOW + timedelta(hours=3))
    late = {"created_at": NOW + timedelta(hours=3), "status": "interrupted", "first_output_ms": 350}
    make.message(second, 4, **late)
    return conversation
