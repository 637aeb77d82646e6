"""A large message is read as any other, a little at a time."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.protocol.messages import AudioChunk, ClientMessage, InvalidMessage, parse_client_message
from vivavoce.server.large_texts import parse_large_message

SLICE = 64 * 1024
AUDIO = bytes(range(256)) * 1000


def read(parse: object, text: bytes) -> ClientMessage | str:
    assert callable(parse)
    try:
        message: ClientMessage = parse(text)
    except InvalidMessage as error:
        return str(error)
    return message


def message(chunk: str, **more: object) -> bytes:
    return json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}} | more).encode()


@given(st.integers(0, len(AUDIO)))
def test_its_audio_is_what_was_sent(size: int) -> None:
    found = parse_large_message(message(base64.b64encode(AUDIO[:size]).decode()))
    assert isinstance(found, AudioChunk)
    assert found.data.chunk == AUDIO[:size]


FOUR = base64.b64encode(AUDIO).decode()
ODD = {
    "no base64": message(FOUR[:SLICE] + "?" + FOUR[SLICE + 1 :]),
    "padding in between": message(FOUR[: SLICE - 1] + "=" + FOUR[SLICE:]),
    "too short": message(FOUR[:-1]),
    "escaped": message(FOUR).replace(b"/", b"\\/"),
    "not closed": message(FOUR)[:-3],
    "not JSON": message(FOUR) + b"}",
    "no UTF-8": message(FOUR).replace(b"audio", b"\xff"),
    "another type": message(FOUR).replace(b"audio_chunk", b"audio"),
    "a stop": b'{"type":"stop_recording","data":{"chunk":"' + FOUR.encode() + b'"}}',
    "a chunk before": b'{"chunk":"' + FOUR.encode() + b'",' + message("AAAA")[1:],
    "a chunk in a text": message(FOUR, note='"chunk":"').replace(b"{", b'{"a":"\\"chunk\\":",', 1),
    "two chunks": b'{"type":"audio_chunk","data":{"chunk":"AAAA","chunk":"' + FOUR.encode() + b'"}}',
    "no text": message(FOUR).replace(b'"' + FOUR.encode() + b'"', b"7"),
    "spread": b'{ "data" : { "chunk" : "' + FOUR.encode() + b'" } , "type" : "audio_chunk" }',
    "no chunk": b" " * SLICE + b'{"type":"stop_recording"}',
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_whatever_it_is_it_says_what_any_message_says(text: bytes) -> None:
    assert read(parse_large_message, text) == read(parse_client_message, text)
