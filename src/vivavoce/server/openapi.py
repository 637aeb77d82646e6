"""The description of the API in OpenAPI: what FastAPI finds by itself, and what it cannot."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.listing import ListQuery

_COMPONENTS = "#/components/schemas/{model}"


def openapi_schema(app: FastAPI) -> dict[str, Any]:
    """The document. Bodies and queries are read by hand, for precise errors; they are described here."""
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    request = LiveRequest.model_json_schema(ref_template=_COMPONENTS)
    schema["components"]["schemas"] |= request.pop("$defs") | {"LiveRequest": request}
    calls = schema["paths"]["/v2/live"]
    calls["post"]["requestBody"] = {
        "required": False,
        "content": {"application/json": {"schema": {"$ref": _COMPONENTS.format(model="LiveRequest")}}},
    }
    calls["get"]["parameters"] = [
        {"name": name, "in": "query", "required": False, "schema": field}
        for name, field in ListQuery.model_json_schema()["properties"].items()
    ]
    return schema
