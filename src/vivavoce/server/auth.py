"""Who is calling: the API key of the header `x-gladia-key`, or nobody where the server has no keys."""

from __future__ import annotations

import math
import time
from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader

from vivavoce.server.address import client_network, is_local, is_of_another_site
from vivavoce.server.limits import Caller
from vivavoce.server.services import Services, Serving
from vivavoce.storage.records import KeyInForce

_log = structlog.get_logger(__name__)

_HEADER = APIKeyHeader(
    name="x-gladia-key",
    auto_error=False,
    description="A key from `vivavoce keys create`. While the server has none, local calls need none.",
)


async def authenticate(
    request: Request, services: Serving, text: Annotated[str | None, Security(_HEADER)]
) -> Caller:
    """The caller of a request. Raises `HTTPException` 401, or 429 after too many wrong keys."""
    if text and (key := await _key(text, request, services)):
        return Caller(key.id, key.plan)
    if await services.storage.keys.any():
        problem = "is unknown or revoked" if text else "is missing: send it in the header x-gladia-key"
        raise HTTPException(401, f"the API key {problem}")
    if not is_local(request):
        raise HTTPException(
            401, "this server has no API keys yet and answers local calls only: run `vivavoce keys create`"
        )
    if is_of_another_site(request, services.settings):
        raise HTTPException(
            401,
            "a web page of another site may not call a server without API keys: "
            "name its origin in VIVAVOCE_ALLOWED_ORIGINS",
        )
    return Caller(None, None)


async def _key(text: str, request: Request, services: Services) -> KeyInForce | None:
    """The key that `text` is; what is none counts against its address. Raises `HTTPException` 429."""
    keys, guessing = services.storage.keys, services.guessing
    address = client_network(request, services.settings)
    if wait := guessing.wait(address, text, time.monotonic()):
        raise HTTPException(
            429,
            "too many wrong API keys came from this address: wait, then send the right one",
            headers={"Retry-After": str(math.ceil(wait))},
        )
    if key := await keys.authenticate(text):
        guessing.right(text)
    elif await keys.any():
        guessing.wrong(address, text, time.monotonic())
        if guessing.wait(address, text, time.monotonic()):
            _log.warning("too_many_wrong_keys", address=str(address))
    return key


Authenticated = Annotated[Caller, Depends(authenticate)]
