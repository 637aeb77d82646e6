"""A session's audio at run time: written to its log, given to recognition from there, let go of at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vivavoce.errors import StorageError
from vivavoce.protocol.stream import Failed
from vivavoce.server.feed import Feed
from vivavoce.storage.audio_log import AudioLog

# A frame larger than this is written in a thread, so that the disk cannot hold up the event loop.
_LARGE_FRAME = 256 * 1024


class SessionAudio:
    """The log of one session, and the feed that reads it. `failed` is told when that cannot be read."""

    def __init__(self, log: AudioLog, feed: Feed, failed: Callable[[Failed], None]) -> None:
        self._log = log
        self._feed = feed
        self._failed = failed
        self.closed = False

    @property
    def settled(self) -> float:
        """Seconds of the session that recognition has dealt with."""
        return self._feed.settled

    def append_at_once(self, data: bytes) -> bool:
        """Whether `data` is in the log: not if that may hold up the event loop, or fails."""
        if self._takes_long(data):
            return False
        try:
            self._log.append(data)
        except StorageError:
            # Nothing is left of it. `append` tries again, and says what is wrong.
            return False
        return True

    async def append(self, data: bytes) -> None:
        """Append `data`, in a thread if that takes long. Raises `StorageError`."""
        if self._takes_long(data):
            await asyncio.get_running_loop().run_in_executor(self._log.executor, self._log.append, data)
        else:
            self._log.append(data)

    def _takes_long(self, data: bytes) -> bool:
        return self._log.durable or len(data) > _LARGE_FRAME

    # To recognition

    def pump(self) -> None:
        """Give recognition what it can take."""
        self._try(self._feed.pump)

    def appended(self, data: bytes) -> None:
        """As `pump`; the last bytes of the log are `data`."""
        self._try(lambda: self._feed.appended(data))

    def flush(self, marker: int) -> None:
        """After all that is in the log comes a `Flush`."""
        self._try(lambda: self._feed.flush(marker))

    def progress(self, settled: float) -> None:
        """Recognition has dealt with all audio before `settled`, and can take more."""
        self._try(lambda: self._feed.progress(settled))

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StorageError as error:
            self._failed(Failed(str(error)))

    def close(self) -> None:
        """Recognition is wanted no more, and the log is complete: nothing is being appended."""
        self.closed = True
        self._feed.close()
        self._log.close()
