"""The WebSocket's messages: what is parsed, both ways, and what is refused."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.errors import VivavoceError
from vivavoce.protocol import (
    AudioChunk,
    AudioChunkData,
    Callback,
    EndSessionMessage,
    InvalidMessage,
    SpeechData,
    SpeechStartMessage,
    StopRecording,
    TranslationMessage,
    UnknownMessage,
    parse_client_message,
    parse_message,
)

HEAD = {"session_id": "4a39145c", "created_at": "2026-01-02T03:04:05.678Z"}
LONGEST_CLOSE_REASON = 123


def audio_frame(chunk: object) -> str:
    return json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}})


def test_a_clients_audio_is_decoded() -> None:
    message = parse_client_message(audio_frame("AAEC/w=="))
    assert isinstance(message, AudioChunk)
    assert message.data.chunk == b"\x00\x01\x02\xff"


def test_an_empty_chunk_is_a_message() -> None:
    assert parse_client_message(audio_frame("")) == AudioChunk(data=AudioChunkData(chunk=b""))


def test_a_stop_may_carry_fields_that_nobody_knows() -> None:
    assert parse_client_message(b'{"type": "stop_recording", "reason": "done"}') == StopRecording()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_audio_comes_through_the_json_frame(audio: bytes) -> None:
    frame = AudioChunk(data=AudioChunkData(chunk=audio)).model_dump_json()
    assert json.loads(frame) == {"type": "audio_chunk", "data": {"chunk": base64.b64encode(audio).decode()}}
    message = parse_client_message(frame)
    assert isinstance(message, AudioChunk)
    assert message.data.chunk == audio


def test_a_frame_of_32_mib_is_taken() -> None:
    audio = bytes(range(256)) * (24 * 2**20 // 256 - 1)
    message = parse_client_message(audio_frame(base64.b64encode(audio).decode()))
    assert isinstance(message, AudioChunk)
    assert message.data.chunk == audio


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("\ud800", "not JSON: the text is not valid Unicode"),
        ('{"type": "stop_recording"} x', "not JSON"),
        ("[" * 100_000, "not JSON: recursion limit exceeded"),
        ('{"type":' * 100_000, "not JSON: recursion limit exceeded"),
        ("[]", "not a JSON object"),
        ('"stop_recording"', "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", 'the message has no "type"'),
        ('{"type": 5}', '"type" must be "audio_chunk" or "stop_recording", not "5"'),
        ('{"type": "stop"}', '"type" must be "audio_chunk" or "stop_recording", not "stop"'),
        (json.dumps({"type": "é" * 1000}), '"type" must be "audio_chunk" or "stop_recording", not "é'),
        ('{"type": "audio_chunk"}', "audio_chunk.data is required"),
        ('{"type": "audio_chunk", "data": null}', "audio_chunk.data must be an object"),
        ('{"type": "audio_chunk", "data": {}}', "audio_chunk.data.chunk is required"),
        (audio_frame(None), "audio_chunk.data.chunk must be a string of base64"),
        (audio_frame([1]), "audio_chunk.data.chunk must be a string of base64"),
        (audio_frame("A"), "audio_chunk.data.chunk must be base64"),
        (audio_frame("AAA"), "audio_chunk.data.chunk must be base64"),
        (audio_frame("AA=A"), "audio_chunk.data.chunk must be base64"),
        (audio_frame("AAAA\n"), "audio_chunk.data.chunk must be base64"),
        (audio_frame("__--"), "audio_chunk.data.chunk must be base64"),
        (audio_frame("ééé="), "audio_chunk.data.chunk must be base64"),
    ],
)
def test_what_is_no_message_is_refused_in_words_that_fit_a_close_reason(
    text: str | bytes, complaint: str
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        parse_client_message(text)
    assert str(refused.value).startswith(complaint)
    assert len(str(refused.value).encode()) <= LONGEST_CLOSE_REASON


def test_an_invalid_message_is_a_value_error_and_one_of_ours() -> None:
    assert issubclass(InvalidMessage, ValueError)
    assert issubclass(InvalidMessage, VivavoceError)


near_misses = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["audio_chunk", "stop_recording", "transcript", 1, None, ["audio_chunk"]]),
        "data": st.none()
        | st.text()
        | st.dictionaries(st.sampled_from(["chunk", "x"]), st.text() | st.integers()),
    },
).map(json.dumps)


@settings(deadline=None)
@given(st.text() | st.binary() | st.text(st.characters(categories=["Cs", "L"])) | near_misses)
def test_whatever_a_client_sends_nothing_else_is_raised(text: str | bytes) -> None:
    try:
        message = parse_client_message(text)
    except InvalidMessage:
        return
    assert isinstance(message, AudioChunk | StopRecording)


@settings(deadline=None)
@given(st.text() | st.binary() | near_misses)
def test_whatever_a_server_sends_nothing_else_is_raised(text: str | bytes) -> None:
    try:
        message = parse_message(text)
    except InvalidMessage:
        return
    assert isinstance(message.type, str)


def test_a_message_of_an_unknown_type_is_passed_on_whole() -> None:
    message = parse_message(json.dumps({**HEAD, "type": "weather", "data": {"sun": True}, "level": 3}))
    assert isinstance(message, UnknownMessage)
    assert (message.type, message.data) == ("weather", {"sun": True})
    assert message.model_extra == {"level": 3}


def test_unknown_fields_of_a_known_message_are_kept() -> None:
    message = parse_message(json.dumps({**HEAD, "type": "end_session", "cause": "idle"}))
    assert isinstance(message, EndSessionMessage)
    assert message.model_extra == {"cause": "idle"}


def test_a_malformed_message_of_a_known_type_names_the_field() -> None:
    with pytest.raises(InvalidMessage, match=r"^speech_start.data.time is required$"):
        parse_message(json.dumps({**HEAD, "type": "speech_start", "data": {"channel": 0}}))


@pytest.mark.parametrize(
    "error",
    [{"message": "no model"}, {"status_code": 501, "exception": "NotImplemented", "message": "no model"}],
)
def test_an_addons_error_is_read_with_and_without_its_status(error: dict[str, Any]) -> None:
    message = parse_message(json.dumps({**HEAD, "type": "translation", "error": error, "data": None}))
    assert isinstance(message, TranslationMessage)
    assert message.error is not None
    assert message.error.model_dump() == error


def test_a_callback_is_named_after_its_message() -> None:
    message = SpeechStartMessage(**HEAD, data=SpeechData(time=1.23456, channel=1))
    assert Callback.of(message).model_dump(mode="json") == {
        "id": HEAD["session_id"],
        "event": "live.speech_start",
        "payload": {**HEAD, "type": "speech_start", "data": {"time": 1.235, "channel": 1}},
    }
