"""Everything we send loads with the official SDK's types: no field missing, none that they do not know."""

import dataclasses
import json
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from gladiaio_sdk.network.http_client import collect_invalid_parameters
from gladiaio_sdk.v2.live import generated_types as official
from pydantic import BaseModel, ValidationError

from vivavoce.protocol import (
    AddonEnvelope,
    AddonError,
    AudioChunkAckData,
    AudioChunkAckMessage,
    Callback,
    Chapter,
    ChapterSentence,
    EndRecordingData,
    EndRecordingMessage,
    EndSessionMessage,
    Entity,
    LiveRequest,
    Message,
    Metadata,
    NamedEntityRecognitionData,
    NamedEntityRecognitionMessage,
    PostChapterizationData,
    PostChapterizationMessage,
    PostFinalTranscriptMessage,
    PostSummarizationData,
    PostSummarizationMessage,
    PostTranscriptMessage,
    Problem,
    Sentences,
    Sentiment,
    SentimentAnalysisData,
    SentimentAnalysisEnvelope,
    SentimentAnalysisMessage,
    SessionCreated,
    SessionFile,
    SessionList,
    SessionObject,
    SessionResult,
    SpeechData,
    SpeechEndMessage,
    SpeechStartMessage,
    StartRecordingMessage,
    StartSessionMessage,
    StopRecordingAckData,
    StopRecordingAckMessage,
    Subtitle,
    TranscriptData,
    Transcription,
    TranscriptionResult,
    TranscriptMessage,
    TranslationData,
    TranslationMessage,
    TranslationResult,
    UtteranceModel,
    Webhook,
    WebhookPayload,
    WordModel,
    parse_message,
    validation_issues,
)

EXTENSIONS = {
    ("LiveV2Error", "status_code"),
    ("LiveV2Error", "exception"),
    ("LiveV2PostProcessingConfig", "sentences"),
    ("LiveV2PostProcessingConfig", "subtitles"),
    ("LiveV2PostProcessingConfig", "subtitles_config"),
    ("LiveV2RealtimeProcessingConfig", "pii_redaction"),
    ("LiveV2RealtimeProcessingConfig", "pii_redaction_config"),
    ("LiveV2RealtimeProcessingConfig", "words_accurate_timestamps"),
    ("LiveV2TranscriptionResult", "chapterization"),
    ("LiveV2TranscriptionResultWithMessages", "chapterization"),
    ("LiveV2UnknownWebSocketMessage", "error"),
}
"""What we send and the SDK's types do not know: documented for the API, or our own."""


def nested_types(annotation: object) -> Iterator[type]:
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from nested_types(argument)


def assert_whole(kind: type, payload: dict[str, Any], seen: set[type]) -> None:
    """Every field of the SDK's `kind` is in `payload`, and so on for the objects inside it."""
    seen.add(kind)
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.name == "_unknown_fields":
            continue
        assert field.name in payload, f"{kind.__name__}.{field.name} is missing"
        value = payload[field.name]
        for inner in nested_types(hints[field.name]):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    assert_whole(inner, item, seen)


def reachable(kind: type) -> set[type]:
    found = {kind}
    for field in dataclasses.fields(kind):
        for inner in nested_types(typing.get_type_hints(kind)[field.name]):
            found |= reachable(inner)
    return found


def unknown_fields(loaded: object) -> set[tuple[str, str]]:
    if isinstance(loaded, list):
        return {found for item in loaded for found in unknown_fields(item)}
    if not dataclasses.is_dataclass(loaded):
        return set()
    found = {(type(loaded).__name__, name) for name in loaded._unknown_fields}
    for field in dataclasses.fields(loaded):
        found |= unknown_fields(getattr(loaded, field.name))
    return found


def undeclared(value: object) -> set[str]:
    """Fields of our examples that our models do not have: they would be sent, but never checked."""
    if isinstance(value, tuple):
        return {found for item in value for found in undeclared(item)}
    if not isinstance(value, BaseModel):
        return set()
    found = {f"{type(value).__name__}.{name}" for name in value.model_extra or ()}
    return found.union(*(undeclared(getattr(value, name)) for name in type(value).model_fields))


def assert_loads(kind: type, payload: dict[str, Any]) -> None:
    """`payload`, full in every part, is a whole `kind` for the SDK."""
    seen: set[type] = set()
    assert_whole(kind, payload, seen)
    assert seen == reachable(kind), "the example leaves parts out"
    assert unknown_fields(kind.from_dict(payload)) <= EXTENSIONS  # type: ignore[attr-defined]


