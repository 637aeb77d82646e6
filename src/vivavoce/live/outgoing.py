"""The messages of a session: written for whoever its `messages_config` and `callback_config` name."""

from __future__ import annotations

from math import modf
from typing import Any, Literal, get_args

from vivavoce.live.add_ons import AddOnDone
from vivavoce.live.message import Audience, Message
from vivavoce.protocol.add_ons import POST_TRANSCRIPT, AddOnResult, Found
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
    Transcription,
    TranscriptionResult,
    UtteranceModel,
    json_text,
    timestamp,
)
from vivavoce.protocol.stream import SpeechEnd, SpeechStart, Utterance

_ADD_ONS: dict[str, type[ServerMessage]] = {
    "translation": TranslationMessage,
    "named_entity_recognition": NamedEntityRecognitionMessage,
    "sentiment_analysis": SentimentAnalysisMessage,
    "summarization": PostSummarizationMessage,
    "chapterization": PostChapterizationMessage,
}

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


class Outgoing:
    """Each method gives a message, or None where nobody asked for its kind.

    `webhooks`: whether the session has any.
    """

    def __init__(self, session_id: str, request: LiveRequest, *, webhooks: bool = False) -> None:
        self._session_id = session_id
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

    def add_on(self, result: AddOnResult, utterance: Utterance | None, now: float) -> AddOnDone:
        """What an add-on has to say: of a final, or of the whole session."""
        switch: Switch = "post_processing_events" if utterance is None else "realtime_processing_events"
        kind, audience = _ADD_ONS[result.name], self._audiences[switch]
        found = result.found()  # what cannot be written has failed, whoever wants to be told
        # The translation of the whole has no message of its own in the protocol: it is in the result.
        if audience.empty or (utterance is None and result.name == "translation"):
            return AddOnDone(result, None)
        data = _data_of(result, found, utterance) if result.error is None else None
        said = self._message(kind, now, error=result.error, data=data)
        return AddOnDone(result, Message(_type_of(kind), json_text(said), audience))

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

    def transcribed(self, transcription: Transcription, now: float) -> AddOnDone:
        """The whole session is transcribed."""
        result, audience = AddOnResult(POST_TRANSCRIPT), self._audiences["post_processing_events"]
        if audience.empty:
            return AddOnDone(result, None)
        whole = self._message(PostTranscriptMessage, now, data=transcription)
        return AddOnDone(result, Message("post_transcript", json_text(whole), audience))

    def post_final_transcript(self, result: SessionResult, now: float) -> Message | None:
        audience = self._audiences["post_processing_events"]
        if audience.empty:
            return None
        fields = {name: getattr(result, name) for name in TranscriptionResult.model_fields}
        whole = self._message(PostFinalTranscriptMessage, now, data=TranscriptionResult(**fields))
        return Message("post_final_transcript", json_text(whole), audience)

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


def _data_of(result: AddOnResult, found: Found, utterance: Utterance | None) -> dict[str, Any]:
    """What an add-on found, as its message holds it."""
    if utterance is None:
        return {"results": found}
    of = {"utterance_id": utterance.id, "utterance": UtteranceModel.from_stream(utterance)}
    if result.name != "translation":
        return {**of, "results": found}
    languages = {"original_language": utterance.language, "target_language": result.target}
    return {**of, **languages, "translated_utterance": found}


def _on(config: MessagesConfig | CallbackConfig | None, switch: Switch) -> bool:
    return config is not None and bool(getattr(config, f"receive_{switch}"))


def _type_of(kind: type[ServerMessage]) -> str:
    return str(kind.model_fields["type"].default)
