"""How a session ends: its result is built, and its end is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from vivavoce.live.effects import Effect, Finish
from vivavoce.live.result import build_result
from vivavoce.live.session import LiveSession
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final
from vivavoce.storage.records import StoredSession
from vivavoce.storage.sessions import SessionStore

_log = structlog.get_logger(__name__)


def conclude(
    live: LiveSession, request: LiveRequest, finals: Sequence[Final], clock: Callable[[], float]
) -> Sequence[Effect]:
    """Tell the session its result, which takes most of a second for hours. `clock` gives Unix seconds."""
    now = clock()
    result = build_result(
        request,
        finals,
        audio_duration=live.audio_duration,
        transcription_time=live.transcription_time(now),
        clock=clock,
    )
    return live.post_processed(result, now)


async def store_end(
    sessions: SessionStore, stored: StoredSession, live: LiveSession, finish: Finish, channels: int
) -> None:
    """Store how it ended and what is billed to its key, in one. Raises `StorageError`."""
    duration = live.audio_duration
    await sessions.finish(
        stored.id,
        status=finish.status,
        at=datetime.now(UTC),
        error_code=finish.error_code,
        audio_bytes=live.received,
        header_bytes=live.header_bytes,
        audio_duration=duration,
        transcription_time=finish.transcription_time,
        billed=None if stored.key_id is None else (stored.key_id, duration * channels),
    )
    _log.info("session_ended", session=stored.id, status=finish.status, seconds=round(duration, 1))
