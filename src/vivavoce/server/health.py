"""Whether the process lives, whether it can take sessions, and its figures. No key is asked for."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from vivavoce.server.metrics import CONTENT_TYPE, Metrics
from vivavoce.server.services import Serving

router = APIRouter(tags=["Health"])


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Does the process answer?")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Can sessions be created?", responses={503: {"description": "Not yet"}})
async def readyz(services: Serving) -> dict[str, str]:
    """503 says what is missing."""
    if lacking := await services.lacks():
        raise HTTPException(503, f"not ready: {lacking}")
    return {"status": "ready"}


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    figures: Metrics = request.app.state.metrics
    return Response(figures.text(), media_type=CONTENT_TYPE)
