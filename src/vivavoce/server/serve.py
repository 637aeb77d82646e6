"""Runs the server in this process, from the check of its address to the last session's good-bye."""

from __future__ import annotations

import asyncio
import os
import resource
import shlex
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from vivavoce.errors import ConfigurationError, StorageError
from vivavoce.processes import die_of, handling
from vivavoce.server.address import is_loopback, listen
from vivavoce.server.app import create_app
from vivavoce.server.door import Door
from vivavoce.server.handshake import TlsListener
from vivavoce.server.http import Http
from vivavoce.server.logs import configure_logging
from vivavoce.server.models import Models, load_models
from vivavoce.server.services import Services
from vivavoce.server.tls import tls_context
from vivavoce.server.wire import Wire
from vivavoce.settings import Settings
from vivavoce.storage.claim import claimed
from vivavoce.storage.stores import is_there, open_storage

_log = structlog.get_logger(__name__)

# Files that are open beside those of connections and sessions: databases, models, pipes.
_OTHER_FILES = 200
# Seconds for sockets to close after a signal; what a session has then is stored and taken up again.
_GOODBYE = 5
# Seconds after which the process ends whatever still runs, after one signal and after another one. Nothing is
# lost by that: what was acknowledged is in the logs.
_AT_LAST, _AT_ONCE = 25.0, 2.0
# Seconds after which a thread that computes in Python lets another one go on. Each system call of the event
# loop may wait for as long as this for the engine thread.
_SWITCH = 0.0003


def run(
    settings: Settings, ready: Callable[[str, bool], None], load: Callable[[Settings], Models] = load_models
) -> None:
    """As `serve`, in an event loop of its own; the signal that ends it ends the process."""
    sys.setswitchinterval(_SWITCH)

    async def until_a_signal() -> None:
        number = await serve(settings, ready, load)
        if number is not None:
            # All is closed. To leave the loop would be to wait for its threads, and one may load for seconds.
            die_of(number)

    uvloop.run(until_a_signal())


async def serve(
    settings: Settings, ready: Callable[[str, bool], None], load: Callable[[Settings], Models] = load_models
) -> int | None:
    """Serve until a signal, and give its number. `ready` gets the URL and whether keys exist, when sessions
    can be created.

    Raises `ConfigurationError` (an address that it may not or cannot listen on, weights that are missing)
    and `StorageError` (the data directory cannot be used, or another server or command uses it).
    """
    configure_logging(settings)
    is_new = not is_there(settings.data_dir)
    # Before anything is made: who mends a setting may name another directory.
    tls = tls_context(settings)
    if is_new:
        _check_keyless(settings)
    with claimed(settings.data_dir):
        if is_new:
            _log.info("data_directory_new", path=str(settings.data_dir.resolve()))
        _warn_of_other_users(settings.data_dir)
        return await _serve(settings, ready, load, tls)


async def _serve(
    settings: Settings,
    ready: Callable[[str, bool], None],
    load: Callable[[Settings], Models],
    tls: ssl.SSLContext | None,
) -> int | None:
    has_keys = await check_address(settings)
    app = create_app(settings, load)
    door: Door = app.state.door
    _allow_files(2 * door.most)
    config = uvicorn.Config(
        app,
        http=partial(Http, door=door, tokens=app.state.tokens),  # type: ignore[arg-type]
        ws=partial(Wire, door=door),  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        proxy_headers=False,  # whom to believe is `trusted_proxies`
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE,
        ws_max_size=settings.max_frame_bytes,
        ws_per_message_deflate=False,  # audio does not get smaller, only later
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )
    with _listen(settings) as listening:
        server = _Server(config, lambda: _leave(app), door)
        serving = asyncio.create_task(server.serve([listening]))
        await server.up.wait()
        if not server.started:
            try:
                await serving
            except OSError as error:
                raise _cannot_listen(settings, error) from error
            raise StorageError("the server could not start; the log says why")
        services: Services = app.state.services
        problem = await services.loaded()
        if problem is None and not server.should_exit:
            ready(_url(settings, listening), has_keys)
        server.should_exit |= problem is not None
        await serving
        server.has_ended()
        if problem is not None:
            raise problem
        return server.ended_by


