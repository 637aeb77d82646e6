"""Finding out where a client goes on after its connection broke.

Clients of Gladia's API keep what they sent until it is acknowledged, and after a reconnect send everything
after the last acknowledgement that reached them, without saying where that is. So the first bytes of a new
connection are compared with the audio log at each place where that may be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead

_REMEMBERED_ACKS = 4096
# More than any client keeps.
_REMEMBERED_BYTES = 64 * 1024 * 1024
_PROBE = 64
# What a client may have sent without seeing it acknowledged, when the server went down.
_SEARCHED_BYTES = 4 * 1024 * 1024

# A WAV header is at most 64 KiB long.
_START_OF_LOG = 128 * 1024

ReadLog = Callable[[int, int], bytes]
"""Bytes [start, end) of the session's audio log."""


def read_head(declared: AudioFormat, received: int, read_log: ReadLog) -> StreamHead:
    """The start of the audio, as it is in a log of `received` bytes."""
    head = StreamHead(declared)
    head.feed(read_log(0, min(received, _START_OF_LOG)))
    return head


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
        """The client goes on from `end`: it has seen that acknowledgement, and will see those that follow."""
        self._ends.clear()
        self._ends.append(end)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ends)


def find_place(frame: bytes, candidates: Iterable[int], size: int, read: ReadLog, *, restarted: bool) -> int:
    """The offset in the log at which `frame` belongs: its end, if it is new audio.

    `restarted`: no acknowledgement is remembered.
    """
    found = find_resumption(frame, candidates, size, read)
    if found is None and restarted:
        found = find_repetition(frame, size, read)
    return size if found is None else found


def find_resumption(frame: bytes, candidates: Iterable[int], size: int, read: ReadLog) -> int | None:
    """The offset in the log (of `size` bytes) that `frame` repeats from, or None if it is new audio.

    Where several match, the one that repeats most wins, unless it is the audio that repeats itself: then,
    as for identical bytes (digital silence), a match proves nothing, and new audio must not be lost.
    """
    # How much of the beginning is one byte over and over.
    constant = len(frame) - len(frame.lstrip(frame[:1]))
    starts = sorted(candidate for candidate in candidates if candidate + constant < size)
    if constant == len(frame) or not starts:
        return None
    log = read(starts[0], min(size, starts[-1] + len(frame)))
    # Nearly all places differ at once in what comes after that: megabytes are compared for one that does not.
    probe = frame[constant : constant + _PROBE]
    found: int | None = None
    for start in starts:
        if found is not None and size - start < constant + _PROBE:
            break
        place, repeated = start - starts[0], size - start
        plausible = log.startswith(probe[: repeated - constant], place + constant)
        if plausible and log.startswith(frame[:repeated], place):
            if found is not None:
                return None
            found = start
    return found


def find_repetition(frame: bytes, size: int, read: ReadLog) -> int | None:
    """Like `find_resumption` where no acknowledgement is remembered: after a restart of the server.

    `frame` repeats the log if it goes through some of its last bytes to its very end and beyond. A repetition
    shorter than 64 bytes, or of audio that repeats itself, is not recognised.
    """
    constant = len(frame) - len(frame.lstrip(frame[:1]))
    probe = frame[constant : constant + _PROBE]
    first = max(0, size - min(len(frame), _SEARCHED_BYTES))
    log = read(first, size)
    place = log.rfind(probe) if len(probe) == _PROBE else -1
    found: int | None = None
    while place >= constant:
        start = place - constant
        if log.startswith(frame[: len(log) - start], start):
            if found is not None:
                return None
            found = first + start
        place = log.rfind(probe, 0, place + _PROBE - 1)
    return found