HEAD = {"session_id": "4a39145c-2844-4557-8f34-34883f7be7d9", "created_at": "2026-01-02T03:04:05.678Z"}
ERROR = AddonError(status_code=501, exception="NotImplemented", message="not there yet")
UTTERANCE = UtteranceModel(
    start=0.1,
    end=0.9,
    confidence=0.9,
    channel=0,
    words=(WordModel(word=" Hello", start=0.1, end=0.9, confidence=0.9),),
    text=" Hello",
    language="en",
    speaker=0,
)
ENTITY = Entity(entity_type="NAME_GIVEN", text="Ada", start=0.1, end=0.4)
CHAPTER = Chapter(
    headline="Greeting",
    gist="hello",
    summary="They greet.",
    keywords=("hello",),
    start=0,
    end=1,
    extractive_summary="They greet.",
    text="Hello",
    sentences=(ChapterSentence(sentence="Hello", start=0.1, end=0.9, words=UTTERANCE.words),),
)
PARTS: dict[str, Any] = {
    "full_transcript": "Hello",
    "languages": ("en",),
    "utterances": (UTTERANCE,),
    "sentences": (Sentences(success=True, is_empty=False, exec_time=0.1, error=ERROR, results=("Hello",)),),
    "subtitles": (Subtitle(format="srt", subtitles="1\n00:00:00,100 --> 00:00:00,900\nHello\n"),),
}
RESULT = TranscriptionResult(
    metadata=Metadata(
        audio_duration=1.5, number_of_distinct_channels=2, billing_time=3, transcription_time=0.4
    ),
    transcription=Transcription(**PARTS),
    translation=AddonEnvelope[tuple[TranslationResult, ...]](
        success=True,
        is_empty=False,
        exec_time=0.1,
        error=ERROR,
        results=(TranslationResult(**PARTS, error=ERROR),),
    ),
    summarization=AddonEnvelope[str](success=True, is_empty=False, exec_time=0.1, error=ERROR, results="Hi"),
    chapterization=AddonEnvelope[tuple[Chapter, ...]](
        success=True, is_empty=False, exec_time=0.1, results=(CHAPTER,)
    ),
    named_entity_recognition=AddonEnvelope[tuple[Entity, ...]](
        success=True, is_empty=False, exec_time=0.1, error=ERROR, results=(ENTITY,)
    ),
    sentiment_analysis=SentimentAnalysisEnvelope(
        success=True, is_empty=False, exec_time=0.1, error=ERROR, results="[]"
    ),
)
REQUEST = LiveRequest.model_validate(
    {
        "realtime_processing": {
            "custom_vocabulary_config": {"vocabulary": ["Westeros"]},
            "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel"]}},
            "translation_config": {"target_languages": ["fr"]},
        }
    }
)
SESSION = SessionObject(
    id=HEAD["session_id"],
    request_id="G-821fe9df",
    status="done",
    created_at=HEAD["created_at"],
    completed_at=HEAD["created_at"],
    custom_metadata={"user": "Ada"},
    post_session_metadata={"warnings": []},
    error_code=None,
    file=SessionFile(id="f", filename="f.wav", source="live", audio_duration=1.5, number_of_channels=2),
    request_params=REQUEST.request_params(),
    result=SessionResult(**dict(RESULT), messages=('{"type":"start_session"}',)),
)
ABOUT = {"utterance_id": "00_00000004", "utterance": UTTERANCE}
MESSAGES: list[Message] = [
    AudioChunkAckMessage(
        **HEAD,
        acknowledged=True,
        error=Problem(message="none"),
        data=AudioChunkAckData(byte_range=(0, 3200), time_range=(0, 0.1)),
    ),
    StopRecordingAckMessage(
        **HEAD,
        acknowledged=True,
        error=Problem(message="none"),
        data=StopRecordingAckData(recording_duration=1.5, recording_left_to_process=0.2),
    ),
    SpeechStartMessage(**HEAD, data=SpeechData(time=0.1, channel=0)),
    SpeechEndMessage(**HEAD, data=SpeechData(time=0.9, channel=0)),
    TranscriptMessage(**HEAD, data=TranscriptData(id="00_00000004", is_final=True, utterance=UTTERANCE)),
    TranslationMessage(
        **HEAD,
        error=ERROR,
        data=TranslationData(
            **ABOUT, original_language="en", target_language="fr", translated_utterance=UTTERANCE
        ),
    ),
    NamedEntityRecognitionMessage(
        **HEAD, error=ERROR, data=NamedEntityRecognitionData(**ABOUT, results=(ENTITY,))
    ),
    SentimentAnalysisMessage(
        **HEAD,
        error=ERROR,
        data=SentimentAnalysisData(
            **ABOUT,
            results=(
                Sentiment(sentiment="positive", emotion="joy", text="Hello", start=0.1, end=0.9, channel=0),
            ),
        ),
    ),
    PostTranscriptMessage(**HEAD, data=Transcription(**PARTS)),
    PostSummarizationMessage(**HEAD, error=ERROR, data=PostSummarizationData(results="Hi")),
    PostFinalTranscriptMessage(**HEAD, data=RESULT),
    StartSessionMessage(**HEAD),
    StartRecordingMessage(**HEAD),
    EndRecordingMessage(**HEAD, data=EndRecordingData(recording_duration=1.5)),
    EndSessionMessage(**HEAD),
]


