"""The WebSocket's messages, both ways, and the envelopes in which callbacks and webhooks carry them."""

from __future__ import annotations

import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails

from vivavoce.errors import VivavoceError
from vivavoce.protocol.close_codes import LONGEST_REASON
from vivavoce.protocol.responses import (
    AddonError,
    Chapter,
    Entity,
    Problem,
    Seconds,
    Sentiment,
    Transcription,
    TranscriptionResult,
    UtteranceModel,
    WireModel,
)
from vivavoce.protocol.validation import refusal, validation_issues


class InvalidMessage(VivavoceError, ValueError):  # noqa: N818 - a state of the text, like InvalidAudio
    """A text that is no message of the protocol; the words fit a WebSocket close reason (123 bytes)."""


class ServerMessage(WireModel):
    """`created_at` as `timestamp` writes it."""

    session_id: str
    created_at: str


class AudioChunkAckData(WireModel):
    """Half-open ranges, counted from the session's start over all its connections."""

    byte_range: tuple[int, int]
    time_range: tuple[Seconds, Seconds]


class AudioChunkAckMessage(ServerMessage):
    acknowledged: bool
    error: Problem | None = None
    type: Literal["audio_chunk"] = "audio_chunk"
    data: AudioChunkAckData | None = None


class StopRecordingAckData(WireModel):
    recording_duration: Seconds
    recording_left_to_process: Seconds


class StopRecordingAckMessage(ServerMessage):
    acknowledged: bool
    error: Problem | None = None
    type: Literal["stop_recording"] = "stop_recording"
    data: StopRecordingAckData | None = None


class SpeechData(WireModel):
    time: Seconds
    channel: int


class SpeechStartMessage(ServerMessage):
    type: Literal["speech_start"] = "speech_start"
    data: SpeechData


class SpeechEndMessage(ServerMessage):
    type: Literal["speech_end"] = "speech_end"
    data: SpeechData


class TranscriptData(WireModel):
    """Partials and the final of one utterance share its `id`."""

    id: str
    is_final: bool
    utterance: UtteranceModel


class TranscriptMessage(ServerMessage):
    type: Literal["transcript"] = "transcript"
    data: TranscriptData


class AddonMessage(ServerMessage):
    """A failed add-on says `error` and has `null` data."""

    error: AddonError | Problem | None = None


class TranslationData(WireModel):
    utterance_id: str
    utterance: UtteranceModel
    original_language: str
    target_language: str
    translated_utterance: UtteranceModel


class TranslationMessage(AddonMessage):
    type: Literal["translation"] = "translation"
    data: TranslationData | None = None


class NamedEntityRecognitionData(WireModel):
    utterance_id: str
    utterance: UtteranceModel
    results: tuple[Entity, ...]


class NamedEntityRecognitionMessage(AddonMessage):
    type: Literal["named_entity_recognition"] = "named_entity_recognition"
    data: NamedEntityRecognitionData | None = None


class SentimentAnalysisData(WireModel):
    utterance_id: str
    utterance: UtteranceModel
    results: tuple[Sentiment, ...]


class SentimentAnalysisMessage(AddonMessage):
    type: Literal["sentiment_analysis"] = "sentiment_analysis"
    data: SentimentAnalysisData | None = None


class PostTranscriptMessage(ServerMessage):
    type: Literal["post_transcript"] = "post_transcript"
    data: Transcription


class PostSummarizationData(WireModel):
    results: str


class PostSummarizationMessage(AddonMessage):
    type: Literal["post_summarization"] = "post_summarization"
    data: PostSummarizationData | None = None


class PostChapterizationData(WireModel):
    results: tuple[Chapter, ...]


class PostChapterizationMessage(AddonMessage):
    type: Literal["post_chapterization"] = "post_chapterization"
    data: PostChapterizationData | None = None


class PostFinalTranscriptMessage(ServerMessage):
    type: Literal["post_final_transcript"] = "post_final_transcript"
    data: TranscriptionResult


class StartSessionMessage(ServerMessage):
    type: Literal["start_session"] = "start_session"


class StartRecordingMessage(ServerMessage):
    type: Literal["start_recording"] = "start_recording"


class EndRecordingData(WireModel):
    recording_duration: Seconds


class EndRecordingMessage(ServerMessage):
    type: Literal["end_recording"] = "end_recording"
    data: EndRecordingData


class EndSessionMessage(ServerMessage):
    type: Literal["end_session"] = "end_session"


