"""Every refusal in the API's one shape, whatever raised it; no traceback reaches a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Self

import structlog
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vivavoce.errors import RecognizerError, StorageDamaged, StorageError, VivavoceError
from vivavoce.protocol.responses import ErrorBody, timestamp
from vivavoce.protocol.validation import ValidationIssue, validation_issues
from vivavoce.server.context import SECURITY_HEADERS, request_id

_log = structlog.get_logger(__name__)


class InvalidRequest(VivavoceError):  # noqa: N818 - a state of the request, as InvalidAudio is of a stream
    """The request is understood and wrong: one issue per bad field."""

    def __init__(self, issues: Sequence[ValidationIssue]) -> None:
        super().__init__("; ".join(map(str, issues)))
        self.issues = tuple(issues)

    @classmethod
    def of(cls, error: ValidationError) -> Self:
        return cls(validation_issues(error))


def install_error_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    app.add_exception_handler(HTTPException, partial(_http_error, routes))
    app.add_exception_handler(InvalidRequest, _invalid_request)
    app.add_exception_handler(StorageDamaged, _damaged)
    app.add_exception_handler(StorageError, _storage_error)
    app.add_exception_handler(RecognizerError, _recognizer_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _defect)


def error_response(
    request: Request,
    status: int,
    message: str,
    *,
    issues: Sequence[ValidationIssue] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = ErrorBody(
        timestamp=timestamp(datetime.now(UTC)),
        path=request.url.path,
        request_id=request_id(request.scope),
        statusCode=status,
        message=message,
        validation_errors=tuple(map(str, issues)) or None,
    )
    return Response(body.model_dump_json(exclude_none=True), status, headers, media_type="application/json")


def _http_error(routes: Sequence[BaseRoute], request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, headers = error.detail, error.headers
    if error.status_code == 404 and message == "Not Found":
        message = f"there is nothing at {request.url.path}; live sessions are at /v2/live"
    elif error.status_code == 405:
        allowed = ", ".join(_methods(routes, request.scope["path"]))
        message = f"{request.method} is not allowed here; what is: {allowed}"
        headers = {**(headers or {}), "Allow": allowed}
    return error_response(request, error.status_code, message, headers=headers)


def _methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """Of all routes with this path, where Starlette names those of the first."""
    fitting = [one for one in routes if isinstance(one, Route) and one.path_regex.match(path)]
    return sorted({method for one in fitting for method in one.methods or ()})


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidRequest)
    return error_response(request, 400, _summary(error.issues), issues=error.issues)


def _storage_error(request: Request, error: Exception) -> Response:
    _log.error("storage_failed", error=str(error))
    return error_response(
        request, 503, "the server cannot read or write its data; try again", headers={"Retry-After": "5"}
    )


def _damaged(request: Request, error: Exception) -> Response:
    _log.error("storage_failed", error=str(error))
    # That it is tried again would not help.
    return error_response(request, 500, str(error))


def _recognizer_error(request: Request, error: Exception) -> Response:
    _log.error("recognition_failed", error=str(error))
    return error_response(request, 503, f"{error}; try again", headers={"Retry-After": "5"})


def _gone(request: Request, error: Exception) -> Response:
    # Nobody reads this; the log shows the status.
    return error_response(request, 400, "the client left before its request was complete")


def _defect(request: Request, error: Exception) -> Response:
    _log.error("request_crashed", request_id=request_id(request.scope), exc_info=error)
    # This answer is given outside of all else.
    headers = {**SECURITY_HEADERS, "x-request-id": request_id(request.scope)}
    return error_response(
        request, 500, "an internal error; its log entry has this request_id", headers=headers
    )


def _summary(issues: Sequence[ValidationIssue]) -> str:
    return str(issues[0]) if len(issues) == 1 else f"{len(issues)} fields are wrong"
