"""Set-up policies as a form: what one user, or everybody in a group, may ask for."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from unfold.admin import ModelAdmin

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


def _boxes(label: str, choices: Any, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    families = _boxes("Families", lambda: [(f.label, f.label) for f in live_config().families], "None ticked: all.")
    tools = _boxes("Tools", TOOLS, "None ticked: all.")
    modalities = _boxes("Answers in", MODALITIES, "None ticked: text and sound.")
    voices = forms.CharField(
        label="Voices", required=False, help_text="Names with commas between, such as Kore, Aoede. Empty: all."
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["voices"] = ", ".join(self.instance.voices)

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
        if bool(cleaned.get("user")) == bool(cleaned.get("group")):
            raise forms.ValidationError("Choose a user or a group: a policy belongs to exactly one.")
        if cleaned.get("instruction_mode") != "open" and not cleaned.get("instruction"):
            self.add_error("instruction", "Write the instruction, or let the client decide.")
        return cleaned


@admin.register(SetupPolicy)
class SetupPolicyAdmin(ModelAdmin):
    actions = None
    form = PolicyForm
    autocomplete_fields = ("user", "group")
    list_display = ("__str__", "priority", "instruction_mode", "max_output_tokens", "max_session_seconds")
    list_select_related = ("user", "group")
    list_per_page = 50
    show_full_result_count = False