Message = Annotated[
    AudioChunkAckMessage
    | StopRecordingAckMessage
    | SpeechStartMessage
    | SpeechEndMessage
    | TranscriptMessage
    | TranslationMessage
    | NamedEntityRecognitionMessage
    | SentimentAnalysisMessage
    | PostTranscriptMessage
    | PostSummarizationMessage
    | PostChapterizationMessage
    | PostFinalTranscriptMessage
    | StartSessionMessage
    | StartRecordingMessage
    | EndRecordingMessage
    | EndSessionMessage,
    Field(discriminator="type"),
]


class UnknownMessage(WireModel):
    """A message of a type that this version does not know; its other fields are readable as attributes."""

    type: str
    session_id: str | None = None
    created_at: str | None = None
    data: Any = None


_OF_THE_END = (
    EndRecordingMessage,
    PostTranscriptMessage,
    PostSummarizationMessage,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    EndSessionMessage,
)

Key = tuple[str, str, str]


def key_of(message: Message | UnknownMessage) -> Key | None:
    """What a message that is said once says it of: its type; of a final, also the utterance; of an add-on to
    a final, that and a translation's language, as `AddOnResult.key` has them. None for all others."""
    match message:
        case TranscriptMessage(data=data) if data.is_final:
            return message.type, data.id, ""
        case TranslationMessage(data=data) if data:
            return message.type, data.utterance_id, data.target_language
        case NamedEntityRecognitionMessage(data=data) | SentimentAnalysisMessage(data=data) if data:
            return message.type, data.utterance_id, ""
    return (message.type, "", "") if isinstance(message, _OF_THE_END) else None


def _audio_of(chunk: object) -> bytes:
    if isinstance(chunk, bytes):
        return chunk
    if not isinstance(chunk, str):
        raise refusal("must be a string of base64")
    try:
        return binascii.a2b_base64(chunk, strict_mode=True)
    except ValueError as error:
        raise refusal(f"must be base64: {str(error)[:60]}") from None


def _base64_of(audio: bytes) -> str:
    return binascii.b2a_base64(audio, newline=False).decode("ascii")


class _FromClient(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class AudioChunkData(_FromClient):
    """`chunk` is raw audio; on the wire it is base64 (RFC 4648, padded, no line breaks)."""

    chunk: Annotated[bytes, BeforeValidator(_audio_of), PlainSerializer(_base64_of, return_type=str)]


class AudioChunk(_FromClient):
    type: Literal["audio_chunk"] = "audio_chunk"
    data: AudioChunkData


class StopRecording(_FromClient):
    type: Literal["stop_recording"] = "stop_recording"


ClientMessage = Annotated[AudioChunk | StopRecording, Field(discriminator="type")]


class Callback(WireModel):
    """What is posted to `callback_config.url`; `id` is the session's."""

    id: str
    event: str
    payload: Message

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(id=message.session_id, event=f"live.{message.type}", payload=message)


class WebhookPayload(WireModel):
    id: str


class Webhook(WireModel):
    """What a key's webhook gets; `payload.id` is the session's."""

    event: Literal["live.start_session", "live.start_recording", "live.end_recording", "live.end_session"]
    payload: WebhookPayload


_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)
_CLIENT_MESSAGES: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


def parse_message(text: str | bytes) -> Message | UnknownMessage:
    """A message of the server. Raises `InvalidMessage` for what is no message, or malformed for its type."""
    try:
        try:
            return _MESSAGES.validate_json(text)
        except ValidationError as error:
            if _first(error)["type"] != "union_tag_invalid":
                raise
            return UnknownMessage.model_validate_json(text)
    except ValidationError as error:
        raise InvalidMessage(_complaint(error)) from None


def parse_client_message(text: str | bytes) -> ClientMessage:
    """A message of the client. Raises `InvalidMessage`, and nothing else, for whatever is not one."""
    try:
        return _CLIENT_MESSAGES.validate_json(text)
    except ValidationError as error:
        raise InvalidMessage(_complaint(error)) from None


def _first(error: ValidationError) -> ErrorDetails:
    return error.errors(include_url=False, include_input=False)[0]


def _complaint(error: ValidationError) -> str:
    found = _first(error)
    match found["type"]:
        case "json_invalid":
            complaint = f"not JSON: {found['ctx']['error']}"
        case "string_unicode":
            complaint = "not JSON: the text is not valid Unicode"
        case "dict_type":
            complaint = "not a JSON object"
        case "union_tag_not_found":
            complaint = 'the message has no "type"'
        case "union_tag_invalid":
            known = found["ctx"]["expected_tags"].replace("'", '"').replace(", ", " or ")
            complaint = f'"type" must be {known}, not "{found["ctx"]["tag"]}"'
        case _:
            complaint = str(validation_issues(error)[0])
    return complaint.encode()[:LONGEST_REASON].decode(errors="ignore")
