"""Whether the process lives, whether it can take sessions, and its figures. No key is asked for."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from vivavoce.errors import StorageError
from vivavoce.server.metrics import CONTENT_TYPE, Metrics
from vivavoce.server.services import Serving

_log = structlog.get_logger(__name__)

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
async def metrics(request: Request, services: Serving) -> Response:
    figures: Metrics = request.app.state.metrics
    try:
        figures.deliveries_kept(*await services.storage.deliveries.counts())
    except StorageError as error:
        # The other figures are wanted then most of all.
        _log.warning("deliveries_not_counted", reason=str(error))
    return Response(figures.text(), media_type=CONTENT_TYPE)
