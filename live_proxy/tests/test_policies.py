"""Whose policy holds, and the form that staff write it with."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
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
