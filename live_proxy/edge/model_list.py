"""What this service offers, in the words of Google's model list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from live_proxy.catalogue import Family, LiveModel, StandardModel
from live_proxy.edge.google_path import HttpPath
from live_proxy.protocol.codec import JsonObject

MAX_PAGE = 1000


def model_list(families: Sequence[Family], path: HttpPath, *, size: int, start: int) -> JsonObject:
    """One page, from the model number `start` on. A project has no models of its own here."""
    models = [] if path.tuned else _offered(families, path)
    page = models[start : start + min(size, MAX_PAGE)]
    key = "publisherModels" if path.platform == "vertex" and not path.tuned else "models"
    answer: JsonObject = {key: [_entry(each, path) for each in page]}
    if start + len(page) < len(models):
        answer["nextPageToken"] = str(start + len(page))
    return answer


def find_model(families: Sequence[Family], path: HttpPath) -> JsonObject | None:
    return next((_entry(each, path) for each in _offered(families, path) if each.name == path.model), None)


def _offered(families: Sequence[Family], path: HttpPath) -> list[LiveModel | StandardModel]:
    by_name: dict[str, LiveModel | StandardModel] = {}
    for family in families:
        models: list[LiveModel | StandardModel] = [*family.live, *family.standard]
        for model in models:
            if path.platform in model.platforms:
                by_name.setdefault(model.name, model)
    return list(by_name.values())


def _entry(model: LiveModel | StandardModel, path: HttpPath) -> JsonObject:
    if path.platform == "vertex":
        return {"name": f"publishers/google/models/{model.name}", "versionId": "default", "launchStage": "GA"}
    live = isinstance(model, LiveModel)
    return {
        "name": f"models/{model.name}",
        "version": "001",
        "displayName": model.name,
        "supportedGenerationMethods": ["bidiGenerateContent"] if live else ["generateContent", "countTokens"],
    }
