"""Settings as the environment gives them, and what the documentation says of each; nothing else reads it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Self, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from vivavoce.errors import ConfigurationError

PREFIX: Final = "VIVAVOCE_"
_LACKING: Final = "lacking"
_FOR_OTHERS: Final = ("host", "public_url", "trusted_proxies", "allowed_origins", "tls_cert", "tls_key")


@dataclass(frozen=True, slots=True)
class SettingReference:
    """One setting as the documentation shows it."""

    variable: str
    allowed: str
    default: str
    description: str


class EnvironmentSettings(BaseModel):
    """Settings that are read from the environment, a variable each; frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def from_environment(cls, overrides: Mapping[str, object] = MappingProxyType({})) -> Self:
        """The settings of the environment; `overrides`, a command's options by field name, win unless None.

        Raises `ConfigurationError` that names every wrong variable and what it may be, and every
        variable that looks like a setting and is none.
        """
        given = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
        known = {
            variable(name) for kind in EnvironmentSettings.__subclasses__() for name in kind.model_fields
        }
        problems = [_unknown(name, known) for name in sorted(given.keys() - known)]
        values: dict[str, Any] = {
            name: given[variable(name)] for name in cls.model_fields if given.get(variable(name))
        }
        values |= {name: value for name, value in overrides.items() if value is not None}
        try:
            settings = cls(**values)
        except ValidationError as error:
            found = error.errors()
            problems += [each["msg"] for each in found if each["type"] == _LACKING]
            wrong = dict.fromkeys(str(each["loc"][0]) for each in found if each["type"] != _LACKING)
            problems += [_wrong(name, cls.model_fields[name], values[name], overrides) for name in wrong]
        if problems:
            raise ConfigurationError("\n".join(problems))
        return settings

    @classmethod
    def reference(cls) -> tuple[SettingReference, ...]:
        """Every setting, in the order in which people look for them."""
        return tuple(
            SettingReference(variable(name), _allowed(field), _default(field), field.description or "")
            for name, field in cls.model_fields.items()
        )


def lacking(remedy: str) -> PydanticCustomError:
    """For validators to raise where a setting takes another one: `remedy` says which to set, and why."""
    return PydanticCustomError(_LACKING, "{remedy}", {"remedy": remedy})


def data_home() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "vivavoce"


def authorities_file() -> str | None:
    """The file of those whom OpenSSL is told to trust."""
    return os.environ.get("SSL_CERT_FILE") or None


def environment_of_own_server() -> dict[str, str]:
    """This process's environment without what says how others reach a server."""
    return {name: text for name, text in os.environ.items() if name not in map(variable, _FOR_OTHERS)}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def _allowed(field: FieldInfo) -> str:
    """The values that a setting may have, in words."""
    if "allowed" in _words(field):
        return _words(field)["allowed"]
    if get_origin(field.annotation) is Literal:
        return " or ".join(get_args(field.annotation))
    if field.annotation is bool:
        return "true or false"
    bounds = {type(bound): bound for bound in field.metadata}
    if field.annotation is float:
        return f"a number above {bounds[Gt].gt:g}"
    highest = f" to {bounds[Le].le}" if Le in bounds else ""
    return f"a whole number from {bounds[Ge].ge}{highest}"


def _default(field: FieldInfo) -> str:
    if "default" in _words(field):
        return _words(field)["default"]
    value = field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _words(field: FieldInfo) -> Mapping[str, str]:
    extra = field.json_schema_extra
    return {name: str(text) for name, text in extra.items()} if isinstance(extra, dict) else {}


def _wrong(name: str, field: FieldInfo, value: object, options: Mapping[str, object]) -> str:
    called = variable(name) if options.get(name) is None else f"--{name.replace('_', '-')}"
    shown = "" if field.repr is False else f", not {str(value)!r}"
    return f"{called} must be {_allowed(field)}{shown}"


def _unknown(name: str, known: Collection[str]) -> str:
    # Without what all have in common, which makes any two alike.
    short = {one.removeprefix(PREFIX): one for one in known}
    close = get_close_matches(name.removeprefix(PREFIX), short, n=1)
    return f"{name} is not a setting" + (f"; did you mean {short[close[0]]}?" if close else "")
