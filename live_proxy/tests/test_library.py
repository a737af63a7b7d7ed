"""Finding, renaming, pinning, deleting: on whatever database the tests run on."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.services import (
    UNDO_WITHIN,
    TooManyPins,
    conversation_change,
    conversation_claim,
    records_apply,
)
from conversations.tests.factories import NOW, SECOND, Visit, alice, bob, charlie, conversation, message, session

pytestmark = pytest.mark.django_db
LIST = "/api/conversations/"


def at(one: Conversation | uuid.UUID, what: str = "") -> str:
    return f"{LIST}{getattr(one, 'pk', one)}/{what}"


def change(client: Client, one: Any, body: Any) -> Any:
    return client.patch(at(one), body if isinstance(body, str) else json.dumps(body), content_type="application/json")


def listed(client: Client) -> tuple[list[str], list[str]]:
    """Titles: the pinned ones, the others."""
    page = client.get(LIST).json()
    return [row["title"] for row in page["pinned"]], [row["title"] for row in page["conversations"]]


def found(client: Client, query: str, **more: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{LIST}search/", {"q": query, **more})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


@pytest.fixture
def hers(client: Client) -> Conversation:
    client.force_login(alice())
    return conversation(title="Weather in Bergen")


# --- renaming and pinning -----------------------------------------------------------------------------------------


def test_a_new_title_is_kept_and_changes_no_place(client: Client, hers: Conversation) -> None:
    conversation(title="later", updated_at=NOW + 60 * SECOND)
    answer = change(client, hers, {"title": "  Rain \x00 and 🌧 "})
    assert answer.json()["title"] == "Rain \ufffd and 🌧"
    assert listed(client) == ([], ["later", "Rain \ufffd and 🌧"])


def test_pinned_ones_stand_apart(client: Client, hers: Conversation) -> None:
    conversation(title="later", updated_at=NOW + 60 * SECOND)
    assert change(client, hers, {"pinned": True}).json()["pinned"] is True
    assert listed(client) == (["Weather in Bergen"], ["later"])
    assert change(client, hers, {"pinned": True, "title": "Both"}).status_code == 200
    assert listed(client) == (["Both"], ["later"])
    change(client, hers, {"pinned": False})
    assert listed(client) == ([], ["later", "Both"])


def test_what_comes_back_is_not_pinned_where_that_would_be_too_many(client: Client, hers: Conversation) -> None:
    for _ in range(99):
        conversation(pinned_at=NOW)
    change(client, hers, {"pinned": True})
    client.delete(at(hers))
    other = conversation(title="another")
    assert change(client, other, {"pinned": True}).status_code == 200
    assert client.post(at(hers, "restore/")).json()["pinned"] is False
    pinned, others = listed(client)
    assert (len(pinned), others) == (100, ["Weather in Bergen"])
    client.delete(at(other))
    assert client.post(at(other, "restore/")).json()["pinned"] is True


@pytest.mark.django_db(transaction=True)
def test_pins_have_an_end_for_many_at_once_too() -> None:
    for _ in range(97):
        conversation(pinned_at=NOW)
    chosen = [conversation() for _ in range(8)]
    user_id = alice().pk

    def pin(one: Conversation) -> bool:
        try:
            return conversation_change(conversation_id=one.pk, user_id=user_id, now=NOW, pinned=True)
        except TooManyPins:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(len(chosen)) as pool:
        assert sum(pool.map(pin, chosen)) == 3


def test_pins_have_an_end(client: Client, hers: Conversation) -> None:
    for _ in range(100):
        conversation(pinned_at=NOW)
    answer = change(client, hers, {"pinned": True})
    assert answer.status_code == 409
    assert "Unpin" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [{}, {"title": ""}, {"title": "  "}, {"title": "x" * 201}, {"title": 1}, {"title": None}, {"pinned": 1}]
    + [{"pinned": "true"}, {"owner": 1}, {"title": "x", "family": "y"}, [], "", "{", "[" * 9000, '"x"'],
)
def test_bad_changes_change_nothing(client: Client, hers: Conversation, body: Any) -> None:
    answer = change(client, hers, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert listed(client) == ([], ["Weather in Bergen"])


# --- deleting -----------------------------------------------------------------------------------------------------


def test_a_deleted_one_is_nowhere_and_comes_back(client: Client, hers: Conversation) -> None:
    message(session(hers), 1, text="umbrella")
    assert client.delete(at(hers)).status_code == 204
    assert listed(client) == ([], [])
    assert found(client, "umbrella") == found(client, "weather") == []
    for address in (at(hers, "messages/"), at(hers, "export/"), f"/c/{hers.pk}/"):
        assert client.get(address).status_code == 404
    assert client.delete(at(hers)).status_code == change(client, hers, {"pinned": True}).status_code == 404
    back = client.post(at(hers, "restore/"))
    assert back.json()["title"] == "Weather in Bergen"
    assert listed(client) == ([], ["Weather in Bergen"])
    assert client.post(at(hers, "restore/")).status_code == 404
    assert [result["position"] for result in found(client, "umbrella")] == [1]


def test_who_serves_a_deleted_one_loses_it(client: Client) -> None:
    visit = Visit(alice())
    records_apply(records=visit.whole())
    client.force_login(alice())
    client.delete(at(visit.conversation_id))
    assert records_apply(records=[visit.said(3)]).refused
    again = {"user_id": alice().pk, "session_id": uuid.uuid4(), "now": NOW, "lease_until": NOW + 30 * SECOND}
    assert conversation_claim(conversation_id=visit.conversation_id, **again) is None  # type: ignore[arg-type]
    assert records_apply(records=[visit.began(session_id=visit.session_id)]).refused == set()
    assert Conversation.objects.get().deleted_at is not None


def test_an_answer_under_way_is_closed_when_its_conversation_is_deleted(client: Client) -> None:
    visit, other = Visit(alice()), Visit(charlie())
    records_apply(records=[*visit.whole(), visit.said(4, "pending", text="It is"), visit.said(6, "pending", text="")])
    records_apply(records=[*other.whole(), other.said(4, "pending")])
    client.force_login(alice())
    client.delete(at(visit.conversation_id))
    client.post(at(visit.conversation_id, "restore/"))
    found = client.get(at(visit.conversation_id, "messages/")).json()["messages"]
    assert [row["status"] for row in found] == ["complete", "complete", "interrupted", "failed"]
    assert Message.objects.get(pk=other.message_id(4)).status == "pending"


def test_a_deletion_cannot_be_undone_for_ever(client: Client, hers: Conversation) -> None:
    """Whether or not somebody has erased it yet."""
    for ago, status in [(timedelta(seconds=5), 404), (timedelta(seconds=-60), 200)]:
        Conversation.objects.update(deleted_at=timezone.now() - UNDO_WITHIN - ago)
        assert client.post(at(hers, "restore/")).status_code == status


def test_everything_is_deleted_by_who_says_their_own_name(client: Client, hers: Conversation) -> None:
    conversation(title="more")
    his = conversation(charlie(), title="his")
    for body in ({}, {"confirm": "charlie"}, {"confirm": None}, {"confirm": ""}):
        assert client.delete(LIST, json.dumps(body), content_type="application/json").status_code == 400
    answer = client.delete(LIST, json.dumps({"confirm": "alice"}), content_type="application/json")
    assert answer.json() == {"deleted": 2}
    assert listed(client) == ([], [])
    his.refresh_from_db()
    assert his.deleted_at is None


# --- other people -------------------------------------------------------------------------------------------------


def test_nobody_touches_what_is_not_theirs(client: Client, hers: Conversation) -> None:
    message(session(hers), 1, text="umbrella")
    client.delete(at(hers))
    for who in (charlie(), bob()):
        client.force_login(who)
        assert client.post(at(hers, "restore/")).status_code == 404
    Conversation.objects.update(deleted_at=None)
    for who in (charlie(), bob()):
        client.force_login(who)
        unknown = change(client, uuid.uuid4(), {"title": "x"})
        for answer in (change(client, hers, {"title": "x"}), client.delete(at(hers))):
            assert (answer.status_code, answer.json()) == (404, unknown.json())
        assert found(client, "umbrella") == []
        assert listed(client) == ([], [])
    client.logout()
    for answer in (change(client, hers, {}), client.delete(at(hers)), client.get(f"{LIST}search/", {"q": "a"})):
        assert answer.status_code == 401


def test_other_sites_can_change_nothing(hers: Conversation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice())
    answers = [change(client, hers, {"title": "x"}), client.delete(at(hers)), client.post(at(hers, "restore/"))]
    assert {answer.status_code for answer in [*answers, client.delete(LIST)]} == {403}


# --- searching ----------------------------------------------------------------------------------------------------


def marked(result: dict[str, Any]) -> str:
    return "".join(f"[{piece['text']}]" if piece["match"] else piece["text"] for piece in result["snippet"])


def test_words_are_found_in_messages_and_titles(client: Client, hers: Conversation) -> None:
    talk = session(hers)
    message(talk, 1, text="Shall I take an umbrella to Bergen?")
    answer = message(talk, 2, text="Yes. In Bergen an Umbrella helps, and rubber boots too.")
    (result,) = found(client, "UMBRELLA bergen")
    assert result["conversation"]["id"] == str(hers.pk)
    assert (result["message"], result["position"]) == (str(answer.pk), 2)
    assert marked(result) == "Yes. In [Bergen] an [Umbrella] helps, and rubber boots too."
    (by_title,) = found(client, "weather")
    assert (by_title["message"], marked(by_title)) == (None, "[Weather] in Bergen")


def test_all_words_must_occur_and_the_last_may_be_begun(client: Client, hers: Conversation) -> None:
    message(session(hers), 1, text="Rubber boots")
    assert found(client, "rubber bo")
    assert found(client, "rub boots") == []
    assert found(client, "rubber sandals") == []


def test_the_newest_come_first_and_no_conversation_twice(client: Client, hers: Conversation) -> None:
    for nth in range(5):
        talk = session(conversation(title=f"Talk {nth}"))
        for position in (1, 2, 3):
            message(talk, position, text="umbrella", created_at=NOW + (nth * 10 + position) * SECOND)
    titles = [result["conversation"]["title"] for result in found(client, "umbrella")]
    assert titles == [f"Talk {nth}" for nth in (4, 3, 2, 1, 0)]
    assert len(found(client, "umbrella", limit=2)) == 2


def test_changed_words_are_found_and_old_ones_are_not(client: Client, hers: Conversation) -> None:
    row = message(session(hers), 2, text="umb", status="pending")
    assert found(client, "umb") == []
    Message.objects.filter(pk=row.pk).update(text="umbrella", status="complete")
    assert found(client, "umbrella")
    Message.objects.filter(pk=row.pk).update(text="parasol")
    assert found(client, "umbrella") == []
    change(client, hers, {"title": "Sun in Rome"})
    assert found(client, "bergen") == []
    assert found(client, "rome parasol") == []  # one in the title, one in a message
    assert found(client, "rome")
    Message.objects.filter(pk=row.pk).update(replaced_at=NOW)
    assert found(client, "parasol") == []
    Message.objects.all().delete()
    assert found(client, "parasol") == []


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', "'", "*", "a AND", "NOT x", "(", "-x", "x:y", "^", "🌧", "a\x00b", "' OR 1=1 --", "{}", "NEAR(a b)"]
    + ["\\", "&", "|", "!", "<->", ":*", "%", "_", "ß", "日本", "\ud800", "a " * 100],
)
def test_no_query_is_syntax(client: Client, hers: Conversation, query: str) -> None:
    message(session(hers), 1, text="nothing of that kind")
    answer = client.get(f"{LIST}search/", {"q": query.encode("utf-8", "replace").decode()})
    assert answer.status_code == 200
    assert answer.json() == {"results": []}


def test_a_query_has_an_end(client: Client, hers: Conversation) -> None:
    assert client.get(f"{LIST}search/", {"q": "x" * 201}).status_code == 400
    assert client.get(f"{LIST}search/", {"q": "x", "limit": "51"}).status_code == 400


def test_very_long_messages_are_kept_and_found_by_their_beginning(client: Client, hers: Conversation) -> None:
    words = " ".join(f"word{nth}" for nth in range(150_000))
    message(session(hers), 1, text=f"umbrella {words}")
    (result,) = found(client, "umbrella word1")
    assert len(marked(result)) < 220


def test_markup_stays_text(client: Client, hers: Conversation) -> None:
    message(session(hers), 1, text="<img src=x onerror=alert(1)> umbrella")
    (result,) = found(client, "umbrella")
    assert [piece["text"] for piece in result["snippet"]] == ["<img src=x onerror=alert(1)> ", "umbrella"]