def test_there_is_an_example_of_every_message_the_sdk_knows() -> None:
    assert {message.type for message in MESSAGES} == set(official._WS_TYPE_TO_CLASS)


@pytest.mark.parametrize("example", [*MESSAGES, SESSION, REQUEST], ids=lambda example: type(example).__name__)
def test_our_models_have_every_field_of_the_examples(example: BaseModel) -> None:
    assert undeclared(example) == set()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_a_message_loads_whole(message: Message) -> None:
    payload = json.loads(message.model_dump_json())
    assert_loads(official._WS_TYPE_TO_CLASS[message.type], payload)
    loaded = official.create_live_v2_web_socket_message_from_dict(payload)
    assert loaded.type == message.type


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_a_message_is_read_back_as_it_was(message: Message) -> None:
    assert parse_message(message.model_dump_json()) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_a_callback_loads_whole(message: Message) -> None:
    payload = json.loads(Callback.of(message).model_dump_json())
    assert_loads(official._CALLBACK_EVENT_TO_CLASS[payload["event"]], payload)


@pytest.mark.parametrize(
    "event", ["live.start_session", "live.start_recording", "live.end_recording", "live.end_session"]
)
def test_a_webhook_loads_whole(event: Any) -> None:
    payload = json.loads(Webhook(event=event, payload=WebhookPayload(id="4a39145c")).model_dump_json())
    assert_loads(official._WEBHOOK_EVENT_TO_CLASS[event], payload)


def test_the_sdk_passes_our_chapters_through_as_an_unknown_message() -> None:
    message = PostChapterizationMessage(**HEAD, data=PostChapterizationData(results=(CHAPTER,)))
    loaded = official.create_live_v2_web_socket_message_from_json(message.model_dump_json())
    assert isinstance(loaded, official.LiveV2UnknownWebSocketMessage)
    assert loaded.data["results"][0]["headline"] == "Greeting"
    assert unknown_fields(loaded) <= EXTENSIONS
    assert parse_message(message.model_dump_json()) == message


def test_a_created_session_loads_whole() -> None:
    created = SessionCreated(
        id="4a39145c", created_at=HEAD["created_at"], url="ws://localhost/v2/live?token=t"
    )
    assert_loads(official.LiveV2InitResponse, created.model_dump(mode="json"))


def test_a_session_object_loads_whole() -> None:
    assert_loads(official.LiveV2Response, json.loads(SESSION.model_dump_json()))


def test_a_new_session_has_every_field_and_no_result() -> None:
    new = SessionObject(id="4a39145c", request_id="G-1", status="queued", created_at=HEAD["created_at"])
    payload = json.loads(new.model_dump_json())
    assert_whole(official.LiveV2Response, payload, set())
    loaded = official.LiveV2Response.from_dict(payload)
    assert (loaded.status, loaded.result, loaded.post_session_metadata) == ("queued", None, {})


def test_a_result_in_which_every_addon_failed_loads() -> None:
    result = SessionResult(
        metadata=RESULT.metadata,
        transcription=RESULT.transcription,
        translation=AddonEnvelope[tuple[TranslationResult, ...]].failed(ERROR),
        summarization=AddonEnvelope[str].failed(ERROR),
        sentiment_analysis=SentimentAnalysisEnvelope.failed(ERROR),
    )
    payload = json.loads(result.model_dump_json())
    assert_whole(official.LiveV2TranscriptionResultWithMessages, payload, set())
    loaded = official.LiveV2TranscriptionResultWithMessages.from_dict(payload)
    assert loaded.sentiment_analysis.results == ""
    assert loaded.translation.error.status_code == 501


def test_a_list_of_sessions_loads_whole() -> None:
    page = "http://localhost/v2/live?offset=0&limit=20"
    listed = SessionList(first=page, current=page, next=None, items=(SESSION,))
    assert_loads(official.LiveV2ListResponse, json.loads(listed.model_dump_json()))


def test_the_request_params_load_whole() -> None:
    assert_loads(official.LiveV2RequestParamsResponse, REQUEST.request_params())


def test_the_sdk_finds_the_bad_fields_in_our_validation_errors() -> None:
    body = {"endpointing": 0, "language_config": {"languages": ["xx"]}, "callback": True}
    with pytest.raises(ValidationError) as refused:
        LiveRequest.model_validate(body)
    errors = [str(issue) for issue in validation_issues(refused.value)]
    assert collect_invalid_parameters(None, errors) == [
        "endpointing",
        "language_config.languages.0",
        "callback_config",
    ]
