"""Set-up policies as a form: what one user, or everybody in a group, may ask for."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from live_proxy.config import live_config
from live_proxy.models import SetupPolicy

TOOLS = [
    ("none", "None at all"),
    ("functions", "Functions of the client's"),
    ("googleSearch", "Google Search"),
    ("urlContext", "Reading web pages"),
    ("codeExecution", "Running code"),
    ("googleMaps", "Google Maps"),
]
MODALITIES = [("TEXT", "Text"), ("AUDIO", "Sound")]
VOICE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
# No tokens at all mean no ceiling to Google.
LIMITS = {
    "max_output_tokens": (1, 1_000_000),
    "max_temperature": (0, 2),
    "max_thinking_tokens": (0, 1_000_000),
    "max_session_seconds": (1, 86_400),
}


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _boxes(label: str, choices: Any, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=help_text,
    )


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    families = _boxes("Families", (), "Which of the service's models. None ticked: all.")
    tools = _boxes("Tools", TOOLS, "What the model may use. None ticked: all.")
    modalities = _boxes("Answers in", MODALITIES, "None ticked: text and sound.")
    voices = forms.CharField(
        label="Voices",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Names with commas between, such as Kore, Aoede. Where none is asked for: the first. Empty: all.",
    )

    class Meta:
        model = SetupPolicy
        fields = (
            "user",
            "group",
            "priority",
            "families",
            "modalities",
            "voices",
            "tools",
            "instruction_mode",
            "instruction",
            "max_output_tokens",
            "max_temperature",
            "max_thinking_tokens",
            "max_session_seconds",
        )
        help_texts = {
            "user": "For one person, instead of their groups' policies. Leave empty for a group's.",
            "group": "For everybody in a group. Leave empty for one person's.",
            "priority": "Of several groups' policies the one with the lowest number holds.",
            "instruction_mode": "Who writes the system instruction.",
            "instruction": "Comes before the client's, or stands in its place. Not used where the client decides.",
            "max_output_tokens": "Of each answer; more is lowered to this. Empty: no limit.",
            "max_temperature": "More is lowered to this. Empty: no limit.",
            "max_thinking_tokens": "Of each answer; more is lowered to this. Empty: no limit.",
            "max_session_seconds": "A Live session ends after this long. Empty: no limit.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is stored stays a choice: a family taken out of the configuration would otherwise drop out of the list
        # when somebody saves, and an empty list allows everything.
        offered = [(family.label, family.label) for family in live_config().families]
        for name, choices in (("families", offered), ("tools", TOOLS), ("modalities", MODALITIES)):
            known = {value for value, _ in choices}
            stored = [value for value in _names(getattr(self.instance, name)) if value not in known]
            field = cast(forms.MultipleChoiceField, self.fields[name])
            field.choices = [*choices, *((value, f"{value} (not known any more)") for value in stored)]
        for name, (least, most) in LIMITS.items():
            if name not in self.fields:
                continue  # who may only look gets a form without them
            number = cast(forms.FloatField, self.fields[name])
            number.validators.append(MinValueValidator(least))
            number.validators.append(MaxValueValidator(most))
        if self.instance.pk:
            self.initial["voices"] = ", ".join(_names(self.instance.voices))

    def clean_voices(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["voices"].split(",") if name.strip()]
        for name in names:
            if not VOICE.fullmatch(name):
                raise forms.ValidationError("A voice's name has letters, digits, hyphens and underscores only.")
        return names

    def clean_tools(self) -> list[str]:
        tools: list[str] = self.cleaned_data["tools"]
        if "none" in tools and len(tools) > 1:
            raise forms.ValidationError("Either none at all or some of the others.")
        return tools

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        faulty = {"user", "group"} & self.errors.keys()  # named already
        if not faulty and bool(cleaned.get("user")) == bool(cleaned.get("group")):
            raise forms.ValidationError("Choose a user or a group: a policy belongs to exactly one.")
        if cleaned.get("instruction_mode") != "open" and not cleaned.get("instruction"):
            self.add_error("instruction", "Write the instruction, or let the client decide.")
        return cleaned


@admin.register(SetupPolicy)
class SetupPolicyAdmin(ModelAdmin):
    actions = None
    form = PolicyForm
    autocomplete_fields = ("user", "group")
    fieldsets = (
        ("Whose", {"fields": ("user", "group", "priority")}),
        ("What they may ask for", {"fields": ("families", "modalities", "voices", "tools")}),
        ("System instruction", {"fields": ("instruction_mode", "instruction")}),
        ("At most", {"fields": tuple(LIMITS)}),
    )
    list_display = ("__str__", "allowed_families", "instruction_mode", *LIMITS, "priority")
    search_fields = ("user__username", "group__name")
    ordering = ("priority", "pk")
    list_select_related = ("user", "group")
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="families")
    def allowed_families(self, policy: SetupPolicy) -> str:
        return ", ".join(_names(policy.families)) or "all"