async def check_address(settings: Settings) -> bool:
    """Whether the server has keys. Raises `ConfigurationError` if it has none and would be open to others."""
    async with open_storage(settings.data_dir, verify=True) as storage:
        has_keys = await storage.keys.any()
    if not has_keys:
        _check_keyless(settings)
    return has_keys


def _check_keyless(settings: Settings) -> None:
    making = f"`vivavoce keys create{settings.data_dir_option}`"
    if not is_loopback(settings.host):
        raise ConfigurationError(
            f"without an API key the server listens on loopback only, not on {settings.host}: "
            f"run {making}, or set VIVAVOCE_HOST=127.0.0.1"
        )
    # What a proxy on this machine passes on may look as if it came from here.
    public = settings.public_url and urlsplit(settings.public_url).hostname
    if settings.trusted_proxies or (public and not is_loopback(public)):
        raise ConfigurationError(
            "with VIVAVOCE_PUBLIC_URL or VIVAVOCE_TRUSTED_PROXIES the server is there for others, "
            f"which takes an API key: run {making}"
        )


def _warn_of_other_users(data_dir: Path) -> None:
    if data_dir.stat().st_mode & 0o077:
        _log.warning(
            "data_directory_open_to_others",
            path=str(data_dir),
            advice=f"chmod -R go= {shlex.quote(str(data_dir))}",
        )


class _Server(uvicorn.Server):
    """Remembers the signal that ends it, where uvicorn raises all of them again while asyncio runs."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None], door: Door) -> None:
        super().__init__(config)
        self._leave = leave
        self._door = door
        self._ends: list[threading.Timer] = []
        self.up = asyncio.Event()
        self.ended_by: int | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with handling(HANDLED_SIGNALS, self.handle_exit):
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # A thread of its own ends the process, since what hangs may be the event loop, or the disk.
        end = threading.Timer(_AT_ONCE if self.ended_by else _AT_LAST, os._exit, [128 + sig])
        end.daemon = True
        end.start()
        self._ends.append(end)
        self.ended_by = self.ended_by or sig
        self._leave()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:
            # A second Ctrl-C need not wait for clients, but what is open is closed all the same.
            await self.lifespan.shutdown()

    def has_ended(self) -> None:
        for end in self._ends:
            end.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # Uvicorn listens on none of them: the door would know nobody before the end of a handshake.
            await super().startup([])
            await self._listen(sockets or ())
        except SystemExit:
            # That is how uvicorn ends, in the midst of the event loop, where the application could not begin.
            self.should_exit = True
        except OSError:
            self.started = False
            await self.lifespan.shutdown()
            raise
        finally:
            self.up.set()

    async def _listen(self, sockets: Iterable[socket.socket]) -> None:
        of_http: Callable[..., Http] = self.config.http_protocol_class  # type: ignore[assignment]
        http = partial(
            of_http,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        loop, backlog = asyncio.get_running_loop(), self.config.backlog
        for each in sockets:
            if self.config.ssl:
                secure = TlsListener(each, http, self.config.ssl, self._door, self.server_state)
                secure.listen(backlog)
                self.servers.append(secure)  # type: ignore[arg-type]
            else:
                self.servers.append(await loop.create_server(http, sock=each, backlog=backlog))


def _allow_files(most: int) -> None:
    """Have the system allow so many sockets and logs, if it may, beside those that are open already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _leave(app: FastAPI) -> None:
    """No more sessions are created from now on."""
    services: Services | None = getattr(app.state, "services", None)
    if services is not None:
        services.leaving = True


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        raise _cannot_listen(settings, error) from error


def _cannot_listen(settings: Settings, error: OSError) -> ConfigurationError:
    reason = str(error.strerror).partition(" (")[0]
    return ConfigurationError(
        f"cannot listen on {settings.host}:{settings.port}: {reason}; "
        "set VIVAVOCE_HOST and VIVAVOCE_PORT to a free address of this machine"
    )


def _url(settings: Settings, listening: socket.socket) -> str:
    if settings.public_url:
        return settings.public_url
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{host}:{listening.getsockname()[1]}"
