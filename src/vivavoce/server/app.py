"""The composition root: the one place where everything is constructed and wired."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from vivavoce.engine.engine import Engine
from vivavoce.live.limits import Limits
from vivavoce.protocol.close_codes import TRY_AGAIN
from vivavoce.server import capabilities, health, rest
from vivavoce.server.backends import backends_of
from vivavoce.server.backlog import show_backlogs
from vivavoce.server.bleeping import bleep_the_rest
from vivavoce.server.callbacks.dispatcher import AT_ONCE, Dispatcher
from vivavoce.server.callbacks.retrying import Retrying
from vivavoce.server.callbacks.sender import Sender
from vivavoce.server.capacity import Capacity, measured
from vivavoce.server.context import RequestContext
from vivavoce.server.door import Door
from vivavoce.server.errors import install_error_handlers
from vivavoce.server.guessing import MOST_KEYS
from vivavoce.server.intelligence import Intelligence
from vivavoce.server.limits import Admission
from vivavoce.server.loop_lag import watch_loop_lag
from vivavoce.server.metrics import Metrics
from vivavoce.server.models import DEFAULT_MODEL, Models, load_models
from vivavoce.server.openapi import openapi_schema
from vivavoce.server.services import Recognition, Services
from vivavoce.server.sessions import LiveSessions
from vivavoce.server.socket import LiveSocket
from vivavoce.server.tokens import Tokens
from vivavoce.settings import Settings
from vivavoce.storage.doorbell import answering
from vivavoce.storage.stores import Storage, open_storage

_log = structlog.get_logger(__name__)

_DESCRIPTION = """
Live speech-to-text that speaks Gladia's live API v2: clients written for it work by changing one URL.

