"""The messages of a session: written, or left out as its `messages_config` asks."""

from __future__ import annotations

from collections.abc import Iterator
from math import modf
from typing import Any

from vivavoce.live.add_ons import not_available
from vivavoce.protocol.messages import (
    AudioChunkAckMessage,
    EndRecordingData,
    EndRecordingMessage,
    EndSessionMessage,
    NamedEntityRecognitionMessage,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    PostSummarizationMessage,
    PostTranscriptMessage,
    SentimentAnalysisMessage,
    ServerMessage,
    SpeechData,
    SpeechEndMessage,
    SpeechStartMessage,
    StartRecordingMessage,
    StopRecordingAckData,
    StopRecordingAckMessage,
    TranscriptData,
    TranscriptMessage,
    TranslationMessage,
)
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import (
    Problem,
    SessionResult,
    TranscriptionResult,
    UtteranceModel,
    json_with,
    timestamp,
)
from vivavoce.protocol.stream import SpeechEnd, SpeechStart, Utterance

Span = tuple[int, int]
Times = tuple[float, float]


class Outgoing:
    """Each method gives a message as JSON text, or None where the client did not ask for its kind."""

    def __init__(self, session_id: str, request: LiveRequest) -> None:
        self._session_id = session_id
        self._wants = request.messages_config
        self._realtime = request.realtime_processing
        self._second, self._date = -1, ""

    def ack(self, span: Span, times: Times, now: float) -> str | None:
        if not self._wants.receive_acknowledgments:
            return None
        # The most frequent message by far: written by hand in a tenth of the time that its model takes.
        return (
            f'{{"session_id":"{self._session_id}","created_at":"{self._timestamp(now)}","acknowledged":true,'
            f'"error":null,"type":"audio_chunk","data":{{"byte_range":[{span[0]},{span[1]}],'
            f'"time_range":[{round(times[0], 3)},{round(times[1], 3)}]}}}}'
        )

    def nack(self, reason: str, now: float) -> str | None:
        if not (self._wants.receive_acknowledgments or self._wants.receive_errors):
            return None
        return self._write(AudioChunkAckMessage, now, acknowledged=False, error=Problem(message=reason))

    def stop_accepted(self, now: float, duration: float, left: float) -> str | None:
        if not self._wants.receive_acknowledgments:
            return None
        data = StopRecordingAckData(recording_duration=duration, recording_left_to_process=left)
        return self._write(StopRecordingAckMessage, now, acknowledged=True, data=data)

    def stop_refused(self, now: float, reason: str) -> str | None:
        if not (self._wants.receive_acknowledgments or self._wants.receive_errors):
            return None
        return self._write(StopRecordingAckMessage, now, acknowledged=False, error=Problem(message=reason))

    def speech(self, event: SpeechStart | SpeechEnd, now: float) -> str | None:
        if not self._wants.receive_speech_events:
            return None
        kind = SpeechStartMessage if isinstance(event, SpeechStart) else SpeechEndMessage
        return self._write(kind, now, data=SpeechData(time=event.time, channel=event.channel))

    def transcript(self, utterance: Utterance, now: float, *, final: bool) -> str | None:
        wanted = self._wants.receive_final_transcripts if final else self._wants.receive_partial_transcripts
        if not wanted:
            return None
        data = TranscriptData(
            id=utterance.id, is_final=final, utterance=UtteranceModel.from_stream(utterance)
        )
        return self._write(TranscriptMessage, now, data=data)

    def unavailable_add_ons(self, now: float) -> Iterator[str]:
        """For one final: the error of each add-on that was asked for and cannot be served."""
        if not self._wants.receive_realtime_processing_events:
            return
        asked = self._realtime
        if asked.translation:
            yield self._write(TranslationMessage, now, error=not_available("translation"))
        if asked.named_entity_recognition:
            error = not_available("named_entity_recognition")
            yield self._write(NamedEntityRecognitionMessage, now, error=error)
        if asked.sentiment_analysis:
            yield self._write(SentimentAnalysisMessage, now, error=not_available("sentiment_analysis"))

    def start_recording(self, now: float) -> str | None:
        return self._write(StartRecordingMessage, now) if self._wants.receive_lifecycle_events else None

    def end_recording(self, now: float, duration: float) -> str | None:
        if not self._wants.receive_lifecycle_events:
            return None
        return self._write(EndRecordingMessage, now, data=EndRecordingData(recording_duration=duration))

    def end_session(self, now: float) -> str | None:
        return self._write(EndSessionMessage, now) if self._wants.receive_lifecycle_events else None

    def post_processing(self, result: SessionResult, now: float) -> Iterator[str]:
        if not self._wants.receive_post_processing_events:
            return
        transcription = result.transcription
        assert transcription is not None, "every result has a transcription"
        utterances, bare = transcription.utterances, transcription.without_utterances()
        yield json_with(utterances, self._message(PostTranscriptMessage, now, data=bare))
        if result.summarization and result.summarization.error:
            yield self._write(PostSummarizationMessage, now, error=result.summarization.error)
        if result.chapterization and result.chapterization.error:
            yield self._write(PostChapterizationMessage, now, error=result.chapterization.error)
        fields = {name: getattr(result, name) for name in TranscriptionResult.model_fields}
        whole = TranscriptionResult(**fields | {"transcription": bare})
        yield json_with(utterances, self._message(PostFinalTranscriptMessage, now, data=whole))

    def _timestamp(self, now: float) -> str:
        """As `timestamp`, to the millisecond below; all else is written once a second."""
        fraction, whole = modf(now)
        # As `datetime` does: to the nearest microsecond, which may be in the next second.
        carry, microseconds = divmod(round(fraction * 1e6), 1_000_000)
        second = int(whole) + carry
        if second != self._second:
            self._second = second
            self._date = timestamp(float(second)).removesuffix("000Z")
        return f"{self._date}{microseconds // 1000:03d}Z"

    def _write(self, kind: type[ServerMessage], now: float, **fields: Any) -> str:
        return self._message(kind, now, **fields).model_dump_json()

    def _message(self, kind: type[ServerMessage], now: float, **fields: Any) -> ServerMessage:
        return kind(session_id=self._session_id, created_at=timestamp(now), **fields)
