"""Who is calling: the API key of the header `x-gladia-key`, or nobody where the server has no keys."""

from __future__ import annotations

import math
import time
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader

from vivavoce.server.address import client_network, is_local, is_of_another_site
from vivavoce.server.limits import Caller
from vivavoce.server.services import Serving

_HEADER = APIKeyHeader(
    name="x-gladia-key",
    auto_error=False,
    description="A key from `vivavoce keys create`. While the server has none, local calls need none.",
)


async def authenticate(
    request: Request, services: Serving, text: Annotated[str | None, Security(_HEADER)]
) -> Caller:
    """The caller of a request. Raises `HTTPException` 401, or 429 after too many wrong keys."""
    keys = services.storage.keys
    if text:
        address = client_network(request, services.settings)
        if wait := services.guessing.wait(address, text, time.monotonic()):
            raise HTTPException(
                429,
                "too many wrong API keys came from this address: wait, then send the right one",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        if key := await keys.authenticate(text):
            services.guessing.right(text)
            return Caller(key.id, key.plan)
    if await keys.any():
        if not text:
            raise HTTPException(401, "the API key is missing: send it in the header x-gladia-key")
        services.guessing.wrong(address, text, time.monotonic())
        raise HTTPException(401, "the API key is unknown or revoked")
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


Authenticated = Annotated[Caller, Depends(authenticate)]
