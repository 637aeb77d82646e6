"""The messages of a session: written for whoever its `messages_config` and `callback_config` name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import modf
from typing import Any, Literal, get_args

from vivavoce.live.add_ons import not_available
from vivavoce.live.effects import Post
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
    StartSessionMessage,
    StopRecordingAckData,
    StopRecordingAckMessage,
    TranscriptData,
    TranscriptMessage,
    TranslationMessage,
)
from vivavoce.protocol.requests import CallbackConfig, LiveRequest, MessagesConfig
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
Switch = Literal[
    "partial_transcripts",
    "final_transcripts",
    "speech_events",
    "realtime_processing_events",
    "post_processing_events",
    "acknowledgments",
    "errors",
    "lifecycle_events",
]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to have a message. Webhooks are told of the lifecycle whatever the callback asks for."""

    socket: bool
    callback: bool
    webhooks: bool = False

    @property
    def posted(self) -> bool:
        """Whether anybody is told by HTTP."""
        return self.callback or self.webhooks

    @property
    def empty(self) -> bool:
        return not (self.socket or self.posted)

    def __or__(self, other: Audience) -> Audience:
        return Audience(
            self.socket or other.socket, self.callback or other.callback, self.webhooks or other.webhooks
        )


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is JSON; `type` is what it says there."""

    type: str
    text: str
    audience: Audience


class Outgoing:
    """Each method gives a message, or None where nobody asked for its kind.

    `webhooks`: whether the session has any.
    """

    def __init__(self, session_id: str, request: LiveRequest, *, webhooks: bool = False) -> None:
        self._session_id = session_id
        self._realtime = request.realtime_processing
        callback = request.callback_config if request.callback else None
        self._audiences: dict[Switch, Audience] = {
            switch: Audience(_on(request.messages_config, switch), _on(callback, switch))
            for switch in get_args(Switch)
        }
        self._audiences["lifecycle_events"] |= Audience(False, False, webhooks)
        self._problems = self._audiences["acknowledgments"] | self._audiences["errors"]
        self._second, self._date = -1, ""

    def ack(self, span: Span, times: Times, now: float) -> Message | None:
        audience = self._audiences["acknowledgments"]
        if audience.empty:
            return None
        # The most frequent message by far: written by hand in a tenth of the time that its model takes.
        text = (
            f'{{"session_id":"{self._session_id}","created_at":"{self._timestamp(now)}","acknowledged":true,'
            f'"error":null,"type":"audio_chunk","data":{{"byte_range":[{span[0]},{span[1]}],'
            f'"time_range":[{round(times[0], 3)},{round(times[1], 3)}]}}}}'
        )
        return Message("audio_chunk", text, audience)

    def nack(self, reason: str, now: float) -> Message | None:
        problem = Problem(message=reason)
        return self._write(AudioChunkAckMessage, now, self._problems, acknowledged=False, error=problem)

    def stop_accepted(self, now: float, duration: float, left: float) -> Message | None:
        data = StopRecordingAckData(recording_duration=duration, recording_left_to_process=left)
        audience = self._audiences["acknowledgments"]
        return self._write(StopRecordingAckMessage, now, audience, acknowledged=True, data=data)

    def stop_refused(self, now: float, reason: str) -> Message | None:
        problem = Problem(message=reason)
        return self._write(StopRecordingAckMessage, now, self._problems, acknowledged=False, error=problem)

    def speech(self, event: SpeechStart | SpeechEnd, now: float) -> Message | None:
        kind = SpeechStartMessage if isinstance(event, SpeechStart) else SpeechEndMessage
        data = SpeechData(time=event.time, channel=event.channel)
        return self._write(kind, now, self._audiences["speech_events"], data=data)

    def transcript(self, utterance: Utterance, now: float, *, final: bool) -> Message | None:
        audience = self._audiences["final_transcripts" if final else "partial_transcripts"]
        if audience.empty:
            return None
        data = TranscriptData(
            id=utterance.id, is_final=final, utterance=UtteranceModel.from_stream(utterance)
        )
        return self._write(TranscriptMessage, now, audience, data=data)

    def of_final(self, utterance: Utterance, now: float) -> Iterator[Message | None]:
        """The final itself and, unless it only takes back a partial, what add-ons have to say of it."""
        yield self.transcript(utterance, now, final=True)
        if not utterance.words:
            return
        # As yet: the error of each add-on that was asked for and cannot be served.
        audience, asked = self._audiences["realtime_processing_events"], self._realtime
        if asked.translation:
            yield self._write(TranslationMessage, now, audience, error=not_available("translation"))
        if asked.named_entity_recognition:
            error = not_available("named_entity_recognition")
            yield self._write(NamedEntityRecognitionMessage, now, audience, error=error)
        if asked.sentiment_analysis:
            error = not_available("sentiment_analysis")
            yield self._write(SentimentAnalysisMessage, now, audience, error=error)

    def start_session(self, now: float) -> Message | None:
        """Not for the socket: the official SDKs make their own."""
        told = self._audiences["lifecycle_events"]
        audience = Audience(socket=False, callback=told.callback, webhooks=told.webhooks)
        return self._write(StartSessionMessage, now, audience)

    def start_recording(self, now: float) -> Message | None:
        return self._write(StartRecordingMessage, now, self._audiences["lifecycle_events"])

    def end_recording(self, now: float, duration: float) -> Message | None:
        data = EndRecordingData(recording_duration=duration)
        return self._write(EndRecordingMessage, now, self._audiences["lifecycle_events"], data=data)

    def end_session(self, now: float) -> Message | None:
        return self._write(EndSessionMessage, now, self._audiences["lifecycle_events"])

    def post_processing(self, result: SessionResult, now: float) -> Iterator[Message | None]:
        audience = self._audiences["post_processing_events"]
        if audience.empty:
            return
        transcription = result.transcription
        assert transcription is not None, "every result has a transcription"
        utterances, bare = transcription.utterances, transcription.without_utterances()
        whole = self._message(PostTranscriptMessage, now, data=bare)
        yield Message("post_transcript", json_with(utterances, whole), audience)
        if result.summarization and result.summarization.error:
            error = result.summarization.error
            yield self._write(PostSummarizationMessage, now, audience, error=error)
        if result.chapterization and result.chapterization.error:
            error = result.chapterization.error
            yield self._write(PostChapterizationMessage, now, audience, error=error)
        fields = {name: getattr(result, name) for name in TranscriptionResult.model_fields}
        data = TranscriptionResult(**fields | {"transcription": bare})
        whole = self._message(PostFinalTranscriptMessage, now, data=data)
        yield Message("post_final_transcript", json_with(utterances, whole), audience)

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

    def _write(
        self, kind: type[ServerMessage], now: float, audience: Audience, **fields: Any
    ) -> Message | None:
        if audience.empty:
            return None
        return Message(_type_of(kind), self._message(kind, now, **fields).model_dump_json(), audience)

    def _message(self, kind: type[ServerMessage], now: float, **fields: Any) -> ServerMessage:
        return kind(session_id=self._session_id, created_at=timestamp(now), **fields)


def posts(*messages: Message | None) -> list[Post]:
    """The messages for those who are told by HTTP."""
    said = (message for message in messages if message is not None and message.audience.posted)
    return [
        Post(message.type, message.text, message.audience.callback, message.audience.webhooks)
        for message in said
    ]


def _on(config: MessagesConfig | CallbackConfig | None, switch: Switch) -> bool:
    return config is not None and bool(getattr(config, f"receive_{switch}"))


def _type_of(kind: type[ServerMessage]) -> str:
    return str(kind.model_fields["type"].default)
