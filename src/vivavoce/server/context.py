"""What surrounds each request: an id, headers for safety, a line in the log, a count and a duration."""

from __future__ import annotations

import secrets
import time
from types import MappingProxyType
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivavoce.server.metrics import Metrics

_log = structlog.get_logger(__name__)

SECURITY_HEADERS: Final = MappingProxyType(
    {
        # What is answered is no page, is not to be taken for one, and is for nobody but who asked.
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
)
"""What every answer has, unless it says otherwise itself."""

_LONGEST_PATH = 200
_FREQUENT = ("/livez", "/readyz", "/metrics")


def request_id(scope: Scope) -> str:
    """The id under which the log speaks of this request."""
    return str(scope["state"]["request_id"])


class RequestContext:
    """ASGI middleware for HTTP. Queries are not logged: they may hold what a client's users said."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = f"G-{secrets.token_hex(4)}"
        scope.setdefault("state", {})["request_id"] = id_
        status, began = 500, time.perf_counter()
        asked = Headers(scope=scope)
        ambiguous = "content-length" in asked and "transfer-encoding" in asked

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = id_
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if ambiguous:
                    # A proxy may have seen another end of this request, and its rest as somebody else's.
                    headers["connection"] = "close"
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=id_):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - began
                self._metrics.answered(scope["method"], _route(scope), status, seconds)
                log = _log.debug if scope["path"] in _FREQUENT else _log.info
                log(
                    "request",
                    method=scope["method"],
                    path=scope["path"][:_LONGEST_PATH],
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "none")
