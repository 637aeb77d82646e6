"""A stored session once more through the machines that it went through, and what is different now."""

from __future__ import annotations

import asyncio
import math
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final as Constant

from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.engine import Engine
from vivavoce.errors import StorageError, VivavoceError
from vivavoce.live.limits import Limits
from vivavoce.protocol.close_codes import DONE
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final, Utterance, Word
from vivavoce.server.backends import no_backends
from vivavoce.server.callbacks.posting import Posting
from vivavoce.server.intelligence import Intelligence
from vivavoce.server.kept import Kept
from vivavoce.server.models import Models
from vivavoce.server.patience import Patience
from vivavoce.server.recorded import Recorded
from vivavoce.server.runtime import SessionRuntime
from vivavoce.server.stored import request_of
from vivavoce.server.surroundings import Surroundings
from vivavoce.server.wording import recognizer_for
from vivavoce.storage.failures import file_error
from vivavoce.storage.records import NewSession, StoredSession
from vivavoce.storage.stores import open_storage

_FRAME_SECONDS = 0.1
_ENDLESS: Constant = Limits(idle=1e6, duration=1e9, absence=1e6)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`lines` show what differs, none if nothing does. `later`: finals after the stored session's end."""

    same: int
    lines: Sequence[str]
    later: int


class _Client:
    """The connection of a client that takes all and says nothing."""

    ready = False

    def __init__(self) -> None:
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def send_now(self, text: str) -> None:
        raise AssertionError("it is never ready")

    async def send(self, text: str) -> bool:
        return True

    def ask(self, number: int) -> None:
        pass

    async def close(self, code: int, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_result((code, reason))


async def replay(
    recorded: Recorded, audio: Path, models: Models, *, decoder_threads: int, real_time: bool = False
) -> Sequence[Final]:
    """The finals of the session when its audio is recognised once more, in a directory of its own.

    Raises `VivavoceError` if it does not come to its end, `StorageError` among them.
    """
    with _temporary() as directory:
        async with open_storage(Path(directory)) as storage:
            request = dict(recorded.request)
            now = datetime.now(UTC)
            new = NewSession(recorded.id, "replay", None, secrets.token_urlsafe(), now, request)
            await storage.sessions.create(new)
            stored = await storage.sessions.get(recorded.id)
            assert stored is not None, "it was just created"
            engine = Engine(models.vad, decoder_threads=decoder_threads)
            # Nobody is told to make room: it ends.
            patience = Patience(recorded.id, endless=False)
            # What add-ons made of the words is not compared.
            intelligence = Intelligence(no_backends())
            around = Surroundings(
                storage, engine, intelligence, _ENDLESS, lambda _: None, lambda: None, lambda _: patience
            )
            runtime = _runtime(stored, request_of(stored), models, around)
            engine.start()
            try:
                await _stream(runtime, request_of(stored), audio, patience, real_time)
            finally:
                await asyncio.to_thread(engine.stop)
            return await storage.sessions.finals(recorded.id)


def _temporary() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="vivavoce-replay-")
    except OSError as error:
        raise file_error("there is no temporary directory to replay in", error) from error


def _runtime(
    stored: StoredSession, request: LiveRequest, models: Models, around: Surroundings
) -> SessionRuntime:
    recognizer = recognizer_for(request, models)
    if recognizer is None:
        raise VivavoceError(
            f"the session wants the model {request.model}, which is not loaded: add it to VIVAVOCE_MODELS"
        )
    log = around.storage.audio.open(stored.id)
    return SessionRuntime(stored, request, recognizer, log, around, Kept(), Posting(stored.id, ()))


async def _stream(
    runtime: SessionRuntime, request: LiveRequest, audio: Path, patience: Patience, real_time: bool
) -> None:
    client = _Client()
    running = asyncio.create_task(runtime.run())
    running.add_done_callback(lambda task: _pass_on(task, client))
    try:
        number = await runtime.connect(client, None, arrival=1)
        await _send(runtime, number, AudioFormat.of(request), audio, client if real_time else None)
        await runtime.receive_stop(number)
        code, reason = await client.closed
        if patience.problem:
            raise StorageError(f"the session cannot be replayed: {patience.problem}")
        if code != DONE:
            raise VivavoceError(f"the session ended with code {code}: {reason}")
    finally:
        running.cancel()
        await runtime.close(DONE, "")


def _pass_on(task: asyncio.Task[None], client: _Client) -> None:
    if not task.cancelled() and (defect := task.exception()) and not client.closed.done():
        client.closed.set_exception(defect)


async def _send(
    runtime: SessionRuntime, number: int, format: AudioFormat, audio: Path, heard_by: _Client | None
) -> None:
    """Frame by frame; at the pace of speech if somebody hears it, until that one is gone."""
    frame = math.ceil(_FRAME_SECONDS * format.bytes_per_second)
    began, sent = time.monotonic(), 0
    try:
        with audio.open("rb") as file:
            while data := await asyncio.to_thread(file.read, frame):
                if heard_by is not None:
                    due = began + format.seconds(sent) - time.monotonic()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(asyncio.shield(heard_by.closed), max(0.0, due))
                await runtime.receive_audio(number, data)
                sent += len(data)
    except OSError as error:
        raise file_error(f"the audio cannot be read from {audio}", error) from error
    if not sent:
        raise StorageError(f"there is no audio in {audio}")


def compare(recorded: Recorded, replayed: Sequence[Final]) -> Comparison:
    """What differs between the finals: ids, words, times, languages. Confidence does not count."""
    stored, now = _by_id(recorded.finals), _by_id(replayed)
    ends = {channel: _last_end(recorded.finals, channel) for channel in {u.channel for u in now.values()}}
    lines: list[str] = []
    same = later = 0
    for id_ in sorted(stored.keys() | now.keys(), key=lambda id_: {**now, **stored}[id_].start):
        before, after = stored.get(id_), now.get(id_)
        if before is None and after and not recorded.whole and after.start >= ends[after.channel]:
            later += 1
        elif found := list(_difference(before, after)):
            lines += found
        else:
            same += 1
    return Comparison(same, lines, later)


def _by_id(finals: Sequence[Final]) -> Mapping[str, Utterance]:
    return {final.utterance.id: final.utterance for final in finals}


def _last_end(finals: Sequence[Final], channel: int) -> float:
    return max((f.utterance.end for f in finals if f.utterance.channel == channel), default=0.0)


def _difference(before: Utterance | None, after: Utterance | None) -> Iterator[str]:
    alike = before and after and len(before.words) == len(after.words)
    if before and after and alike and _heading(before) == _heading(after):
        changes = [
            f"    {_word(old)} → {_word(new)}"
            for old, new in zip(before.words, after.words, strict=False)
            if _word(old) != _word(new)
        ]
        if changes:
            yield f"  {_heading(before)}"
            yield from changes
        return
    if before:
        yield f"- {_heading(before)}"
    if after:
        yield f"+ {_heading(after)}"


def _heading(utterance: Utterance) -> str:
    times = f"{utterance.start:.3f}–{utterance.end:.3f}"
    return f"{utterance.id}  {times}  {utterance.language}  {utterance.text.strip()}"


def _word(word: Word) -> str:
    return f"{word.text.strip()} {word.start:.3f}–{word.end:.3f}"
