"""Time as speech takes it: what the clients send, and whether they themselves were late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

FRAME_SECONDS = 0.1
_BEAT = 0.05


class Lateness:
    """How late the clients' own event loop was, in seconds; beyond some ms the figures are the clients'."""

    def __init__(self) -> None:
        self.frames: list[float] = []
        self.beats: list[float] = []

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """Measure while the block runs."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        while True:
            due = time.monotonic() + _BEAT
            await asyncio.sleep(_BEAT)
            self.beats.append(time.monotonic() - due)


class Start:
    """Lets `count` clients begin together, once all are ready, spread evenly over one frame."""

    def __init__(self, count: int) -> None:
        self._barrier = asyncio.Barrier(count)

    async def time(self) -> float:
        """When this client's first sample is spoken, as time.monotonic()."""
        place = await self._barrier.wait()
        return time.monotonic() + FRAME_SECONDS * (1 + place / self._barrier.parties)


async def spoken(
    pcm: bytes, bytes_per_second: int, began: float, lateness: Lateness, frame_seconds: float
) -> AsyncIterator[bytes]:
    """Frames, each when its last sample has been spoken by somebody who began at `began`."""
    step = round(bytes_per_second * frame_seconds)
    for start in range(0, len(pcm), step):
        frame = pcm[start : start + step]
        due = began + (start + len(frame)) / bytes_per_second
        await asyncio.sleep(due - time.monotonic())
        lateness.frames.append(time.monotonic() - due)
        yield frame
