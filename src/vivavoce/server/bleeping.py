"""The recording of a session whose redacted words are not to be heard: a tone is over them.

While the session runs its log has to stay as it came, for recognition may have to hear it again. So what is
given out is covered on its way, and when the end is stored the log is written over in place: that needs no
room, may be done again from anywhere, and leaves nothing of the sound in the file.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import structlog

from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.tone import Stretch, covered
from vivavoce.errors import StorageError
from vivavoce.intelligence.markers import is_redacted
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final
from vivavoce.server.stored import request_of
from vivavoce.storage.audio_log import AudioLogs
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)

BLEEPED = {"recording": "bleeped"}
"""What is noted of a session, in its `post_session_metadata`, when nothing of the sound is left."""

# Seconds before and after a word: when it is said is known to a fraction of a second.
_AROUND = 0.25
_FRAMES_AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Cover:
    """What of a recording is covered. `audio_start`: of its frames in the log; before that is a header.

    `stretches`: as `merged` gives them. `settled`: bytes of the log, header included, of which it is known.
    """

    format: AudioFormat
    audio_start: int
    stretches: Sequence[Stretch]
    settled: int

    def over(self, data: bytes, offset: int) -> bytes:
        """Whole frames that are at `offset` in the log, covered."""
        at = (offset - self.audio_start) // self.format.frame_bytes
        return covered(data, at, self.format, self._within(at, at + len(data) // self.format.frame_bytes))

    def _within(self, first: int, end: int) -> Iterator[Stretch]:
        """The stretches that have some of these frames: a long recording has thousands of others."""
        for channel in range(self.format.channels):
            begin = bisect_right(self.stretches, (channel, first), key=lambda each: (each.channel, each.end))
            for stretch in islice(self.stretches, begin, None):
                if stretch.channel != channel or stretch.first >= end:
                    break
                yield stretch


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same frames in as few stretches as there can be, by channel and in order."""
    fewest: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: (each.channel, each.first)):
        last = fewest[-1] if fewest else None
        if last and last.channel == stretch.channel and stretch.first <= last.end:
            fewest[-1] = replace(last, end=max(last.end, stretch.end))
        else:
            fewest.append(stretch)
    return fewest


def bleeps(request: LiveRequest) -> bool:
    """Whether the session's recording is to be covered."""
    wanted = request.realtime_processing
    return wanted.pii_redaction and wanted.pii_redaction_config.bleep


def has_sound_left(stored: StoredSession) -> bool:
    """Whether redacted words that nobody is to hear are still in the session's log."""
    return bleeps(request_of(stored)) and not BLEEPED.items() <= stored.post_session_metadata.items()


def cover_of(stored: StoredSession, finals: Sequence[Final], audio_start: int, size: int) -> Cover | None:
    """The cover of a log of `size` bytes; None where none was asked for.

    What was never recognised, since the session's client left or it failed, is covered whole once it is over.
    """
    request = request_of(stored)
    if not bleeps(request):
        return None
    format_ = AudioFormat.of(request)
    stretches = list(_redacted(finals, format_.sample_rate))
    heard = max((final.resume_offset for final in finals), default=audio_start)
    # The next final may begin with a redacted word, and the tone begins before that.
    settled = max(audio_start, heard - round(_AROUND * format_.sample_rate) * format_.frame_bytes)
    heard_to_its_end = stored.status == "done" and stored.stopped
    if heard_to_its_end:
        settled = size
    elif stored.completed_at:
        first = max(0, heard - audio_start) // format_.frame_bytes
        end = -(-(size - audio_start) // format_.frame_bytes)
        stretches += [Stretch(channel, first, end) for channel in range(format_.channels)]
        settled = size
    return Cover(format_, audio_start, merged(stretches), settled)


def _redacted(finals: Sequence[Final], rate: int) -> Iterator[Stretch]:
    for final in finals:
        for word in final.utterance.words:
            if is_redacted(word.text):
                first, end = max(0.0, word.start - _AROUND), word.end + _AROUND
                yield Stretch(final.utterance.channel, int(first * rate), int(end * rate) + 1)


async def bleep(session_id: str, storage: Storage) -> None:
    """The session's end is stored: cover its log, if that was asked for. What cannot be done is logged, and
    done after the next start; nobody is given the sound meanwhile."""
    try:
        stored = await storage.sessions.get(session_id)
        if stored is None or not bleeps(request_of(stored)):
            return
        finals = await storage.sessions.finals(session_id)
        await asyncio.to_thread(_write_over, stored, finals, storage.audio)
        await storage.sessions.add_metadata(session_id, BLEEPED)
    except StorageError as error:
        _log.error("not_bleeped", session=session_id, error=str(error))


async def bleep_the_rest(storage: Storage) -> None:
    """Cover the logs of sessions that ended right before the server did. Raises `StorageError`."""
    for session_id in await storage.sessions.with_sound_left():
        await bleep(session_id, storage)


def _write_over(stored: StoredSession, finals: Sequence[Final], logs: AudioLogs) -> None:
    size = logs.size(stored.id)
    cover = cover_of(stored, finals, stored.header_bytes, size or 0)
    if not size or cover is None:
        return
    frame = cover.format.frame_bytes
    for stretch in cover.stretches:
        for first in range(stretch.first, stretch.end, _FRAMES_AT_ONCE):
            start = cover.audio_start + first * frame
            count = min(_FRAMES_AT_ONCE, stretch.end - first)
            data = logs.read(stored.id, start, start + count * frame)
            # The last frame may have been cut off.
            padded = data.ljust(-(-len(data) // frame) * frame, b"\0")
            if data:
                logs.overwrite(stored.id, start, cover.over(padded, start)[: len(data)])
    logs.flush(stored.id)
