"""The sessions that run in this process: found by their token, counted, stopped with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import structlog

from vivavoce.engine.engine import Engine
from vivavoce.errors import StorageError, VivavoceError
from vivavoce.live.limits import Limits
from vivavoce.protocol.close_codes import DELETED, DONE, EXPIRED, RESTARTING
from vivavoce.server.backlog import Backlog
from vivavoce.server.bleeping import bleep
from vivavoce.server.callbacks.posting import Posting
from vivavoce.server.farewell import last_words, store_last_words
from vivavoce.server.intelligence import Intelligence
from vivavoce.server.kept import Kept
from vivavoce.server.limits import Admission, Caller
from vivavoce.server.models import Models
from vivavoce.server.opening import Opening
from vivavoce.server.recording import Recording
from vivavoce.server.runtime import SessionRuntime
from vivavoce.server.stored import request_of
from vivavoce.server.surroundings import Surroundings
from vivavoce.server.wording import recognizer_for
from vivavoce.storage.audio_log import AudioLog
from vivavoce.storage.records import NewDelivery, Place, StoredSession
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)

_GRACE = 60.0
"""Seconds that an ended session waits for its client to fetch the last messages."""
_MUCH = 30.0
"""Seconds of audio that keep recognition from others for more than a moment."""


_LATE = timedelta(seconds=_GRACE)
_GONE = DELETED, "the session has been deleted"
_OVER = "the token is wrong, or its session is over: create a session with POST /v2/live"


class Refused(VivavoceError):  # noqa: N818 - a state of the connection
    """A socket may not be connected to its session; it is closed with `code`, after `messages`."""

    def __init__(self, code: int, reason: str, messages: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.code = code
        self.messages = messages


class Ended(Refused):
    """The session ended right before a restart. Its last `messages` are stored when they have been sent."""

    def __init__(self, session_id: str, messages: Sequence[str]) -> None:
        super().__init__(DONE, "the session has ended", messages)
        self.session_id = session_id


class LiveSessions:
    """Sessions come in by their token and leave when they have ended and been delivered.

    `idle` is awaited when the last one that ran has ended; `posted` is called when one has stored something
    that is to be posted.
    """

    def __init__(
        self,
        storage: Storage,
        engine: Engine,
        models: Models,
        intelligence: Intelligence,
        limits: Limits,
        admission: Admission,
        opening: Opening,
        idle: Callable[[], Coroutine[Any, Any, None]],
        posted: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._models = models
        self._around = Surroundings(storage, engine, intelligence, limits, self._ended, posted)
        self._runtimes: dict[str, SessionRuntime] = {}
        self._tasks: dict[asyncio.Task[None], SessionRuntime] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._admission = admission
        self._idle = idle
        self._opening = opening
        self._parting = asyncio.Lock()
        self._draining = False
        self.arrivals = count(1)
        """Numbers for connections, in the order in which they come."""

    @property
    def draining(self) -> bool:
        """Whether the server is going down and takes no more connections."""
        return self._draining

    def get(self, session_id: str) -> SessionRuntime | None:
        """The session if it runs here and its end has not been stored yet."""
        runtime = self._runtimes.get(session_id)
        return None if runtime is None or runtime.finished else runtime

    @property
    def active(self) -> Mapping[str, Place]:
        """The sessions that run and are not abandoned."""
        return {runtime.id: runtime.place for runtime in self._runtimes.values() if runtime.counts}

    @property
    def running(self) -> int:
        return sum(not runtime.finished for runtime in self._runtimes.values())

    @property
    def left_behind(self) -> int:
        """The sessions that were abandoned and whose audio is not recognised yet."""
        runtimes = self._runtimes.values()
        return sum(not (each.ended or each.counts) and each.backlog.audio > _MUCH for each in runtimes)

    @property
    def backlogs(self) -> Iterator[Backlog]:
        """What waits in each session that is here, ended ones included."""
        return (runtime.backlog for runtime in self._runtimes.values())

    async def find(self, token: str, *, tells: bool) -> SessionRuntime:
        """The session of this token, for a client that may tell where it goes on.

        Raises `Refused` and StorageError.
        """
        # Who has no session does not keep those waiting who have one.
        stored, owner = await self._owned(token, (EXPIRED, _OVER))
        if runtime := self._runtimes.get(stored.id):
            return runtime
        async with self._opening.lock:
            # Before it is read again: a deletion may end meanwhile, and what was read would still be there.
            if stored.id in self._opening.deleting:
                raise Refused(*_GONE)
            stored, owner = await self._owned(token, _GONE)  # it was there when the socket came
            if stored.id not in self._runtimes:
                await self._begin(stored, owner)
            if runtime := self._runtimes.get(stored.id):
                return runtime
        if stored.status == "done" and stored.completed_at and _now() - stored.completed_at < _LATE:
            # Its client may not have heard of that.
            raise Ended(stored.id, await last_words(stored, self._storage, told=tells))
        raise Refused(EXPIRED, _OVER)

    async def said(self, ended: Ended, messages: Sequence[str]) -> None:
        """These of its messages have been sent. Raises StorageError."""
        # Two sockets may have been sent them; they are stored once.
        async with self._parting:
            await store_last_words(ended.session_id, messages, self._storage)

    async def _owned(self, token: str, otherwise: tuple[int, str]) -> tuple[StoredSession, Caller]:
        """The session of this token, and whose it is. If there is none, the socket is refused `otherwise`."""
        stored = await self._storage.sessions.by_token(token)
        if stored is None:
            raise Refused(*otherwise)
        owner = await self._admission.owner(stored)
        if owner is None:
            raise Refused(EXPIRED, "the API key of this session is revoked")
        return stored, owner

    async def _begin(self, stored: StoredSession, owner: Caller) -> None:
        if stored.status == "queued" and (refusal := await self._admission.refusal(stored, owner, _now())):
            raise Refused(*refusal)
        if stored.status in ("queued", "processing"):
            await self._start(stored)

    async def take_up(self) -> None:
        """Go on with the sessions that were cut off when the server last stopped. Raises StorageError.

        Until this is over, nobody deletes one of them.
        """
        async with self._opening.lock:
            for stored in await self._storage.unfinished():
                if stored.id in self._runtimes:
                    # Its client was quicker.
                    continue
                try:
                    await self._start(stored)
                except StorageError as error:
                    _log.error("session_not_taken_up", session=stored.id, error=str(error))
                else:
                    _log.info("session_taken_up", session=stored.id)

    async def forget(self, session_id: str) -> None:
        """It is being deleted, and does not run any more: who is still connected is told so."""
        if runtime := self._runtimes.pop(session_id, None):
            await runtime.close(*_GONE)

    async def drain(self) -> None:
        """Close every socket with a code after which clients come back, and let go of all sessions."""
        self._draining = True
        # Together, so that all share a transaction.
        await asyncio.gather(*map(self._leave, list(self._runtimes.values())))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._chores, return_exceptions=True)

    async def _leave(self, runtime: SessionRuntime) -> None:
        try:
            await runtime.close(RESTARTING, "the server is restarting")
        except StorageError as error:
            _log.error("session_not_stored", session=runtime.id, error=str(error))

    async def _start(self, stored: StoredSession) -> None:
        request = request_of(stored)
        recognizer = recognizer_for(request, self._models)
        if recognizer is None:
            raise StorageError(f"session {stored.id} wants the model {request.model}, which is not loaded")
        kept = await Kept.of(stored, self._storage) if stored.status == "processing" else Kept()
        posting = Posting(stored.id, await self._storage.deliveries.destinations(stored.id))
        log = await asyncio.to_thread(self._storage.audio.open, stored.id)
        if log.size < kept.acknowledged:
            await self._end_damaged(stored, log, kept, posting.closing(request, _now()))
        runtime = SessionRuntime(stored, request, recognizer, log, self._around, kept, posting)
        self._runtimes[stored.id] = runtime
        task = asyncio.get_running_loop().create_task(runtime.run(), name=f"session {stored.id}")
        self._tasks[task] = runtime
        task.add_done_callback(self._task_ended)
        if stored.status == "queued" and log.size:
            # The server was killed when its first audio was written, and before that was noted.
            await runtime.begin_late()

    async def _end_damaged(
        self, stored: StoredSession, log: AudioLog, kept: Kept, deliveries: Sequence[NewDelivery]
    ) -> None:
        """What the log lacks nobody can give back: no more audio is taken, since it would be at a wrong time.

        Raises StorageError.
        """
        size = log.size
        log.close()
        error = f"audio that was acknowledged is gone: {kept.acknowledged} bytes, of which {size} are left"
        await self._end_unrun(stored, error, size, deliveries)
        raise StorageError(f"{error}; VIVAVOCE_FSYNC=true keeps it through a loss of power")

    async def _end_unrun(
        self, stored: StoredSession, error: str, audio_bytes: int, deliveries: Sequence[NewDelivery]
    ) -> None:
        """Store that a session has failed that does not run. Raises StorageError."""
        await self._storage.sessions.add_metadata(stored.id, {"error": error})
        recording = await asyncio.to_thread(Recording.of, stored, self._storage.audio)
        await self._storage.sessions.finish(
            stored.id,
            status="error",
            at=_now(),
            error_code=500,
            audio_bytes=audio_bytes,
            header_bytes=recording.audio_start if recording else 0,
            audio_duration=recording.seconds if recording else 0.0,
            transcription_time=0.0,
            deliveries=deliveries,
        )
        await bleep(stored.id, self._storage)
        if deliveries:
            self._around.posted()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        runtime = self._tasks.pop(task)
        if not task.cancelled() and (defect := task.exception()) is not None:
            self.crashed(runtime, defect)

    @contextmanager
    def serving(self, runtime: SessionRuntime) -> Iterator[None]:
        """What a socket does for its session: a defect in it ends the session, and is raised again."""
        with ExitStack() as stack:
            stack.push(lambda _, defect, __: self._socket_left(runtime, defect))
            yield

    def _socket_left(self, runtime: SessionRuntime, defect: BaseException | None) -> None:
        # What storage cannot do now is no defect: the client comes back.
        if isinstance(defect, Exception) and not isinstance(defect, StorageError):
            self.crashed(runtime, defect)

    def crashed(self, runtime: SessionRuntime, defect: BaseException) -> None:
        """A defect of ours ends the session that met it, and no other."""
        _log.error("session_crashed", session=runtime.id, exc_info=defect)
        # It is buried once: until its end is stored, a second burial would make room for another runtime.
        if runtime.fail():
            self._do(self._bury(runtime))

    async def _bury(self, runtime: SessionRuntime) -> None:
        burial = asyncio.get_running_loop().create_task(runtime.bury())
        await asyncio.wait([burial])
        try:
            if (problem := burial.exception()) is not None:
                await self._end_unburied(runtime.id, problem)
        except StorageError as error:
            _log.error("session_not_stored", session=runtime.id, error=str(error))
        finally:
            self._runtimes.pop(runtime.id, None)

    async def _end_unburied(self, session_id: str, problem: BaseException) -> None:
        """Its burial met a `problem`: if that is a defect, too, it ends as one that does not run.

        Raises StorageError, and `problem` if it is one.
        """
        if isinstance(problem, StorageError):
            raise problem
        _log.error("session_crashed", session=session_id, exc_info=problem)
        stored = await self._storage.sessions.get(session_id)
        if stored is not None and stored.status in ("queued", "processing"):
            posting = Posting(session_id, await self._storage.deliveries.destinations(session_id))
            deliveries = posting.closing(request_of(stored), _now())
            await self._end_unrun(stored, "an internal error", 0, deliveries)

    def _ended(self, runtime: SessionRuntime) -> None:
        asyncio.get_running_loop().call_later(_GRACE, self._runtimes.pop, runtime.id, None)
        if not self.running and not self._draining:
            self._do(self._idle())

    def _do(self, chore: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


def _now() -> datetime:
    return datetime.now(UTC)
