"""Whose policy holds, and the form that staff write it with."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from live_proxy.edge.policy import OPEN
from live_proxy.models import SetupPolicy
from live_proxy.policies import policy_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


def test_a_users_own_comes_before_the_groups(alice: User, django_assert_num_queries: Any) -> None:
    assert policy_of(alice.pk) == OPEN
    for name, priority in (("late", 200), ("early", 1)):
        group = Group.objects.create(name=name)
        alice.groups.add(group)
        SetupPolicy.objects.create(group=group, priority=priority, families=[name])
    with django_assert_num_queries(1):
        assert policy_of(alice.pk).families == ("early",)
    SetupPolicy.objects.create(user=alice, voices=["Kore", 5])
    assert policy_of(alice.pk).voices == ("Kore",)
    assert policy_of(alice.pk + 1) == OPEN


def form(**fields: Any) -> dict[str, Any]:
    return {"priority": 100, "instruction_mode": "open", "voices": ""} | fields


def test_staff_write_one_for_a_user_or_a_group(admin_client: Client, alice: User) -> None:
    add = reverse("admin:live_proxy_setuppolicy_add")
    assert admin_client.get(add).status_code == 200
    group = Group.objects.create(name="team")
    both = admin_client.post(add, form(user=alice.pk, group=group.pk))
    assert "exactly one" in both.content.decode()
    assert "exactly one" in admin_client.post(add, form()).content.decode()
    assert "letters" in admin_client.post(add, form(user=alice.pk, voices="<b>")).content.decode()
    assert "Either none" in admin_client.post(add, form(user=alice.pk, tools=["none", "functions"])).content.decode()
    made = admin_client.post(add, form(user=alice.pk, voices="Kore, Aoede", tools=["functions"], modalities=["AUDIO"]))
    assert made.status_code == 302
    policy = policy_of(alice.pk)
    assert (policy.voices, policy.tools, policy.modalities) == (("Kore", "Aoede"), ("functions",), ("AUDIO",))
    assert admin_client.get(reverse("admin:live_proxy_setuppolicy_changelist")).status_code == 200
    assert (
        "Kore, Aoede"
        in admin_client.get(
            reverse("admin:live_proxy_setuppolicy_change", args=[SetupPolicy.objects.get().pk])
        ).content.decode()
    )


def test_a_family_that_is_gone_still_limits_after_saving(admin_client: Client, alice: User) -> None:
    """An empty list allows everything, so the form must not lose what it cannot offer any more."""
    row = SetupPolicy.objects.create(user=alice, families=["Gone", 5], voices=["Kore", 5], tools=["computerUse"])
    change = reverse("admin:live_proxy_setuppolicy_change", args=[row.pk])
    assert "Gone (not known any more)" in admin_client.get(change).content.decode()
    saved = admin_client.post(
        change, form(user=alice.pk, families=["Gone"], tools=["computerUse"], max_output_tokens=5)
    )
    assert saved.status_code == 302
    policy = policy_of(alice.pk)
    assert (policy.families, policy.tools, policy.max_output_tokens) == (("Gone",), ("computerUse",), 5)
    listed = admin_client.get(reverse("admin:live_proxy_setuppolicy_changelist")).content.decode()
    assert "Gone" in listed and "Policy of alice" in listed


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_output_tokens", 0), ("max_temperature", -1), ("max_session_seconds", 0), ("families", ["Unheard of"])],
)
def test_what_would_limit_nothing_is_refused(admin_client: Client, alice: User, field: str, value: object) -> None:
    refused = admin_client.post(reverse("admin:live_proxy_setuppolicy_add"), form(user=alice.pk, **{field: value}))
    assert refused.status_code == 200 and field in refused.context["adminform"].form.errors
    assert not SetupPolicy.objects.exists()


def test_who_may_only_look_sees_it_and_changes_nothing(client: Client, alice: User) -> None:
    row = SetupPolicy.objects.create(user=alice, families=["A"], voices=["Kore"])
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_setuppolicy"))
    client.force_login(looker)
    change = reverse("admin:live_proxy_setuppolicy_change", args=[row.pk])
    page = client.get(change)
    assert page.status_code == 200 and "Kore" in page.content.decode()
    assert client.post(change, form(user=alice.pk)).status_code == 403
    assert "Set-up policies" in client.get(reverse("admin:index")).content.decode()
