"""The REST calls as data: what to send and how to read the answers, for both faces."""

from __future__ import annotations

import json
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from vivavoce.client.core import LiveCore
from vivavoce.errors import (
    ApiError,
    AuthenticationError,
    LimitError,
    NotFoundError,
    ServerUnreachable,
    causes,
)
from vivavoce.protocol.presets import PresetName, with_preset
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import SessionCreated, SessionStatus

DEFAULT_URL = "http://127.0.0.1:8080"
PATH = "/v2/live"
_NOT_TRUSTED = frozenset({18, 19, 20, 21})
"""OpenSSL's codes for a certificate that signs itself, and for one whose authority is not known."""


class Filters(TypedDict, total=False):
    """Which sessions to list. Dates are ISO 8601; `custom_metadata` matches sessions that hold all of it."""

    offset: int
    limit: int
    date: str
    before_date: str
    after_date: str
    status: SessionStatus | Sequence[SessionStatus]
    custom_metadata: Mapping[str, Any]


def http_options(api_key: str | None, base_url: str) -> dict[str, Any]:
    """How both faces set up httpx. The environment (proxies, .netrc) is not read.

    Certificates are trusted as for the WebSocket: those of the system, or of OpenSSL's SSL_CERT_FILE.
    """
    return {
        "base_url": base_url,
        "headers": {"x-gladia-key": api_key} if api_key else {},
        "timeout": httpx.Timeout(30.0, connect=10.0),
        "trust_env": False,
        "verify": ssl.create_default_context(),
    }


@contextmanager
def reaching(base_url: httpx.URL) -> Iterator[None]:
    """Raises ServerUnreachable where httpx says that there was no answer."""
    try:
        yield
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        tls = _tls_error(error)
        is_there = tls is not None or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        advice = _advice(error, tls, base_url)
        raise ServerUnreachable(f"no answer from {base_url}: {reason}{advice}", is_there=is_there) from error


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    """Why there is no TLS, if that is the cause."""
    return next((cause for cause in causes(error) if isinstance(cause, ssl.SSLError)), None)


def _advice(error: httpx.TransportError, tls: ssl.SSLError | None, base_url: httpx.URL) -> str:
    """What to do about the server's certificate or the URL's scheme, in words that follow the reason."""
    if isinstance(tls, ssl.SSLCertVerificationError) and tls.verify_code in _NOT_TRUSTED:
        return (
            ". If it is your server, set SSL_CERT_FILE to a PEM file with its certificate or its authority's"
        )
    if tls is not None and tls.reason == "WRONG_VERSION_NUMBER":
        return f". If it has no TLS: {base_url.copy_with(scheme='http')}"
    if base_url.scheme == "http" and isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return f" If it has TLS: {base_url.copy_with(scheme='https')}"
    return ""


def path_of(session_id: str, part: str = "") -> str:
    return "/".join(filter(None, (PATH, quote(session_id, safe=""), part)))


def session_body(
    request: LiveRequest | Mapping[str, Any] | None, preset: PresetName | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What the user asks for, as JSON: the request, the options over it, the preset below both.

    Raises ValueError for a preset that does not exist.
    """
    if isinstance(request, LiveRequest):
        request = request.model_dump(mode="json", exclude_unset=True)
    body = {**(request or {}), **options}
    return with_preset(preset, body) if preset else body


def session_created(response: httpx.Response) -> SessionCreated:
    """The answer to a new session. What the server doubts about the request is a warning."""
    if doubts := response.headers.get("x-vivavoce-warning"):
        warnings.warn(f"the server says: {doubts}", stacklevel=3)
    return SessionCreated.model_validate_json(response.content)


def with_acknowledgments(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same request with acknowledgments on: the client needs them to lose nothing."""
    config = body.get("messages_config") or {}
    return {**body, "messages_config": {**config, "receive_acknowledgments": True}}


def core_for(body: Mapping[str, Any], buffer_bytes: int) -> LiveCore:
    """A core that passes on what the user asked for, and nothing that only the client asked for."""
    config = body.get("messages_config") or {}
    return LiveCore(
        acknowledgments=bool(config.get("receive_acknowledgments")),
        lifecycle=bool(config.get("receive_lifecycle_events")),
        buffer_bytes=buffer_bytes,
    )


def list_query(url: str | None, filters: Filters) -> list[tuple[str, str | int | float | bool | None]]:
    """Query parameters of a page of sessions; of `url` only the query counts."""
    if url is not None:
        return list(parse_qsl(urlsplit(url).query))
    query: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in filters.items():
        if isinstance(value, Mapping):
            query.append((name, json.dumps(value)))
        elif isinstance(value, str | int):
            query.append((name, str(value)))
        elif isinstance(value, Sequence):
            query.extend((name, item) for item in value)
    return query


def checked(response: httpx.Response) -> httpx.Response:
    """The response if it is a success; its body must have been read. Raises ApiError or one of its kinds."""
    if response.is_success:
        return response
    try:
        details = response.json()
    except ValueError:
        details = {}
    if not isinstance(details, dict):
        details = {}
    status, message = response.status_code, _error_message(response, details)
    if status == 401:
        raise AuthenticationError(status, message, details)
    if status == 404:
        raise NotFoundError(status, message, details)
    if status == 429:
        raise LimitError(status, message, details, _seconds(response.headers.get("retry-after", "")))
    raise ApiError(status, message, details)


def _error_message(response: httpx.Response, details: Mapping[str, Any]) -> str:
    message = details.get("message") or response.reason_phrase
    issues = map(str, details.get("validation_errors") or [])
    return "\n  ".join(dict.fromkeys([str(message), *issues]))


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.replace(".", "", 1).isdigit() else 0.0
