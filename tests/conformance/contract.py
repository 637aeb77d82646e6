"""What one live session must look like to any client, whoever wrote it; messages are plain dictionaries."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from speech import TWO_CITIES, two_cities

Message = dict[str, Any]

RATE = 16_000
SECONDS = 13.0  # ends in the pause after the sixth clause
SPOKEN = " ".join(TWO_CITIES.split(" it was the season of Light")[0].split())
REQUEST: dict[str, Any] = {
    "encoding": "wav/pcm",
    "sample_rate": RATE,
    "bit_depth": 16,
    "channels": 1,
    "endpointing": 0.3,
    "language_config": {"languages": ["en"]},
    "messages_config": {
        "receive_partial_transcripts": True,
        "receive_acknowledgments": True,
        "receive_lifecycle_events": True,
    },
}
ADD_ONS: dict[str, Any] = {
    "realtime_processing": {
        "named_entity_recognition": True,
        "sentiment_analysis": True,
        "translation": True,
        "translation_config": {"target_languages": ["pt"]},
    },
    "post_processing": {"summarization": True, "chapterization": True},
}


def recording() -> bytes:
    """The first clauses of the reading as the request declares them."""
    return two_cities().pcm(RATE, SECONDS)


def pieces(audio: bytes, seconds: float = 0.1) -> Iterator[bytes]:
    step = round(seconds * RATE) * 2
    return (audio[start : start + step] for start in range(0, len(audio), step))


def check_messages(messages: list[Message], audio: bytes) -> None:
    """Everything that the contract promises about the messages of one undisturbed session, start to end."""
    assert all({"type", "session_id", "created_at"} <= message.keys() for message in messages)
    check_acknowledgments(messages, audio)
    check_transcripts(messages)
    check_order(messages)


def check_acknowledgments(messages: list[Message], audio: bytes) -> None:
    acks = [message for message in messages if message["type"] == "audio_chunk"]
    assert all(ack["acknowledged"] for ack in acks)
    ranges = [tuple(ack["data"]["byte_range"]) for ack in acks]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(audio)
    assert all(end == start for (_, end), (start, _) in pairwise(ranges))
    start, end = acks[-1]["data"]["time_range"]
    assert 0 <= start < end == len(audio) / RATE / 2


def check_transcripts(messages: list[Message]) -> None:
    """Partials share their final's id and come before it, each utterance has one; the words are right."""
    transcripts = [message["data"] for message in messages if message["type"] == "transcript"]
    finals = [data["id"] for data in transcripts if data["is_final"]]
    assert len(set(finals)) == len(finals)
    assert len(transcripts) > len(finals), "the words come while they are spoken"
    assert {data["id"] for data in transcripts} == set(finals)
    last_of_its_id = {data["id"]: data for data in transcripts}
    assert all(data["is_final"] for data in last_of_its_id.values())
    utterances = [data["utterance"] for data in transcripts if data["is_final"]]
    for utterance in utterances:
        check_utterance(utterance)
    assert word_error_rate(" ".join(utterance["text"].strip() for utterance in utterances)) <= 0.1


def check_utterance(utterance: dict[str, Any]) -> None:
    words = utterance["words"]
    assert utterance["text"] == "".join(word["word"] for word in words)
    assert utterance["language"] == "en"
    assert utterance["channel"] == 0
    assert 0 <= utterance["start"] <= words[0]["start"]
    assert words[-1]["end"] <= utterance["end"] <= SECONDS
    assert all(0 <= word["confidence"] <= 1 and word["start"] <= word["end"] for word in words)


def check_order(messages: list[Message]) -> None:
    """Start, recording, stop acknowledged, remaining finals, end of recording, post-processing, end."""
    types = [message["type"] for message in messages]
    landmarks = ["start_session", "start_recording", "stop_recording", "end_recording"]
    landmarks += ["post_transcript", "post_final_transcript", "end_session"]
    assert [name for name in types if name in landmarks] == landmarks
    assert types[-1] == "end_session"
    assert max(i for i, name in enumerate(types) if name == "transcript") < types.index("end_recording")
    assert types.count("speech_start") == types.count("speech_end") >= 1


def check_session(session: dict[str, Any], audio: bytes) -> None:
    """The stored session, as GET gives it."""
    assert session["status"] == "done"
    assert session["kind"] == "live"
    assert session["request_params"]["endpointing"] == REQUEST["endpointing"]
    result = session["result"]
    assert result["metadata"]["audio_duration"] == len(audio) / RATE / 2
    assert result["metadata"]["number_of_distinct_channels"] == 1
    assert result["transcription"]["languages"] == ["en"]
    assert word_error_rate(result["transcription"]["full_transcript"]) <= 0.1


def check_file(file: bytes, audio: bytes) -> None:
    """The recording as GET .../file gives it: a WAV of exactly what was sent."""
    with wave.open(io.BytesIO(file)) as recorded:
        assert (recorded.getframerate(), recorded.getsampwidth(), recorded.getnchannels()) == (RATE, 2, 1)
        assert recorded.readframes(recorded.getnframes()) == audio


def word_error_rate(text: str, reference: str = SPOKEN) -> float:
    normalize = EnglishTextNormalizer()
    return float(jiwer.wer(normalize(reference), normalize(text)))
