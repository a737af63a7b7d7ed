"""The chat page as the server gives it out."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation
from live_proxy.config import live_config
from live_proxy.errors import ErrorKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def alice(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="alice")


@pytest.fixture
def charlie(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="charlie")


def conversation(owner: Any, title: str = "Cats", family: str = "") -> Conversation:
    now = timezone.now()
    return Conversation.objects.create(owner=owner, title=title, family=family, created_at=now, updated_at=now)


def data_of(text: str) -> Any:
    found = re.search(r'<script id="page-data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_signing_in_comes_first(client: Client) -> None:
    unknown = uuid.uuid4()
    assert client.get("/")["Location"] == "/accounts/login/?next=/"
    assert client.get(f"/c/{unknown}/")["Location"] == f"/accounts/login/?next=/c/{unknown}/"


def test_the_page_offers_every_family(client: Client, alice: Any) -> None:
    client.force_login(alice)
    response = client.get("/")
    assert response.status_code == 200
    picker = response.text.partition('<select id="model"')[2].partition("</select>")[0]
    options = re.findall(r'<option value="([^"]*)"( selected)?>', picker)
    assert [label for label, _ in options] == [family.label for family in live_config().families]
    assert [bool(chosen) for _, chosen in options] == [True, *[False] * (len(options) - 1)]
    assert "no-store" in response["Cache-Control"]


def test_somebody_elses_is_as_unknown_as_any(client: Client, alice: Any, charlie: Any) -> None:
    hers = conversation(alice)
    client.force_login(charlie)
    foreign = client.get(f"/c/{hers.pk}/")
    unknown = client.get(f"/c/{uuid.uuid4()}/")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    assert client.get("/c/not-a-uuid/").status_code == 404
    client.force_login(alice)
    assert client.get(f"/c/{hers.pk}/").status_code == 200


def test_an_open_conversation_names_itself_and_keeps_its_family(client: Client, alice: Any) -> None:
    last = live_config().families[-1].label
    client.force_login(alice)
    text = client.get(f"/c/{conversation(alice, '<b>Cats</b>', last).pk}/").text
    assert '<h1 id="title" dir="auto">&lt;b&gt;Cats&lt;/b&gt;</h1>' in text
    assert re.findall(r'<option value="([^"]*)" selected>', text) == [last]
    assert re.search(r'<section id="empty" class="empty" hidden>', text)
    gone = client.get(f"/c/{conversation(alice, family='A family of last year').pk}/").text
    assert re.findall(r'<option value="([^"]*)" selected>', gone) == [live_config().families[0].label]


def test_the_list_comes_with_the_page(client: Client, alice: Any, charlie: Any) -> None:
    for number in range(51):
        conversation(alice, f"Talk {number}")
    conversation(charlie, "</script><script>alert(1)</script>")
    client.force_login(alice)
    listed = data_of(client.get("/").text)["conversations"]
    assert [row["title"] for row in listed["conversations"]] == [f"Talk {number}" for number in range(50, 0, -1)]
    assert listed["next"] == listed["conversations"][-1]["updated_at"]
    client.force_login(charlie)
    assert len(data_of(client.get("/").text)["conversations"]["conversations"]) == 1


def test_the_number_of_queries_does_not_grow(client: Client, alice: Any, django_assert_num_queries: Any) -> None:
    opened = [conversation(alice) for _ in range(30)][0]
    client.force_login(alice)
    with django_assert_num_queries(7):  # session, user, this conversation, policy, preferences, the list, the pinned
        client.get(f"/c/{opened.pk}/")


def test_nothing_is_inline(client: Client, alice: Any) -> None:
    client.force_login(alice)
    response = client.get("/")
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    for script in re.findall(r"<script[^>]*>", response.text):
        assert "src=" in script or 'type="application/json"' in script
    assert not re.search(r"<style|\sstyle=|\son\w+=", response.text)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_for_reading(client: Client, alice: Any, method: str) -> None:
    client.force_login(alice)
    assert getattr(client, method)("/").status_code == 405


def test_the_simulator_is_admitted(client: Client, alice: Any, settings: Any) -> None:
    client.force_login(alice)
    settings.GOOGLE_VERTEX_BASE_URL = ""
    assert "built-in simulator" not in client.get("/").text
    settings.GOOGLE_VERTEX_BASE_URL = "http://127.0.0.1:9000"
    assert "built-in simulator" in client.get("/").text


def test_a_message_typed_before_the_modules_are_there_goes_nowhere(client: Client, alice: Any) -> None:
    """A browser would otherwise submit the form itself and put the message into an address."""
    client.force_login(alice)
    text = client.get("/").text
    assert re.search(r'<form id="composer" [^>]*method="dialog"', text)
    assert re.search(r'<button type="submit" id="send" [^>]*disabled', text)


def test_every_module_is_preloaded(client: Client, alice: Any) -> None:
    client.force_login(alice)
    folder = Path(django_settings.BASE_DIR) / "live_proxy/static/live_proxy"
    modules = {path.relative_to(folder).as_posix() for path in folder.rglob("*.js")}
    found = re.findall(r'<link rel="modulepreload" href="/static/live_proxy/([^"]+)">', client.get("/").text)
    in_a_demo_only = {"frame/scenario.js"}
    when_needed = {name for name in modules if name.startswith("vendor/highlight/") or name.endswith("_worklet.js")}
    assert sorted(found) == sorted(modules - {"boot.js", "main.js", "tokens.js"} - in_a_demo_only - when_needed)


def test_modules_are_small_and_checked() -> None:
    folder = Path(django_settings.BASE_DIR) / "live_proxy/static/live_proxy"
    ours = [path for path in folder.rglob("*.js") if "vendor" not in path.parts]
    modules = [path for path in ours if path.name != "boot.js"]
    assert len(modules) > 15
    for path in modules:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "// @ts-check", path.name
        assert len(lines) <= 150, path.name


def test_the_page_has_words_for_every_kind_of_failure() -> None:
    text = (Path(django_settings.BASE_DIR) / "live_proxy/static/live_proxy/language/reasons.js").read_text(
        encoding="utf-8"
    )
    assert set(re.findall(r"^  (\w+): gettext\(\"", text, re.M)) == {str(kind) for kind in ErrorKind}


def test_vendored_files_are_those_of_the_lock_file() -> None:
    root = Path(django_settings.BASE_DIR)
    locked = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in package for package in locked.values())
    assert all("integrity" in package for name, package in locked.items() if name)
    vendored = root / "live_proxy/static/live_proxy/vendor"
    files = {"marked": "marked.js", "dompurify": "purify.js", "@highlightjs/cdn-assets": "highlight/core.js"}
    for package, file in files.items():
        version = locked[f"node_modules/{package}"]["version"]
        opening = (vendored / file).read_text(encoding="utf-8")[:400]
        assert version in opening, f"{file} is not {package} {version}: run npm ci && npm run vendor"


def test_a_service_without_google_says_so_before_anybody_asks(client: Client, alice: Any, settings: Any) -> None:
    client.force_login(alice)
    settings.GOOGLE_CLOUD_PROJECT = ""
    settings.GEMINI_API_KEY = ""
    assert "Please tell whoever runs it." in client.get("/").text
    alice.is_staff = True
    alice.save()
    assert 'href="/help/google-cloud/"' in client.get("/").text
    settings.GOOGLE_CLOUD_PROJECT = "demo-project"
    assert "Gemini is not connected yet" not in client.get("/").text
