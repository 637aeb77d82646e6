"""What a session that ended right before a restart still has to say to a client that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import get_args

from vivavoce.live.message import Message
from vivavoce.live.outgoing import Outgoing
from vivavoce.live.result import build_result
from vivavoce.protocol.add_ons import AddOnResult, PostAddOn
from vivavoce.protocol.messages import Key, key_of
from vivavoce.protocol.responses import pieces_of
from vivavoce.protocol.stream import Final
from vivavoce.server.garbage import full_collections_wait, let_go
from vivavoce.server.stored import messages_of, of_finals, request_of
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage


async def last_words(stored: StoredSession, storage: Storage, *, told: bool) -> Sequence[str]:
    """Finals and what add-ons said of them, where it was not sent, and the end, in order.

    Raises `StorageError`.

    A client that has `told` where it goes on passes over what comes twice, and gets every final. One that
    left without a stop wanted no more.
    """
    if stored.started_at and not stored.stopped:
        return ()
    said = await _said(stored.id, storage)
    finals = await storage.sessions.finals(stored.id)
    results = await storage.sessions.add_ons(stored.id)
    words = full_collections_wait()(lambda: list(_words(stored, finals, results, said, told)))
    return await asyncio.to_thread(words)


async def store_last_words(session_id: str, words: Sequence[str], storage: Storage) -> None:
    """They have been sent: store those that are not yet. Raises `StorageError`."""
    said = await _said(session_id, storage)
    fresh = await asyncio.to_thread(_lasting, words)
    await storage.sessions.add(Entry(session_id, [text for key, text in fresh.items() if key not in said]))


async def _said(session_id: str, storage: Storage) -> dict[Key, str]:
    """What the session has said that is said once, by what it is. Raises `StorageError`."""
    said: dict[Key, str] = {}
    async for part in storage.sessions.messages(session_id):
        said |= await asyncio.to_thread(_lasting, part)
    return said


def _lasting(texts: Sequence[str]) -> dict[Key, str]:
    messages = zip(texts, messages_of(texts), strict=True)
    return {key: text for text, message in messages if (key := key_of(message))}


def _words(
    stored: StoredSession,
    finals: Sequence[Final],
    results: Sequence[AddOnResult],
    said: dict[Key, str],
    told: bool,
) -> Iterator[str]:
    """What was said before the restart is said again in the same words."""
    assert stored.completed_at is not None, "only a session that has ended has last words"
    request, ended = request_of(stored), stored.completed_at.timestamp()
    out = Outgoing(stored.id, request)
    known = {final.utterance.id: final.utterance for final in finals}
    each_once: list[tuple[Key, Message | None]] = [
        (("transcript", id_, ""), out.transcript(each, ended, final=True)) for id_, each in known.items()
    ]
    each_once += [
        (result.key, out.add_on(result, known[result.utterance_id], ended).message)
        for result in of_finals(stored.id, results, finals)
        # What an error was of is not said: it was told, as far as anybody can know.
        if not result.error
    ]
    for key, message in each_once:
        if message is not None and message.audience.socket and (told or key not in said):
            yield said.get(key, message.text)
    result = build_result(
        request,
        finals,
        results,
        audio_duration=stored.audio_duration,
        transcription_time=stored.transcription_time,
        clock=lambda: ended,
        over=True,
    )
    assert result.transcription is not None, "every result has a transcription"
    ends = (
        out.end_recording(ended, stored.audio_duration),
        out.transcribed(result.transcription, ended).message,
        *(out.add_on(each, None, ended).message for each in results if each.name in get_args(PostAddOn)),
        out.post_final_transcript(result, ended),
        out.end_session(ended),
    )
    pieces = list(pieces_of(result))
    del result
    let_go(pieces)
    for message in ends:
        if message is not None and message.audience.socket:
            yield said.get((message.type, "", ""), message.text)
