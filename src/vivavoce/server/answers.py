"""The session object that GET shows, from what is stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from time import perf_counter

from vivavoce.live.result import build_result
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.responses import SessionFile, SessionObject, timestamp
from vivavoce.protocol.stream import Final
from vivavoce.server.recording import Recording, filename
from vivavoce.server.stored import request_of
from vivavoce.storage.records import StoredSession


def session_object(
    stored: StoredSession,
    finals: Sequence[Final],
    results: Sequence[AddOnResult],
    recording: Recording | None,
) -> SessionObject:
    """The session as it is now, running or not, without its messages."""
    request = request_of(stored)
    recorded = recording.seconds if recording else 0.0
    duration = stored.audio_duration if stored.completed_at else recorded
    file = SessionFile(
        id=stored.id,
        filename=filename(stored.id),
        audio_duration=duration,
        number_of_channels=request.channels,
    )
    result = build_result(
        request,
        finals,
        results,
        audio_duration=duration,
        transcription_time=stored.transcription_time,
        clock=perf_counter,
        over=stored.completed_at is not None,
    )
    return damaged_object(stored).model_copy(
        update={
            "file": file if recording else None,
            # That it has begun is noted after its first audio: when the server has started, if it was killed.
            "status": "processing" if recording and stored.status == "queued" else stored.status,
            "request_params": request.request_params(),
            "result": result,
        }
    )


def damaged_object(stored: StoredSession) -> SessionObject:
    """What can be said of a session whose request or audio cannot be read."""
    return SessionObject(
        id=stored.id,
        request_id=stored.request_id,
        status=stored.status,
        created_at=timestamp(stored.created_at),
        completed_at=timestamp(stored.completed_at) if stored.completed_at else None,
        custom_metadata=dict(stored.custom_metadata) if stored.custom_metadata is not None else None,
        post_session_metadata=dict(stored.post_session_metadata),
        error_code=stored.error_code,
    )


async def with_messages(text: str, parts: AsyncIterable[Sequence[str]]) -> AsyncIterator[str]:
    """The JSON of a session object, its messages put in as they are read: they may be many megabytes."""
    end = "]}}"
    assert text.endswith(f'"messages":[{end}'), "the messages are the last field of the last field"
    yield text.removesuffix(end)
    separator = ""
    async for messages in parts:
        yield separator + ",".join(map(json.dumps, messages))
        separator = ","
    yield end
