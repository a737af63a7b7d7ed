"""Lists, people, permissions and the first page of the admin."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.tests import factories as make
from conversations.tests.factories import NOW
from conversations.tests.pages import LISTS, body, changelist, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("conversations.tests.urls")]


def fill(count: int = 50) -> None:
    for number in range(count):
        conversation = make.conversation(make.alice(), title=f"Title {number}")
        session = make.session(conversation)
        attempt = make.attempt(session)
        message = make.message(session, 2, attempt=attempt, usage={"total": number})
        make.fallback(session, from_attempt=attempt, message=message)


# --- Lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", LISTS)
def test_a_list_needs_few_queries_for_fifty_rows(as_root, django_assert_max_num_queries, model):
    fill()
    with django_assert_max_num_queries(8):
        html = body(as_root.get(changelist(model)))
    assert html.count('class="review-link"') >= 50


def test_the_message_list_shows_who_said_what_and_what_carried_it(as_bob):
    session = make.session(make.conversation())
    fields = {"status": "interrupted", "first_output_ms": 1234, "usage": {"total": 5678}, "text": "word " * 40}
    make.message(session, 2, transport="rest", model="gemini-x", **fields)
    html = body(as_bob.get(changelist("message")))
    for shown in ("alice", "REST", "gemini-x", "Interrupted", "1,234 ms", "5,678", "2026-11-22 12:00:02"):
        assert shown in html
    assert "word " * 17 not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("transport__exact=rest", {2}),
        ("status__exact=failed", {3}),
        ("role__exact=user", {1, 3}),
        ("modality__exact=audio", {4}),
        ("model__icontains=special", {4}),
        ("user=ALI", {1, 2, 3, 4}),
        ("user=nobody", set()),
        ("created_at_from=2026-11-22&created_at_to=2026-11-22", {1, 2, 3}),
        ("created_at_from=2026-11-23", {4}),
        ("created_at_from=nonsense", {1, 2, 3, 4}),
        ("q=needle", {2}),
        ("q=needle+alice", {2}),
        ("q=needle+charlie", set()),
        ("q=%00", {1, 2, 3, 4}),
    ],
)
def test_messages_are_filtered(as_bob, query, expected):
    session = make.session(make.conversation())
    make.charlie()
    make.message(session, 1)
    make.message(session, 2, transport="rest", text="a needle in the text")
    make.message(session, 3, status="failed")
    make.message(session, 4, modality="audio", model="special-model", created_at=NOW + timedelta(days=1))
    response = as_bob.get(f"{changelist('message')}?{query}")
    assert {message.position for message in response.context["cl"].result_list} == expected


def test_messages_are_found_by_the_beginning_of_an_id(as_bob):
    session = make.session(make.conversation())
    message = make.message(session, 1)
    make.message(make.session(make.conversation()), 1)
    for wanted in (message.pk, message.conversation_id, message.session_id):
        for term in (str(wanted), str(wanted)[:12], wanted.hex.upper()):
            response = as_bob.get(changelist("message"), {"q": term})
            assert [found.pk for found in response.context["cl"].result_list] == [message.pk]


@pytest.mark.parametrize(
    ("model", "query", "count"),
    [
        ("conversation", "used=sdk", 1),
        ("conversation", "used=rest", 0),
        ("conversation", "fallback=yes", 1),
        ("conversation", "fallback=no", 0),
        ("conversation", "family=flash", 1),
        ("conversation", "user=alice", 1),
        ("session", "state=abandoned", 1),
        ("session", "state=open", 1),
        ("session", "state=ended", 0),
        ("session", "code=1006", 1),
        ("session", "code=x", 2),
        ("session", "client__exact=sdk", 1),
        ("transportattempt", "outcome__exact=failed", 1),
        ("transportattempt", "error_kind__icontains=not_found", 1),
        ("transportattempt", "transport__exact=sdk", 1),
        ("transportattempt", "started_at_to=2026-11-21", 0),
        ("transportattempt", "q=such", 1),
        ("fallbackevent", "reason__icontains=model", 1),
        ("fallbackevent", "to_transport__exact=rest", 0),
    ],
)
def test_the_other_lists_are_filtered(as_bob, story, model, query, count):
    response = as_bob.get(f"{changelist(model)}?{query}")
    assert len(response.context["cl"].result_list) == count


def test_a_large_table_is_not_counted_to_its_end(as_bob, monkeypatch):
    monkeypatch.setattr("conversations.admin.base.COUNTED_ROWS", 60)
    session = make.session(make.conversation())
    for position in range(1, 71):
        make.message(session, position)
    response = as_bob.get(changelist("message"))
    assert response.context["cl"].result_count == 60
    assert [each.position for each in as_bob.get(changelist("message"), {"p": 2}).context["cl"].result_list][-1] == 11


def test_the_lists_are_empty_at_first(as_bob):
    for model in LISTS:
        body(as_bob.get(changelist(model)))


# --- Policies, people and permissions --------------------------------------------------------------------------------


def test_signing_in_happens_on_the_sites_own_page(client):
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0] == f"{reverse('login')}?next={reverse('admin:index')}"
    response = client.post(reverse("admin:login"), {"username": "root", "password": "guess"})
    assert urlsplit(response.url).path == reverse("login")


def test_somebody_without_access_is_told_so_and_not_sent_in_circles(client):
    client.force_login(make.charlie())
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_staff_who_are_signed_in_skip_the_login(as_bob):
    assert as_bob.get(reverse("admin:login")).url == reverse("admin:index")


def test_signing_out_ends_on_the_login_page(as_bob):
    assert as_bob.post(reverse("admin:logout")).url == reverse("login")
    assert as_bob.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("allowed", [None, *LISTS])
def test_staff_see_only_what_they_may_view(client, story, allowed):
    client.force_login(make.bob("logentry" if allowed is None else allowed))
    for model in LISTS:
        expected = 200 if model == allowed else 403
        assert client.get(changelist(model)).status_code == expected
        row = story if model == "conversation" else story.sessions.first()
        if model in ("conversation", "session"):
            assert client.get(page_of(row)).status_code == expected
    index = body(client.get(reverse("admin:index")))
    assert ("You have no permission" in index) == (allowed in (None, "conversation"))
    for model in LISTS:
        assert (f'href="{changelist(model)}"' in index) == (model == allowed)


def test_a_reviewer_without_messages_sees_no_transcript(client, story):
    client.force_login(make.bob("conversation"))
    html = body(client.get(page_of(story)))
    assert "You have no permission to read messages" in html
    assert "Message 2" not in html
    assert "no such model" not in html


def test_anonymous_people_see_nothing(client, story):
    for url in (page_of(story), changelist("message"), reverse("admin:index")):
        assert client.get(url).status_code == 302


@pytest.mark.parametrize("model", LISTS)
def test_the_record_cannot_be_changed(as_root, story, model):
    assert as_root.get(reverse(f"admin:conversations_{model}_add")).status_code == 403
    row = {"conversation": story, "session": story.sessions.first()}.get(model)
    if row is not None:
        assert as_root.post(page_of(row), {"title": "changed"}).status_code == 403
    assert as_root.post(changelist(model), {"action": "delete_selected", "_selected_action": "1"}).status_code in (
        200,
        302,
    )
    assert Conversation.objects.get().title == story.title


@pytest.mark.parametrize("model", [model for model in LISTS if model != "conversation"])
def test_parts_of_the_record_cannot_be_deleted(as_root, story, model):
    row = {
        "session": story.sessions.first(),
        "message": story.messages.first(),
        "transportattempt": story.messages.get(position=2).attempt,
        "fallbackevent": story.messages.get(position=2).fallbacks.get(),
    }[model]
    assert as_root.post(reverse(f"admin:conversations_{model}_delete", args=[row.pk])).status_code == 403


def test_a_superuser_erases_a_conversation_without_leaving_its_title(as_root, story):
    url = reverse("admin:conversations_conversation_delete", args=[story.pk])
    assert url in body(as_root.get(page_of(story)))
    assert "3 messages and 2 sessions" in body(as_root.get(url))
    as_root.post(url, {"post": "yes"})
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert [entry.object_repr for entry in LogEntry.objects.all()] == [f"Conversation {story.pk}"]


def test_a_reviewer_cannot_erase_a_conversation(as_bob, story):
    url = reverse("admin:conversations_conversation_delete", args=[story.pk])
    assert url not in body(as_bob.get(page_of(story)))
    assert as_bob.post(url, {"post": "yes"}).status_code == 403


def test_a_superuser_adds_changes_and_erases_users(as_root, story):
    password = "a-long-passphrase-42"
    fields = {"username": "dora", "password1": password, "password2": password, "usable_password": "true"}
    assert as_root.post(reverse("admin:auth_user_add"), fields).status_code == 302
    dora = User.objects.get(username="dora")
    assert dora.check_password(password)
    body(as_root.get(reverse("admin:auth_user_change", args=[dora.pk])))
    body(as_root.get(reverse("admin:auth_user_changelist")))
    body(as_root.get(reverse("admin:auth_group_changelist")))
    url = reverse("admin:auth_user_delete", args=[story.owner_id])
    assert "alice with everything" in body(as_root.get(url))
    as_root.post(url, {"post": "yes"})
    assert not Conversation.objects.exists()


def test_staff_who_change_users_cannot_raise_themselves(client):
    bob = make.bob("user")
    bob.user_permissions.add(Permission.objects.get(codename="change_user"))
    client.force_login(bob)
    url = reverse("admin:auth_user_change", args=[bob.pk])
    assert 'name="is_superuser"' not in body(client.get(url))
    fields = {"username": "bob", "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    joined = timezone.localtime(bob.date_joined)
    client.post(url, fields | {"date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"})
    assert not User.objects.get(username="bob").is_superuser
    assert client.post(reverse("admin:auth_user_change", args=[make.root().pk]), fields).status_code == 403


# --- The first page --------------------------------------------------------------------------------------------------


def test_the_first_page_says_when_there_is_nothing_yet(as_bob):
    assert "Nothing has happened in the last 24 hours" in body(as_bob.get(reverse("admin:index")))


def test_the_first_page_counts_the_last_day(as_bob, django_assert_max_num_queries):
    now = timezone.now()
    session = make.session(make.conversation(), started_at=now)
    make.session(started_at=now - timedelta(days=2), ended_at=now)
    make.attempt(session, started_at=now, outcome="failed", error_kind="quota")
    make.attempt(session, started_at=now - timedelta(days=2), outcome="failed", error_kind="dns")
    make.message(session, 1, created_at=now, transport="rest")
    with django_assert_max_num_queries(14):
        response = as_bob.get(reverse("admin:index"))
    overview = response.context["overview"]
    assert (overview.sessions, overview.open_sessions, overview.messages, overview.failed_attempts) == (1, 1, 1, 1)
    assert {share.name: share.count for share in overview.transports} == {"websocket": 0, "sdk": 0, "rest": 1}
    assert [(share.name, share.count) for share in overview.error_kinds] == [("quota", 1)]
    assert "quota" in body(response)
    assert ">dns<" not in body(response)
