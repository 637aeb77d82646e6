"""How many words are wrong: every recording streamed once, finals only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.bench.client import Ask
from vivavoce.bench.clock import Lateness, Start
from vivavoce.bench.error_rate import word_error_rate
from vivavoce.bench.material import Recording
from vivavoce.bench.measure import Target
from vivavoce.bench.tracks import Track

LONGEST = 30.0
"""Seconds. Longer recordings would make the others wait."""
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Over all recordings together. `texts`: of each, what was said and what was heard."""

    target: str
    version: str
    ask: Ask
    recordings: int
    audio_seconds: float
    error_rate: float
    losses: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]


def accuracy(target: Target, recordings: Sequence[Recording], ask: Ask) -> Accuracy:
    """Stream each recording in real time, in a session of its own, a few at once."""
    return asyncio.run(_accuracy(target, recordings, ask))


async def _accuracy(target: Target, recordings: Sequence[Recording], ask: Ask) -> Accuracy:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def stream(recording: Recording) -> tuple[str, list[str]]:
        async with turn:
            track = Track(recording.samples, ())
            hearing = await target.dialect(target.url, track, ask, Start(1), Lateness())
            return hearing.text, [f"{recording.name}: {loss}" for loss in hearing.losses]

    # The longest first, so that none is left over at the end.
    ordered = sorted(recordings, key=lambda recording: recording.seconds, reverse=True)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stream(recording)) for recording in ordered]
    heard = [task.result() for task in tasks]
    texts = tuple((one.reference, text) for one, (text, _) in zip(ordered, heard, strict=True))
    return Accuracy(
        target=target.name,
        version=target.version,
        ask=ask,
        recordings=len(ordered),
        audio_seconds=sum(recording.seconds for recording in ordered),
        error_rate=word_error_rate(texts),
        losses=tuple(loss for _, losses in heard for loss in losses),
        texts=texts,
    )
