"""Reads settings from the environment, and names the one whose value cannot be used: never the value itself."""

from __future__ import annotations

import warnings
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

KINDS = {int: "a whole number", float: "a number", bool: "true or false"}
TRUTHS = ("true", "on", "ok", "y", "yes", "1", "false", "off", "n", "no", "0", "")


class Environment(environ.Env):
    def get_value(
        self, var: Any, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        try:
            if cast is bool and str(self.ENVIRON.get(var, "")).strip().lower() not in TRUTHS:
                raise ValueError
            if cast in (int, float) and (given := str(self.ENVIRON.get(var, "")).strip()):
                return cast(given)  # the library would take digits out of any text
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except ImproperlyConfigured:
            raise
        except (ValueError, TypeError):
            raise ImproperlyConfigured(f"{var} must be {KINDS.get(cast, 'something else')}.") from None

    def db_url_config(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = super().db_url_config(*args, **kwargs)
        except (ValueError, KeyError, TypeError, AttributeError, ImproperlyConfigured):
            found = {}
        if not found.get("ENGINE") or not found.get("NAME"):
            raise ImproperlyConfigured(
                "DATABASE_URL must be a URL such as postgres://host/database or sqlite:///path."
            ) from None
        return found
