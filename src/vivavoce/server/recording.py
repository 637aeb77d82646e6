"""The recording of a session: its audio log as a WAV file, whole or in part, while it grows or after."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.audio.wav import MAX_HEADER_BYTES, wav_header
from vivavoce.errors import InvalidAudio, StorageError
from vivavoce.server.bleeping import Cover
from vivavoce.server.stored import request_of
from vivavoce.storage.audio_log import AudioLogs
from vivavoce.storage.records import StoredSession

_PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))")


@dataclass(frozen=True, slots=True)
class Recording:
    """`audio_bytes` of the log, from `audio_start` on, are the recording: whole frames, no header."""

    session_id: str
    format: AudioFormat
    audio_start: int
    audio_bytes: int

    @classmethod
    def of(cls, stored: StoredSession, logs: AudioLogs) -> Recording | None:
        """The recording as it is now; None where there is no audio. Raises `StorageError`."""
        size = logs.size(stored.id)
        if not size:
            return None
        format_ = AudioFormat.of(request_of(stored))
        start = stored.header_bytes if stored.completed_at else _header_bytes(format_, logs, stored.id)
        length = (size - start) // format_.frame_bytes * format_.frame_bytes
        return cls(stored.id, format_, start, length) if length > 0 else None

    @property
    def seconds(self) -> float:
        return self.format.seconds(self.audio_bytes)


def filename(session_id: str) -> str:
    return f"{session_id}.wav"


def covered_so_far(recording: Recording, cover: Cover) -> Recording | None:
    """As much of the recording as may be given out, since it is known what is to be covered."""
    settled = (cover.settled - recording.audio_start) // recording.format.frame_bytes
    length = min(recording.audio_bytes, settled * recording.format.frame_bytes)
    return replace(recording, audio_bytes=length) if length > 0 else None


def recording_response(
    recording: Recording, logs: AudioLogs, request: Request, cover: Cover | None = None
) -> Response:
    """The WAV file, or the range of it that the request asks for (RFC 9110, one range)."""
    header = wav_header(recording.format, recording.audio_bytes)
    total = len(header) + recording.audio_bytes
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{filename(recording.session_id)}"',
        "ETag": f'"{recording.session_id}-{total}"',
    }
    status, (start, end) = 200, (0, total)
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", headers["ETag"]) == headers["ETag"]:
        part = _requested(asked, total)
        if part is not None:
            status, (start, end) = 206, part
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    headers["Content-Length"] = str(end - start)
    body = _pieces(recording, logs, cover, header, start, end) if request.method == "GET" else _nothing()
    return StreamingResponse(body, status, headers, media_type="audio/wav")


def _requested(asked: str, total: int) -> tuple[int, int] | None:
    """Half-open; None where the whole file is to be sent. Raises `HTTPException` 416."""
    match = _RANGE.fullmatch(asked)
    if match is None:
        return None
    first, last, suffix = (int(number) if number else None for number in match.groups())
    start = max(0, total - suffix) if suffix is not None else first or 0
    end = total if last is None else min(last + 1, total)
    if last is not None and last < start:
        return None
    if start >= end:
        headers = {"Content-Range": f"bytes */{total}"}
        raise HTTPException(416, f"the file has {total} bytes so far; asked for was {asked}", headers)
    return start, end


async def _pieces(
    recording: Recording, logs: AudioLogs, cover: Cover | None, header: bytes, start: int, end: int
) -> AsyncIterator[bytes]:
    if start < len(header):
        yield header[start:end]
    shift = recording.audio_start - len(header)
    position, stop = max(start, len(header)) + shift, end + shift
    while position < stop:
        piece = await asyncio.to_thread(
            _piece, recording, logs, cover, position, min(position + _PIECE, stop)
        )
        if not piece:
            raise StorageError(f"the audio log of {recording.session_id} became shorter while it was read")
        position += len(piece)
        yield piece


def _piece(recording: Recording, logs: AudioLogs, cover: Cover | None, start: int, end: int) -> bytes:
    if cover is None:
        return logs.read(recording.session_id, start, end)
    # In whole frames, of which the ends are cut off again.
    frame = recording.format.frame_bytes
    before = (start - recording.audio_start) % frame
    after = -(end - recording.audio_start) % frame
    frames = logs.read(recording.session_id, start - before, end + after)
    whole = len(frames) // frame * frame
    return cover.over(frames[:whole], start - before)[before : before + end - start]


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _header_bytes(format_: AudioFormat, logs: AudioLogs, session_id: str) -> int:
    head = StreamHead(format_)
    try:
        head.feed(logs.read(session_id, 0, MAX_HEADER_BYTES))
    except InvalidAudio:
        return 0  # the session is about to end with this error; what came is still its recording
    return head.header_bytes
