"""What a server says, as JSON texts."""

from __future__ import annotations

from vivavoce.protocol.messages import (
    AudioChunkAckData,
    AudioChunkAckMessage,
    EndRecordingData,
    EndRecordingMessage,
    EndSessionMessage,
    PostSummarizationData,
    PostSummarizationMessage,
    ServerMessage,
    SpeechData,
    SpeechStartMessage,
    StopRecordingAckData,
    StopRecordingAckMessage,
    TranscriptData,
    TranscriptMessage,
    TranslationData,
    TranslationMessage,
)
from vivavoce.protocol.responses import Problem, SessionCreated, UtteranceModel

CREATED = SessionCreated(
    id="a-session", created_at="2026-01-01T00:00:00.000Z", url="ws://server/v2/live?token=secret"
)
ENVELOPE = {"session_id": CREATED.id, "created_at": CREATED.created_at}


def utterance(text: str) -> UtteranceModel:
    return UtteranceModel(start=0, end=1, confidence=1, channel=0, words=(), text=text, language="en")


def ack(start: int, end: int) -> str:
    data = AudioChunkAckData(byte_range=(start, end), time_range=(start / 32_000, end / 32_000))
    return text(AudioChunkAckMessage(**ENVELOPE, acknowledged=True, data=data))


def refused_audio(why: str) -> str:
    return text(AudioChunkAckMessage(**ENVELOPE, acknowledged=False, error=Problem(message=why)))


def stop_ack(acknowledged: bool = True) -> str:
    data = StopRecordingAckData(recording_duration=1, recording_left_to_process=0)
    return text(StopRecordingAckMessage(**ENVELOPE, acknowledged=acknowledged, data=data))


def transcript(words: str, utterance_id: str = "00_00000000", is_final: bool = True) -> str:
    data = TranscriptData(id=utterance_id, is_final=is_final, utterance=utterance(words))
    return text(TranscriptMessage(**ENVELOPE, data=data))


def translation(utterance_id: str, language: str) -> str:
    data = TranslationData(
        utterance_id=utterance_id,
        utterance=utterance("hello"),
        original_language="en",
        target_language=language,
        translated_utterance=utterance("..."),
    )
    return text(TranslationMessage(**ENVELOPE, data=data))


def end_recording(seconds: float) -> str:
    return text(EndRecordingMessage(**ENVELOPE, data=EndRecordingData(recording_duration=seconds)))


def speech_start(seconds: float) -> str:
    return text(SpeechStartMessage(**ENVELOPE, data=SpeechData(time=seconds, channel=0)))


def summary(words: str) -> str:
    return text(PostSummarizationMessage(**ENVELOPE, data=PostSummarizationData(results=words)))


def end_session() -> str:
    return text(EndSessionMessage(**ENVELOPE))


def text(message: ServerMessage) -> str:
    return message.model_dump_json()
