"""Sessions and finals to store."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from vivavoce.protocol.stream import Final, Utterance, Word
from vivavoce.storage.records import NewSession

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


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


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def final(number: int, text: str = " Split infinity", *, channel: int = 0) -> Final:
    words = tuple(
        Word(f" {word}", number + index / 10, number + index / 10 + 0.1, 0.75)
        for index, word in enumerate(text.split())
    )
    utterance = Utterance(f"{channel:02}_{number:08}", channel, float(number), number + 0.9, "en", words)
    return Final(utterance, resume_offset=number * 32_000)
