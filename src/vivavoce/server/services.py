"""What the parts of a running server share; made when it starts, by `app`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request

from vivavoce.engine.engine import Engine
from vivavoce.errors import StorageError
from vivavoce.server.callbacks.dispatcher import Dispatcher
from vivavoce.server.capacity import Capacity
from vivavoce.server.guessing import Guessing
from vivavoce.server.intelligence import Intelligence
from vivavoce.server.limits import Admission
from vivavoce.server.models import Models
from vivavoce.server.opening import Opening
from vivavoce.server.runtime import SessionRuntime
from vivavoce.server.sessions import LiveSessions
from vivavoce.server.storage_check import StorageCheck
from vivavoce.server.tokens import Tokens
from vivavoce.settings import Settings
from vivavoce.storage.records import Place
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)


_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Recognition:
    """What there is once the models are loaded."""

    engine: Engine
    models: Models
    intelligence: Intelligence
    live: LiveSessions
    admission: Admission
    capacity: Capacity


@dataclass(slots=True)
class Services:
    """`recognition` is None until the models are loaded; `loading` ends then, or with the reason why not.

    `dispatching` begins when the sessions that were cut off have been taken up.
    """

    settings: Settings
    storage: Storage
    dispatcher: Dispatcher
    tokens: Tokens
    recognition: Recognition | None = None
    loading: asyncio.Task[None] | None = None
    dispatching: asyncio.Task[None] | None = None
    opening: Opening = field(default_factory=Opening)
    guessing: Guessing = field(default_factory=Guessing)
    learning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    """Held while the server finds out how a vocabulary sounds, which takes a thread for seconds."""
    building: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    """Held while the transcripts of an answer are in memory as what they are, several times their JSON."""
    leaving: bool = False
    """Whether a signal has come: the server takes no more sessions."""
    _check: StorageCheck = field(init=False)

    def __post_init__(self) -> None:
        self._check = StorageCheck(self.storage)

    def active(self) -> Mapping[str, Place]:
        """The sessions that run and are not abandoned."""
        return self.recognition.live.active if self.recognition else {}

    def left_behind(self) -> int:
        """How many sessions are abandoned and still to be recognised."""
        return self.recognition.live.left_behind if self.recognition else 0

    def live(self, session_id: str) -> SessionRuntime | None:
        """The session if it runs here and has not ended."""
        return self.recognition.live.get(session_id) if self.recognition else None

    async def delete(self, session_id: str) -> bool:
        """Whether the session is deleted: not while it is live. Raises `StorageError`."""
        async with self.opening.lock:
            if self.live(session_id) or await self._is_to_be_taken_up(session_id):
                return False
            self.opening.deleting.append(session_id)
        try:
            if self.recognition is not None:
                await self.recognition.live.forget(session_id)
            await self.storage.delete_session(session_id)
        finally:
            self.opening.deleting.remove(session_id)
        return True

    async def _is_to_be_taken_up(self, session_id: str) -> bool:
        return self.dispatching is None and await self.storage.is_unfinished(session_id)

    async def sweep_if_idle(self) -> None:
        """Remove the last traces of deleted sessions now, unless a running session would have to wait for it.

        What is put off is done after a later deletion, or when the server stops.
        """
        if self.recognition is not None and self.recognition.live.running:
            return
        await self.sweep()

    async def sweep(self) -> None:
        """Remove the last traces of deleted sessions, or put it off where it cannot be done."""
        try:
            await self.storage.sweep()
        except StorageError as error:
            _log.warning("sweep_put_off", reason=str(error))

    def dispatch(self) -> None:
        """Begin to deliver."""
        self.dispatching = asyncio.create_task(self.dispatcher.run(), name="deliver")
        self.dispatching.add_done_callback(_dispatched)

    async def stop_dispatching(self) -> None:
        """Deliver nothing more; what is left is kept."""
        self.dispatcher.stop()
        if self.dispatching is not None:
            await asyncio.wait([self.dispatching])

    async def loaded(self) -> BaseException | None:
        """Wait until the models are loaded, or no longer wanted; gives the reason if they cannot be."""
        assert self.loading is not None, "the application has not started"
        await asyncio.wait([self.loading])
        return None if self.loading.cancelled() else self.loading.exception()

    @property
    def missing(self) -> str | None:
        """What the server lacks to take sessions, in words; None when it is ready."""
        if self.loading is None or not self.loading.done():
            return "the models are being loaded"
        if not self.loading.cancelled() and (failed := self.loading.exception()):
            return f"starting failed: {failed}"
        if self.recognition is None or self.leaving or self.recognition.live.draining:
            return "the server is going down"
        if not self.recognition.engine.healthy:
            return "a thread of the engine has died: restart the server"
        return None

    async def lacks(self) -> str | None:
        """As `missing`; it is looked at, too, whether anything can be stored."""
        if not self.missing and await self._check.fails():
            return "nothing can be stored; the log says why"
        return self.missing

    async def ready(self) -> Recognition:
        """Raises `HTTPException` 503 while something is missing."""
        lacking = await self.lacks()
        if self.recognition is None or lacking:
            raise HTTPException(503, f"not ready: {lacking}", headers={"Retry-After": "2"})
        return self.recognition


def _dispatched(task: asyncio.Task[None]) -> None:
    # A defect of ours: nothing is lost, and delivered after the next start.
    if not task.cancelled() and (defect := task.exception()):
        _log.error("dispatcher_crashed", exc_info=defect)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Serving = Annotated[Services, Depends(_services)]