`POST /v2/live` creates a session; its `url` is a WebSocket that takes raw audio (binary frames, or
`{"type": "audio_chunk", "data": {"chunk": "<base64>"}}`) and `{"type": "stop_recording"}`, and gives
acknowledgements, speech events, partial and final transcripts as JSON. The other calls show, list and
delete sessions and give their recordings.
"""


def create_app(settings: Settings, load: Callable[[Settings], Models] = load_models) -> FastAPI:
    """The server as an ASGI application. Nothing is opened or loaded before its lifespan begins.

    `load` runs in a thread when the lifespan begins; REST answers meanwhile, and `/readyz` tells.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_storage(settings.data_dir, fsync=settings.fsync) as storage:
            dispatcher = _dispatcher(storage, settings, app.state.metrics)
            services = app.state.services = Services(settings, storage, dispatcher, app.state.tokens)
            services.loading = asyncio.create_task(
                _load(services, load, app.state.metrics), name="load models"
            )
            watching = asyncio.create_task(watch_loop_lag(app.state.metrics.loop_lagged), name="loop lag")
            try:
                with answering(settings.data_dir, dispatcher.wake):
                    yield
            finally:
                watching.cancel()
                unfinished = await _stop(services)
        if services.recognition is not None:  # otherwise it never began
            _log.info("stopped", unfinished_sessions=unfinished)

    app = FastAPI(
        title="Vivavoce",
        version=version("vivavoce"),
        description=_DESCRIPTION.strip(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = lambda: openapi_schema(app)  # type: ignore[method-assign]
    app.state.door = Door(settings.max_connections, settings.client_timeout)
    app.state.tokens = Tokens(settings)
    app.state.metrics = _figures(app)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "HEAD", "POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=("x-request-id", "x-vivavoce-warning", "retry-after", "content-range"),
        )
    app.add_middleware(RequestContext, metrics=app.state.metrics)
    app.include_router(rest.router)
    app.include_router(capabilities.router)
    app.include_router(health.router)
    app.router.routes.append(WebSocketRoute("/v2/live", _Socket(app)))
    install_error_handlers(
        app, [*app.routes, *rest.router.routes, *capabilities.router.routes, *health.router.routes]
    )
    return app


class _Socket:
    """The WebSocket's door: open once the models are loaded; until then clients are told to come back."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        services: Services = self._app.state.services
        if services.recognition is not None:
            await LiveSocket(services.recognition.live, services.tokens)(scope, receive, send)
            return
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        await socket.close(TRY_AGAIN, "the server is starting")


async def _load(services: Services, load: Callable[[Settings], Models], metrics: Metrics) -> None:
    settings, storage = services.settings, services.storage
    about: dict[str, Any] = {"models": list(settings.served), "partials_model": settings.partials_name}
    _log.info("loading", **about, data_dir=str(settings.data_dir.resolve()))
    # What is wrong with its settings is to be known before anything is loaded.
    loaded: list[Models] = []
    backends = await asyncio.to_thread(backends_of, settings, lambda: loaded[0].interpreter)
    intelligence = Intelligence(backends, metrics.add_on_ran)
    models = await asyncio.to_thread(load, settings)
    models.redaction.share(intelligence.backends.entities.get)
    loaded.append(models)
    if settings.preload_add_ons:
        await asyncio.to_thread(intelligence.load)
    engine = Engine(models.vad, decoder_threads=settings.decoder_threads)
    limits = Limits(
        idle=settings.idle_timeout,
        duration=settings.max_session_duration,
        absence=settings.abandon_after,
    )
    sessions, enhanced = await asyncio.to_thread(_sessions_at_once, models, settings)
    capacity = Capacity(
        sessions,
        settings.decoder_threads,
        lambda: engine.load.lateness,
        settings.abandon_after,
        enhanced,
        services.left_behind,
    )
    admission = Admission(storage, services.active, capacity, settings.abandon_after)
    live = LiveSessions(
        storage,
        engine,
        models,
        intelligence,
        limits,
        admission,
        services.opening,
        services.sweep_if_idle,
        services.dispatcher.wake,
    )
    services.tokens.are_right(await storage.sessions.open_tokens(MOST_KEYS))
    engine.start()
    services.recognition = Recognition(engine, models, intelligence, live, admission, capacity)
    await services.sweep()
    if strays := await storage.strays():
        _log.warning(
            "audio_without_session",
            logs=len(strays),
            first=strays[0],
            remedy="if the database was lost or is an older copy, put the right one back; else delete them",
        )
    await live.take_up()
    await bleep_the_rest(storage)
    services.dispatch()
    # What is loaded stays: to look through all of it for garbage now and then takes 0.1 s.
    gc.collect()
    gc.freeze()
    _log.info(
        "ready",
        **about,
        sessions_at_once=capacity.sessions,
        one_with_enhancer_counts_as=round(capacity.enhanced, 2),
    )


def _dispatcher(storage: Storage, settings: Settings, metrics: Metrics) -> Dispatcher:
    sender = Sender(settings.callback_allow, settings.callback_timeout, AT_ONCE)
    retrying = Retrying(
        timedelta(seconds=settings.callback_backoff), timedelta(seconds=settings.callback_persistence)
    )
    return Dispatcher(storage.deliveries, sender, retrying, metrics.attempted)


def _sessions_at_once(models: Models, settings: Settings) -> tuple[int, float]:
    """And how many of them one with the audio enhancer stands for; who sets the number has counted that."""
    if settings.capacity:
        return settings.capacity, 1.0
    return measured(models.recognizers[DEFAULT_MODEL], models.enhancer, settings.decoder_threads)


async def _stop(services: Services) -> int:
    """How many sessions were still under way."""
    if services.recognition is None and services.loading is not None:
        services.loading.cancel()
    await services.loaded()
    unfinished = 0
    if services.recognition is not None:
        unfinished = services.recognition.live.running
        try:
            await services.recognition.live.drain()
        finally:
            await asyncio.to_thread(services.recognition.engine.stop)
            await asyncio.to_thread(services.recognition.models.close)
            services.recognition.intelligence.close()
    await services.stop_dispatching()
    await services.sweep()
    return unfinished


def _figures(app: FastAPI) -> Metrics:
    def of_recognition(value: Callable[[Recognition], float]) -> Callable[[], float]:
        def now() -> float:
            services: Services = app.state.services
            return value(services.recognition) if services.recognition else 0.0

        return now

    metrics = Metrics()
    for name, description, value in (
        ("sessions_live", "Sessions that run", lambda r: r.live.running),
        ("decodes_running", "Stretches of speech that are being decoded", lambda r: r.engine.load.running),
        ("finals_waiting", "Finals that wait for a decoder", lambda r: r.engine.load.finals),
        ("partials_waiting", "Partials that wait for a decoder", lambda r: r.engine.load.partials),
        ("finals_lateness_seconds", "How late finals are", lambda r: r.engine.load.lateness),
        ("capacity_sessions", "Sessions that are taken at once", lambda r: r.capacity.sessions),
    ):
        metrics.gauge(name, description, of_recognition(value))
    show_backlogs(metrics, app.state.door, lambda: app.state.services)
    return metrics
