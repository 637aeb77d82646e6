"""Who is calling: the API key of the header `x-gladia-key`, or nobody where the server has no keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader

from vivavoce.server.address import is_local
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
    """The caller of a request. Raises `HTTPException` 401."""
    keys = services.storage.keys
    if text and (key := await keys.authenticate(text)):
        return Caller(key.id, key.plan)
    if await keys.any():
        problem = "is unknown or revoked" if text else "is missing: send it in the header x-gladia-key"
        raise HTTPException(401, f"the API key {problem}")
    if not is_local(request):
        raise HTTPException(
            401, "this server has no API keys yet and answers local calls only: run `vivavoce keys create`"
        )
    return Caller(None, None)


Authenticated = Annotated[Caller, Depends(authenticate)]
