"""GET /v2/capabilities: what this server does with words, by which means, in which languages."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel

from vivavoce.intelligence.base import Capability
from vivavoce.protocol.responses import ErrorBody
from vivavoce.server.auth import Authenticated
from vivavoce.server.services import Serving

router = APIRouter(
    tags=["Server"],
    responses={
        401: {"model": ErrorBody, "description": "The API key is missing or wrong"},
        429: {"model": ErrorBody, "description": "Too many wrong API keys came from this address"},
        503: {"model": ErrorBody, "description": "The server is starting or stopping"},
    },
)


class Capabilities(BaseModel):
    capabilities: tuple[Capability, ...]


@router.get("/v2/capabilities", summary="What is done with the words", response_model=Capabilities)
async def capabilities(services: Serving, _: Authenticated) -> Capabilities:
    """Add-ons that a session may ask for. One that cannot serve a session says so in its `error`."""
    recognition = await services.ready()
    found = await asyncio.to_thread(recognition.intelligence.capabilities)
    return Capabilities(capabilities=tuple(found))
