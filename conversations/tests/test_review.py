"""The pages that show whole conversations and sessions, and what data must never do to any page."""

import re
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from conversations.models import Conversation, Message
from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND
from conversations.tests.pages import LISTS, Elements, body, changelist, csp, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("conversations.tests.urls")]


# --- The review pages ------------------------------------------------------------------------------------------------


def test_the_review_page_shows_the_thread_and_how_it_was_carried(as_bob, story):
    html = body(as_bob.get(page_of(story)))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for shown in (
        "Function call: get_weather",
        "12 → 3 tokens",
        "Interrupted",
        "first output 350 ms",
        "2 hours of silence",
    ):
        assert shown in text
    for shown in (
        "model_not_found",
        "code 1008",
        "no such model",
        "us-central1",
        "1006 abandoned",
        "Google SDK session",
    ):
        assert shown in text
    order = [text.index(each) for each in ("no such model", "WebSocket → to SDK streaming", "90 ms")]
    assert order == sorted(order)


def test_messages_and_attempts_lead_to_each_other(as_bob, story):
    html = body(as_bob.get(page_of(story)))
    targets = set(re.findall(r'id="([^"]+)"', html))
    jumps = set(re.findall(r'href="#([^"]+)"', html))
    assert jumps <= targets
    answer = Message.objects.get(position=2)
    assert {"message-2", f"attempt-{answer.attempt_id}"} <= jumps


def test_the_review_page_needs_the_same_queries_for_long_conversations(as_bob, django_assert_max_num_queries, story):
    session = story.sessions.order_by("started_at").first()
    attempts = [make.attempt(session, started_at=NOW + n * SECOND) for n in range(40)]
    for position in range(5, 60):
        make.message(session, position, attempt=attempts[position % 40])
        make.fallback(session, from_attempt=attempts[position % 40])
    with django_assert_max_num_queries(12):
        body(as_bob.get(page_of(story)))


def test_a_long_thread_is_read_in_pages(as_bob):
    conversation = make.conversation()
    session = make.session(conversation)
    attempt = make.attempt(session)
    rows = [make.message(session, position) for position in range(1, 5)]
    rows[3].position, rows[3].attempt = 401, attempt
    rows[3].save()
    first, third = as_bob.get(page_of(conversation)), as_bob.get(page_of(conversation), {"page": "3"})
    assert 'id="message-1"' in body(first)
    assert 'id="message-401"' not in body(first)
    assert "?page=3#message-401" in body(first)
    assert 'id="message-401"' in body(third)
    for beyond in ("99", "0", "x", "-1", "٣", "9" * 400):
        assert as_bob.get(page_of(conversation), {"page": beyond}).status_code == 200


def test_lists_lead_to_the_place_in_the_review_page(as_bob, story):
    answer = Message.objects.get(position=2)
    fallback = answer.fallbacks.get()
    for obj, anchor in ((answer, "message-2"), (answer.attempt, f"attempt-{answer.attempt_id}")):
        assert as_bob.get(page_of(obj)).url == f"{page_of(story)}#{anchor}"
    assert as_bob.get(page_of(fallback)).url == f"{page_of(story)}#fallback-{fallback.pk}"
    assert f"{page_of(story)}#message-2" in body(as_bob.get(changelist("message")))
    assert page_of(story) in body(as_bob.get(changelist("session")))


def test_a_session_without_a_conversation_has_a_page_of_its_own(as_bob, django_assert_max_num_queries):
    session = make.session(close_reason="never spoke", close_code=1000, ended_at=NOW)
    attempt = make.attempt(session, outcome="failed", http_status=403, detail="permission denied")
    with django_assert_max_num_queries(9):
        html = body(as_bob.get(page_of(session)))
    assert "HTTP 403" in html
    assert "never spoke" in html
    assert as_bob.get(page_of(attempt)).url == f"{page_of(session)}#attempt-{attempt.pk}"


@pytest.mark.parametrize("model", LISTS)
def test_unknown_rows_are_not_found(as_bob, model):
    for key in (uuid.uuid4(), "nonsense"):
        assert as_bob.get(reverse(f"admin:conversations_{model}_change", args=[key])).status_code == 404


def test_opening_a_conversation_is_logged(as_bob, story, caplog):
    with caplog.at_level("INFO", logger="conversations"):
        as_bob.get(page_of(story))
    assert f"conversation {story.pk} opened by user {make.bob().pk}" in caplog.text
    assert story.title not in caplog.text


# --- Data stays text -------------------------------------------------------------------------------------------------

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'><iframe srcdoc='<script>alert(1)</script>'>",
    "</pre></textarea></title><a href=javascript:alert(1)>x</a>",
    '" onmouseover="alert(1)" x="',
    "{{ 7|add:7 }}{% load static %}",
    "<style>*{display:none}</style><base href=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
]


def poisoned(payload: str) -> tuple[Conversation, list[str]]:
    owner = User.objects.create(username="mallory", first_name=payload[:150], last_name=payload[:150])
    conversation = make.conversation(owner, title=payload, family=payload[:100])
    session = make.session(conversation, process=payload[:100], close_reason=payload, close_code=1008, ended_at=NOW)
    attempt = make.attempt(session, model=payload, detail=payload, error_kind=payload[:40], location=payload[:40])
    part = {"functionCall": {"name": payload, "args": {payload: payload}}}
    message = make.message(session, 2, text=payload, model=payload, attempt=attempt, parts=[part, {"thought": payload}])
    make.fallback(session, from_attempt=attempt, message=message, reason=payload[:40])
    return conversation, [page_of(conversation), page_of(session), *(changelist(model) for model in LISTS)]


def harmless() -> list[str]:
    return poisoned("harmless text")[1]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_element_is_ever_made_from_data(as_root, payload):
    """Every page has the same elements and attribute names as with harmless data."""
    conversation, urls = poisoned(payload)
    pages = [Elements(body(as_root.get(url))) for url in urls]
    Conversation.objects.all().delete()
    User.objects.filter(username="mallory").delete()
    expected = [Elements(body(as_root.get(url))) for url in harmless()]
    for page, plain in zip(pages, expected, strict=True):
        assert sorted(page.tags) == sorted(plain.tags)
        assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
        assert not [value for name, value in page.attributes if name == "href" and value.startswith("javascript:")]


# --- Policies ----------------------------------------------------------------------------------------------------


def test_pages_with_transcripts_keep_the_strict_policy(as_bob, story):
    for page in (page_of(story), page_of(story.sessions.first())):
        response = as_bob.get(page)
        policy: Any = settings.SECURE_CSP
        assert csp(response) == {name: " ".join(values) for name, values in policy.items()}
        elements = Elements(body(response))
        assert "script" not in elements.tags
        assert "style" not in elements.tags
        assert not [name for name, _ in elements.attributes if name == "style" or name.startswith(("on", "x-"))]


def test_unfolds_pages_may_evaluate_and_nothing_else_is_looser(as_bob):
    policy = csp(as_bob.get(changelist("message")))
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
