"""What the server makes of recordings: each streamed over its public protocol, as fast as it takes them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vivavoce
from vivavoce.bench.kept import Kept, digest
from vivavoce.bench.quality.items import Item
from vivavoce.bench.surroundings import Surroundings
from vivavoce.client.async_client import AsyncClient, AsyncLive
from vivavoce.client.async_session import AsyncSession
from vivavoce.client.events import AnyMessage
from vivavoce.cores import usable_cores
from vivavoce.errors import LimitError, VivavoceError
from vivavoce.protocol.messages import TranscriptMessage
from vivavoce.protocol.responses import UtteranceModel
from vivavoce.recognizers.weights import sha256_of

_AT_ONCE = usable_cores()
"""Of so many sessions a server with as many cores refuses none because its finals are late."""

_FRAME_SECONDS = 0.1
_AHEAD_SECONDS = 5.0
"""How much audio the client may have sent that the server has not acknowledged."""

_PATIENCE = 60.0
# Between two requests for a place, where the server names no time.
_LEAST_WAIT = 0.5
"""Seconds in which the server should take a session."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a recording is sent. `candidates`: the languages asked for, if not those that are spoken."""

    endpointing: float = 0.3
    maximum: float = 5.0
    enhance: bool = False
    candidates: tuple[str, ...] | None = None

    def body(self, item: Item) -> dict[str, Any]:
        languages = item.languages if self.candidates is None else self.candidates
        return {
            "endpointing": self.endpointing,
            "maximum_duration_without_endpointing": self.maximum,
            "language_config": {"languages": languages, "code_switching": len(item.languages) > 1},
            "pre_processing": {"audio_enhancer": self.enhance},
            "messages_config": {"receive_partial_transcripts": False},
        }


@dataclass(frozen=True, slots=True)
class Word:
    """As it was written, and when it was said: seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What became final; seconds."""

    channel: int
    start: float
    end: float
    language: str
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """All utterances of a recording, channel after channel, in order."""

    item: Item
    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        return " ".join(one.text.strip() for one in self.utterances)


class Listener:
    """Streams recordings to the server at `url`, a few at once.

    What a recording became is kept, by its audio, the request and `version`, which stands for all that
    shapes the server's words: a run that was interrupted goes on where it was. `done` is called after each
    recording.
    """

    def __init__(self, url: str, version: str, kept: Kept, done: Callable[[], None]) -> None:
        self._url = url
        self._version = version
        self._kept = kept
        self._done = done

    def hear(self, items: Sequence[Item], way: Way) -> tuple[list[Heard], list[str]]:
        """What was heard, in the order of the items, and what could not be heard to its end, and why."""
        outcomes = asyncio.run(self._hear(items, way))
        return (
            [one for one in outcomes if isinstance(one, Heard)],
            [one for one in outcomes if isinstance(one, str)],
        )

    async def _hear(self, items: Sequence[Item], way: Way) -> list[Heard | str]:
        place = asyncio.Semaphore(_AT_ONCE)

        async def hear(item: Item) -> Heard | str:
            async with place:
                try:
                    utterances = await self._utterances(client.live(), item, way)
                except VivavoceError as error:
                    return f"{item.name}: {error}"
                finally:
                    self._done()
            return Heard(item, tuple(map(_utterance, utterances)))

        async with AsyncClient(base_url=self._url) as client, asyncio.TaskGroup() as group:
            tasks = [group.create_task(hear(item)) for item in items]
        return [task.result() for task in tasks]

    async def _utterances(self, live: AsyncLive, item: Item, way: Way) -> list[UtteranceModel]:
        form, audio = item.stream()
        request = {**way.body(item), **form}
        name = digest(self._version, json.dumps(request), audio)
        if (kept := self._kept.read(name)) is not None:
            return [UtteranceModel.model_validate(one) for one in kept]
        finals: list[UtteranceModel] = []

        def listen(message: AnyMessage) -> None:
            if isinstance(message, TranscriptMessage) and message.data.is_final:
                finals.append(message.data.utterance)

        second = form["sample_rate"] * form["channels"] * 2
        frame = round(second * _FRAME_SECONDS)
        async with await _session(live, request, round(second * _AHEAD_SECONDS)) as session:
            session.on("message", listen)
            for start in range(0, len(audio), frame):
                await session.send_audio(audio[start : start + frame])
        finals.sort(key=lambda one: (one.channel, one.start))
        self._kept.write(name, [one.model_dump(mode="json") for one in finals])
        return finals


async def _session(live: AsyncLive, request: dict[str, Any], ahead: int) -> AsyncSession:
    """A server that is behind takes no new session for some seconds."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return await live.start_session(request, buffer_bytes=ahead)
        except LimitError as error:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(max(error.retry_after, _LEAST_WAIT))


def server_version(where: Surroundings, weights: Path) -> str:
    """A name for all that shapes the server's words: its code, packages, settings, weights and processor."""
    sources = sorted(
        path
        for package in ("audio", "engine", "live", "protocol", "recognizers", "server", "speech", "wording")
        for path in (Path(vivavoce.__file__).parent / package).rglob("*.py")
    )
    parts = (json.dumps([where.versions, where.settings, where.instructions]), sha256_of(weights))
    return digest(*parts, *(path.read_bytes() for path in sources))


def _utterance(one: UtteranceModel) -> Utterance:
    words = tuple(Word(word.word.strip(), word.start, word.end) for word in one.words)
    return Utterance(one.channel, one.start, one.end, one.language, one.text, words)
