"""Sessions and finals to store."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from vivavoce.protocol.stream import Final, Utterance, Word
from vivavoce.storage.records import NewSession
from vivavoce.storage.stores import Storage

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
FINISHED: dict[str, Any] = {
    "at": NOON + timedelta(minutes=2),
    "error_code": None,
    "audio_bytes": 64_044,
    "header_bytes": 44,
    "audio_duration": 2.0,
    "transcription_time": 0.25,
}
"""How a session ended, as `finish` takes it."""


def new_session(**changes: Any) -> NewSession:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "request_id": "G-12345678",
        "key_id": None,
        "token": uuid.uuid4().hex,
        "created_at": NOON,
        "request": {"sample_rate": 16000, "channels": 1},
    }
    return NewSession(**values | changes)


async def use(storage: Storage, key_id: str, seconds: float, at: datetime) -> str:
    """The id of a session that ended at `at` and used so many seconds of the key's plan."""
    session = new_session(key_id=key_id)
    await storage.sessions.create(session)
    await storage.sessions.finish(
        session.id,
        status="done",
        at=at,
        error_code=None,
        audio_bytes=0,
        header_bytes=0,
        audio_duration=seconds,
        transcription_time=0.0,
        billed=(key_id, seconds),
    )
    return session.id


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def final(number: int, text: str = " Split infinity", *, channel: int = 0) -> Final:
    words = tuple(
        Word(f" {word}", number + index / 10, number + index / 10 + 0.1, 0.75)
        for index, word in enumerate(text.split())
    )
    utterance = Utterance(f"{channel:02}_{number:08}", channel, float(number), number + 0.9, "en", words)
    return Final(utterance, resume_offset=number * 32_000)
