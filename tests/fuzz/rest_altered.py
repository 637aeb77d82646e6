"""Each call of Schemathesis is made again: without its key, with a wrong one, and altered."""

from __future__ import annotations

import http.client
import random
import re
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import schemathesis
from requests import PreparedRequest
from schemathesis import Case, HookContext, Response

from fuzz.rest_checks import NO_HTTP
from vivavoce.protocol.responses import ErrorBody

KEY = "x-gladia-key"
ALTERED = 10
"""How often a call is made again with some bytes altered."""

_ODD = (b"\0", b"\xff", b'"', b"{", b"]", b",", b"null", b"1e999", b"-1", b"[[[[", b"\\ud800", b"%00", b"&")
# A path that ends with a slash is sent to the one without.
_STATUSES = {200, 201, 202, 206, 307, 400, 401, 403, 404, 405, 413, 416, 429}
_of_this_thread = threading.local()


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Without its key, with a wrong one, and altered: it is refused, or taken, in the API's own way."""
    request = response.request
    if KEY not in request.headers:
        return
    for other in ({}, {KEY: "vv_00000000_wrong"}):
        status, _ = _call(request, other, request.path_url.encode(), _body(request))
        open_to_all = not urlsplit(request.path_url).path.startswith("/v2/live")
        assert status in {401, 404, 405, 429} or open_to_all, f"{status} without a key: {request.path_url}"
    rng = random.Random(response.content)
    for target, body in _altered(rng, request):
        status, content = _call(request, {KEY: request.headers[KEY]}, target, body)
        assert status in _STATUSES, f"{status} for {request.method} {target!r}: {body!r}"
        if status >= 400 and content != NO_HTTP and request.method != "HEAD":
            assert ErrorBody.model_validate_json(content).statusCode == status


def _altered(rng: random.Random, request: PreparedRequest) -> Iterator[tuple[bytes, bytes]]:
    target, body = request.path_url.encode(), _body(request)
    for _ in range(ALTERED):
        if body and rng.random() < 0.8:
            yield target, _mutated(rng, body)
        else:
            path, mark, query = target.partition(b"?")
            start = len("/v2/live")
            tail = _mutated(
                rng, path[start:] + mark + (query or b"?limit=1&date=2026-01-01&custom_metadata={}")
            )
            # A target of HTTP is printable; what is not is written with %.
            yield path[:start] + re.sub(rb"[^!-~]", lambda found: b"%%%02x" % found[0][0], tail), body


def _mutated(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randrange(1, 4)):
        at, upto = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        part = rng.choice(
            [b"", rng.choice(_ODD), data[at:upto] * 2, rng.choice(_ODD) * 500, rng.randbytes(3)]
        )
        upto = rng.choice([at, min(at + 1, len(data)), upto])
        data = data[:at] + part + data[upto:]
    return data


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body


def _call(request: PreparedRequest, key: dict[str, str], target: bytes, body: bytes) -> tuple[int, bytes]:
    """The status and the content of the answer."""
    kind = request.headers.get("content-type")
    headers = key | ({"content-type": kind} if isinstance(kind, str) else {})
    for again in (True, False):
        connection = getattr(_of_this_thread, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(urlsplit(request.url).netloc, timeout=30)
            _of_this_thread.connection = connection
        try:
            connection.request(request.method, target.decode(), body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionError:
            # The server closes a connection on which nothing comes for some seconds: once, that is no defect.
            _of_this_thread.connection = None
            if not again:
                raise
    raise AssertionError
