"""The settings that belong to a person."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from conversations.tests.factories import alice, charlie
from live_proxy.config import live_config
from live_proxy.models import SetupPolicy
from live_proxy.views import preferences as view
from live_proxy.voices import LANGUAGES, VOICES

pytestmark = pytest.mark.django_db
HERE = "/api/preferences/"
CHOSEN = {"voice": "Kore", "language": "de-DE", "family": "Gemini 3.8 Live 🎤", "instruction": "Answer briefly."}
NOTHING = dict.fromkeys(CHOSEN, "")


def put(client: Client, body: Any) -> Any:
    return client.put(HERE, body if isinstance(body, str) else json.dumps(body), content_type="application/json")


def chosen(client: Client) -> dict[str, str]:
    found = client.get(HERE).json()
    return {name: found[name] for name in CHOSEN}


def test_nothing_is_chosen_at_first_and_everything_can_be(client: Client) -> None:
    client.force_login(alice())
    found = client.get(HERE).json()
    assert chosen(client) == NOTHING
    assert found["voices"] == list(VOICES)
    assert len(VOICES) == len(set(VOICES)) == 30
    assert [each["code"] for each in found["languages"]] == list(LANGUAGES)
    assert CHOSEN["family"] in found["families"]
    assert (found["instruction_locked"], found["instruction_limit"]) == (False, 8000)


def test_choices_are_kept_for_the_one_who_made_them(client: Client) -> None:
    client.force_login(alice())
    assert put(client, CHOSEN).status_code == 200
    assert chosen(client) == CHOSEN
    page = json.loads(re.search(r'id="page-data" type="application/json">(.*?)</script>', client.get("/").text)[1])  # type: ignore[index]
    assert page["preferences"] == CHOSEN
    assert re.search(rf'<option value="{CHOSEN["family"]}" selected>', client.get("/").text)
    assert put(client, NOTHING).status_code == 200
    assert chosen(client) == NOTHING
    put(client, CHOSEN)
    client.force_login(charlie())
    assert chosen(client) == NOTHING


@pytest.mark.parametrize(
    "wrong",
    [
        {"voice": "kore"},
        {"voice": None},
        {"language": "xx-XX"},
        {"family": "Gemini 9"},
        {"instruction": "x" * 8001},
        {"instruction": 7},
        {"more": ""},
    ],
)
def test_what_is_no_choice_changes_nothing(client: Client, wrong: dict[str, Any]) -> None:
    client.force_login(alice())
    put(client, CHOSEN)
    answer = put(client, NOTHING | wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert chosen(client) == CHOSEN


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"x"', "[" * 100_000])
def test_what_is_no_object_is_refused(client: Client, body: str) -> None:
    client.force_login(alice())
    assert put(client, body).status_code in (400, 413)


def test_text_that_no_database_keeps_is_mended(client: Client) -> None:
    client.force_login(alice())
    assert put(client, CHOSEN | {"instruction": " a\x00b\ud800 "}).status_code == 200
    assert chosen(client)["instruction"] == "a\ufffdb\ufffd"


def test_a_policy_narrows_the_choice_and_what_was_chosen_before(client: Client) -> None:
    client.force_login(alice())
    put(client, CHOSEN)
    family = "Gemini 2.5 Flash"
    SetupPolicy.objects.create(
        user=alice(), voices=["Puck"], families=[family], instruction_mode="locked", instruction="Be kind."
    )
    found = client.get(HERE).json()
    assert (found["voices"], found["families"], found["instruction_locked"]) == (["Puck"], [family], True)
    assert chosen(client) == NOTHING | {"language": "de-DE"}
    assert put(client, NOTHING | {"voice": "Kore"}).status_code == 400
    assert put(client, NOTHING | {"instruction": "x"}).status_code == 400
    assert put(client, NOTHING | {"voice": "Puck", "family": family}).status_code == 200


def test_what_a_policy_hides_is_not_lost_by_saving_the_rest(client: Client) -> None:
    client.force_login(alice())
    put(client, CHOSEN)
    policy = SetupPolicy.objects.create(
        user=alice(), voices=["Puck"], families=["Gemini 2.5 Flash"], instruction_mode="locked", instruction="Be kind."
    )
    assert put(client, chosen(client) | {"language": "fr-FR"}).status_code == 200
    assert chosen(client) == NOTHING | {"language": "fr-FR"}
    assert put(client, chosen(client) | {"voice": "Puck", "language": ""}).status_code == 200
    policy.delete()
    assert chosen(client) == CHOSEN | {"voice": "Puck", "language": ""}
    assert put(client, NOTHING).status_code == 200
    assert chosen(client) == NOTHING


def test_a_family_that_is_not_offered_for_a_while_is_not_lost(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(alice())
    put(client, CHOSEN)
    families = tuple(family for family in live_config().families if family.label != CHOSEN["family"])
    fewer = replace(live_config(), families=families)
    with monkeypatch.context() as without:
        without.setattr(view, "live_config", lambda: fewer)
        assert chosen(client) == CHOSEN | {"family": ""}
        assert put(client, chosen(client) | {"voice": ""}).status_code == 200
    assert chosen(client) == CHOSEN | {"voice": ""}


def test_only_who_is_signed_in_and_only_from_here(client: Client) -> None:
    assert client.get(HERE).status_code == 401
    assert put(client, CHOSEN).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice())
    assert put(strict, CHOSEN).status_code == 403
    assert strict.post(HERE).status_code in (403, 405)
