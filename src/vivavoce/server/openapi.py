"""The description of the API in OpenAPI: what FastAPI finds by itself, and what it cannot."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.listing import ListQuery

_COMPONENTS = "#/components/schemas/{model}"
_NULL = {"type": "null"}
_NOT_HTTP = {
    "description": "The request is not HTTP, or its headers contradict each other",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}

Schema = dict[str, Any]


def openapi_schema(app: FastAPI) -> Schema:
    """The document. Bodies and queries are read by hand, for precise errors; they are described here."""
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _with_our_refusals(schema)
    request = LiveRequest.model_json_schema(ref_template=_COMPONENTS)
    sections = request.pop("$defs") | {"LiveRequest": request}
    schema["components"]["schemas"] |= {name: _null_is_the_default(one) for name, one in sections.items()}
    calls = schema["paths"]["/v2/live"]
    calls["post"]["requestBody"] = {
        "required": False,
        "content": {"application/json": {"schema": {"$ref": _COMPONENTS.format(model="LiveRequest")}}},
    }
    calls["get"]["parameters"] = [
        _in_query(name, field) for name, field in ListQuery.model_json_schema()["properties"].items()
    ]
    return schema


def _with_our_refusals(schema: Schema) -> None:
    """FastAPI's 422 is never sent: what is wrong is refused with 400."""
    for calls in schema["paths"].values():
        for call in calls.values():
            call["responses"].pop("422", None)
            call["responses"].setdefault("400", _NOT_HTTP)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)


def _null_is_the_default(section: Schema) -> Schema:
    """As `Section` reads it."""
    fields, required = section.get("properties", {}), section.get("required", ())
    nullable = {name: field if name in required else _or_null(field) for name, field in fields.items()}
    return section | {"properties": nullable} if fields else section


def _or_null(field: Schema) -> Schema:
    if _NULL in field.get("anyOf", ()):
        return field
    about = {name: field[name] for name in ("default", "title", "description") if name in field}
    value = {name: part for name, part in field.items() if name not in about}
    return about | {"anyOf": [value, _NULL]}


def _in_query(name: str, field: Schema) -> Schema:
    """Nothing in a query is null; an object is written `name[field]=value`."""
    options = field.get("anyOf", [field])
    [value] = [option for option in options if option != _NULL]
    described = {key: part for key, part in field.items() if key not in ("anyOf", "default")} | value
    if field.get("default") is not None:
        described["default"] = field["default"]
    parameter = {"name": name, "in": "query", "required": False, "schema": described}
    return parameter | {"style": "deepObject", "explode": True} if value["type"] == "object" else parameter
