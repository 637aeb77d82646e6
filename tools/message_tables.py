"""The page docs/messages.md, from the models of the wire contract."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from markdown_table import table
from vivavoce.protocol import messages, requests, responses

Schema = dict[str, Any]

ANSWERS = {
    "`POST /v2/live`": responses.SessionCreated,
    "`GET /v2/live/{id}`": responses.SessionObject,
    "`GET /v2/live`": responses.SessionList,
    "Any error": responses.ErrorBody,
}


def messages_page() -> str:
    parts = Parts()
    lines = ["What goes over the wire, field by field. Times and durations are in seconds.", ""]
    lines += ["## Starting a session: the body of `POST /v2/live`", ""]
    lines += ["Every field may be left out. Unknown fields are kept and change nothing.", ""]
    lines += table(["field", "value", "default"], parts.flat_rows(requests.LiveRequest))
    lines += ["", "## Client to server", "", "A binary frame is raw audio. A text frame is one of:", ""]
    for model in _members(messages.ClientMessage):
        lines += _message(model, parts)
    lines += ["## Server to client", ""]
    lines += ["Text frames; each has its `type`, the `session_id`, and when it was made, `created_at`.", ""]
    for model in _members(messages.Message):
        lines += _message(model, parts)
    lines += ["## Answers to REST calls", ""]
    for title, answer in ANSWERS.items():
        lines += [f"### {title}", "", *_about(answer), *parts.table_of(answer), ""]
    lines += ["## Parts of the above", "", *parts.sections()]
    return "\n".join(lines)


def _members(union: Any) -> tuple[type[BaseModel], ...]:
    """The models of `Annotated[A | B, ...]`."""
    members: tuple[type[BaseModel], ...] = get_args(get_args(union)[0])
    return members


def _message(model: type[BaseModel], parts: Parts) -> list[str]:
    kind = model.model_fields["type"].default
    rows = list(parts.message_rows(model))
    fields = table(["field", "value"], rows) if rows else ["Nothing more."]
    return [f"### `{kind}`", "", *_about(model), *parts.about_data(model), *fields, ""]


class Parts:
    """Tables of models; the models that they mention, each to be described once."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}
        self._definitions["AddonEnvelope"] = self._schema(responses.AddonEnvelope)
        self._mentioned: dict[str, None] = {}

    def table_of(self, model: type[BaseModel]) -> list[str]:
        return table(["field", "value"], self._rows(self._schema(model)))

    def flat_rows(self, model: type[BaseModel]) -> Iterator[list[str]]:
        """Field by its path, value, default; objects within are resolved."""
        return self._flattened(self._schema(model), "")

    def message_rows(self, model: type[BaseModel]) -> Iterator[list[str]]:
        """What a message has beside `type`, `session_id` and `created_at`; its data is resolved."""
        for name, field in self._schema(model)["properties"].items():
            if name in ("type", "session_id", "created_at"):
                continue
            inner = self._object_in(field)
            if name == "data" and inner:
                yield from ([f"`data.{row[0][1:]}", *row[1:]] for row in self._rows(inner))
            else:
                yield [f"`{name}`", self._value(field)]

    def about_data(self, model: type[BaseModel]) -> list[str]:
        inner = self._object_in(self._schema(model)["properties"].get("data", {})) or {}
        return [inner["description"], ""] if "description" in inner else []

    def sections(self) -> list[str]:
        """Everything mentioned so far, and what that mentions in turn."""
        lines: dict[str, list[str]] = {}
        while pending := [name for name in self._mentioned if name not in lines]:
            for name in pending:
                schema = self._definitions[name]
                about = [schema["description"], ""] if "description" in schema else []
                lines[name] = [f"### {_title(name)}", "", *about]
                lines[name] += [*table(["field", "value"], self._rows(schema)), ""]
        return [line for name in sorted(lines) for line in lines[name]]

    def _schema(self, model: type[BaseModel]) -> Schema:
        schema = model.model_json_schema()
        self._definitions |= schema.get("$defs", {})
        return schema

    def _rows(self, schema: Schema) -> Iterator[list[str]]:
        return ([f"`{name}`", self._value(field)] for name, field in schema["properties"].items())

    def _flattened(self, schema: Schema, path: str) -> Iterator[list[str]]:
        for name, field in schema["properties"].items():
            inner = self._object_in(field)
            if inner:
                yield from self._flattened(inner, f"{path}{name}.")
            else:
                default = f"`{json.dumps(field['default'])}`" if field.get("default") is not None else "–"
                yield [f"`{path}{name}`", self._value(field), default]

    def _object_in(self, field: Schema) -> Schema | None:
        """The object that a field holds, if it holds one (or null)."""
        for option in field.get("anyOf", [field]):
            if "$ref" in option and "properties" in self._definitions[_name(option)]:
                return self._definitions[_name(option)]
        return None

    def _value(self, field: Schema) -> str:
        if "anyOf" in field:
            return " or ".join(self._value(option) for option in field["anyOf"])
        if "$ref" in field:
            return self._reference(_name(field))
        if "const" in field:
            return f"`{json.dumps(field['const'])}`"
        if "enum" in field:
            return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
        if "prefixItems" in field:
            return "[" + ", ".join(self._value(item) for item in field["prefixItems"]) + "]"
        kind = str(field.get("type", "any JSON"))
        if kind == "array":
            return f"list of {self._value(field['items'])}"
        return kind + _range(field)

    def _reference(self, name: str) -> str:
        schema = self._definitions[name]
        if "properties" not in schema:
            return "any JSON"
        if name.startswith("AddonEnvelope_"):
            results = self._value(schema["properties"]["results"]).removesuffix(" or null")
            return f"{self._link('AddonEnvelope')} of {results}"
        return self._link(name)

    def _link(self, name: str) -> str:
        self._mentioned[name] = None
        return f"[{_title(name)}](#{_title(name).lower()})"


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _title(name: str) -> str:
    return name.removesuffix("Model")


def _range(field: Schema) -> str:
    low, high = (field.get(a, field.get(b)) for a, b in (("minimum", "ge"), ("maximum", "le")))
    return f" ({low} to {high})" if low is not None and high is not None else ""


def _about(thing: object) -> list[str]:
    """The first paragraph of a docstring of its own, and an empty line."""
    text = inspect.cleandoc(vars(thing).get("__doc__") or "").partition("\n\n")[0]
    return [text.replace("\n", " "), ""] if text else []
