"""Large messages: their audio is decoded a little at a time.

To parse 24 MB of audio as JSON at once holds the interpreter's lock, which the event loop needs, for a
quarter of a second.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Iterator
from typing import Final

from vivavoce.protocol.messages import (
    AudioChunk,
    AudioChunkData,
    ClientMessage,
    InvalidMessage,
    parse_client_message,
)

# Bytes of base64, in whole groups of four.
_SLICE: Final = 64 * 1024
_CHUNK: Final = re.compile(rb'"chunk"\s{0,100}:\s{0,100}"')
# What stands for the audio while the rest is parsed, as base64.
_MARK_BYTES: Final = 24


def parse_large_message(text: bytes) -> ClientMessage:
    """As `parse_client_message`, in a thread beside which others have turns. Raises `InvalidMessage`."""
    # What is not as it usually is goes the long way, in which everything is said of it.
    return _parsed(text) or parse_client_message(text)


def _parsed(text: bytes) -> ClientMessage | None:
    place = text.find(b'"chunk"')
    found = _CHUNK.match(text, place) if place >= 0 else None
    if found is None:
        return None
    start = found.end()
    end = text.find(b'"', start)
    mark = secrets.token_bytes(_MARK_BYTES)
    around = text[:start], binascii.b2a_base64(mark, newline=False), text[max(start, end) :]
    try:
        message = parse_client_message(b"".join(around))
    except InvalidMessage:
        return None
    if not (isinstance(message, AudioChunk) and message.data.chunk == mark):
        return None
    try:
        audio = b"".join(_decoded(text, start, end))  # which lets go of the lock
    except binascii.Error:
        return None
    return AudioChunk(data=AudioChunkData(chunk=audio))


def _decoded(text: bytes, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _SLICE):
        piece = text[at : min(at + _SLICE, end)]
        if piece.endswith(b"=") and at + _SLICE < end:
            raise binascii.Error("the padding is not at the end")
        yield binascii.a2b_base64(piece, strict_mode=True)
