"""What a session that ended right before a restart still has to say to a client that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from vivavoce.live.outgoing import Outgoing
from vivavoce.live.result import build_result
from vivavoce.protocol.messages import (
    EndRecordingMessage,
    EndSessionMessage,
    Message,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    PostSummarizationMessage,
    PostTranscriptMessage,
    TranscriptMessage,
    UnknownMessage,
)
from vivavoce.protocol.stream import Final
from vivavoce.server.stored import messages_of, request_of
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage

_ENDING = (
    EndRecordingMessage,
    PostTranscriptMessage,
    PostSummarizationMessage,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    EndSessionMessage,
)


async def last_words(stored: StoredSession, storage: Storage, *, told: bool) -> Sequence[str]:
    """The finals that were not sent, and the messages of the end, in order. Raises `StorageError`.

    A client that has `told` where it goes on passes over what comes twice, and gets every final. One that
    left without a stop wanted no more.
    """
    if stored.started_at and not stored.stopped:
        return ()
    said = await _said(stored.id, storage)
    finals = await storage.sessions.finals(stored.id)
    return await asyncio.to_thread(lambda: list(_words(stored, finals, said, told)))


async def store_last_words(session_id: str, words: Sequence[str], storage: Storage) -> None:
    """They have been sent: store those that are not yet. Raises `StorageError`."""
    said = await _said(session_id, storage)
    fresh = await asyncio.to_thread(_lasting, words)
    await storage.sessions.add(Entry(session_id, [text for name, text in fresh.items() if name not in said]))


async def _said(session_id: str, storage: Storage) -> dict[str, str]:
    """What the session has said that is said once, by what it is. Raises `StorageError`."""
    said: dict[str, str] = {}
    async for part in storage.sessions.messages(session_id):
        said |= await asyncio.to_thread(_lasting, part)
    return said


def _lasting(texts: Sequence[str]) -> dict[str, str]:
    messages = zip(texts, messages_of(texts), strict=True)
    return {name: text for text, message in messages if (name := _name(message))}


def _name(message: Message | UnknownMessage) -> str | None:
    if isinstance(message, TranscriptMessage):
        return message.data.id if message.data.is_final else None
    return message.type if isinstance(message, _ENDING) else None


def _words(stored: StoredSession, finals: Sequence[Final], said: dict[str, str], told: bool) -> Iterator[str]:
    """What was said before the restart is said again in the same words."""
    assert stored.completed_at is not None, "only a session that has ended has last words"
    request, ended = request_of(stored), stored.completed_at.timestamp()
    out = Outgoing(stored.id, request)
    for final in finals:
        known = said.get(final.utterance.id)
        message = out.transcript(final.utterance, ended, final=True)
        if message is not None and message.audience.socket and (told or known is None):
            yield known or message.text
    result = build_result(
        request,
        finals,
        audio_duration=stored.audio_duration,
        transcription_time=stored.transcription_time,
        clock=lambda: ended,
    )
    ends = (out.end_recording(ended, stored.audio_duration), *out.post_processing(result, ended))
    for message in (*ends, out.end_session(ended)):
        if message is not None and message.audience.socket:
            yield said.get(message.type, message.text)
