"""Finding out where a client goes on after its connection broke.

Clients of Gladia's API keep what they sent until it is acknowledged, and after a reconnect send everything
after the last acknowledgement that reached them, without saying where that is. So the first bytes of a new
connection are compared with the audio log at each place where that may be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

_REMEMBERED_ACKS = 4096
# More than any client keeps.
_REMEMBERED_BYTES = 64 * 1024 * 1024

ReadLog = Callable[[int, int], bytes]
"""Bytes [start, end) of the session's audio log."""


class AckHistory:
    """The offsets from which a client may go on: where the latest acknowledgements ended."""

    def __init__(self) -> None:
        self._ends: deque[int] = deque([0], maxlen=_REMEMBERED_ACKS)

    def sent(self, end: int) -> None:
        if end != self._ends[-1]:
            self._ends.append(end)
        while end - self._ends[0] > _REMEMBERED_BYTES and len(self._ends) > 1:
            self._ends.popleft()

    def seen(self, end: int) -> None:
        """The client goes on from `end`, so it has seen all acknowledgements up to there."""
        while len(self._ends) > 1 and self._ends[0] < end:
            self._ends.popleft()

    def __iter__(self) -> Iterator[int]:
        return iter(self._ends)


def find_resumption(frame: bytes, candidates: Iterable[int], size: int, read: ReadLog) -> int | None:
    """The offset in the log (of `size` bytes) that `frame` repeats from, or None if it is new audio.

    Where several match, the one that repeats most wins. A match of identical bytes only (digital silence)
    proves nothing: it is taken for new audio.
    """
    starts = sorted(candidate for candidate in candidates if candidate < size)
    if not starts:
        return None
    log = read(starts[0], min(size, starts[-1] + len(frame)))
    for start in starts:
        repeated = frame[: size - start]
        same = log.startswith(repeated, start - starts[0])
        if same and repeated.count(repeated[:1]) != len(repeated):
            return start
    return None
