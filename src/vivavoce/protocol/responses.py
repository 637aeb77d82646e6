"""What the REST calls answer: the session object, its result, and errors.

Fields that have no value are there as `null`, so that every client finds every field. Times are seconds
of session audio, rounded to milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import to_json

from vivavoce.protocol import stream

SessionStatus = Literal["queued", "processing", "done", "error"]


def timestamp(at: datetime | float) -> str:
    """ISO 8601 in UTC with milliseconds and "Z", of an aware datetime or of POSIX seconds."""
    if not isinstance(at, datetime):
        at = datetime.fromtimestamp(at, UTC)
    elif at.tzinfo is None:
        raise ValueError("a timestamp needs an aware datetime; give datetime.now(UTC), not datetime.now()")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _to_three_decimals(value: float) -> float:
    return round(value, 3)


Seconds = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_to_three_decimals)]
Confidence = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_to_three_decimals)]


class WireModel(BaseModel):
    """Frozen; fields that are not known yet are kept and readable as attributes."""

    model_config = ConfigDict(frozen=True, extra="allow")


class WordModel(WireModel):
    """One word, its leading space kept."""

    word: str
    start: Seconds
    end: Seconds
    confidence: Confidence


class UtteranceModel(WireModel):
    start: Seconds
    end: Seconds
    confidence: Confidence
    channel: int
    words: tuple[WordModel, ...]
    text: str
    language: str
    speaker: int | None = None

    @classmethod
    def from_stream(cls, utterance: stream.Utterance) -> Self:
        # One validation of plain dicts takes half the time of building a model for each word.
        return cls.model_validate(
            {
                "start": utterance.start,
                "end": utterance.end,
                "confidence": utterance.confidence,
                "channel": utterance.channel,
                "words": [
                    {"word": word.text, "start": word.start, "end": word.end, "confidence": word.confidence}
                    for word in utterance.words
                ],
                "text": utterance.text,
                "language": utterance.language,
            }
        )


class Problem(WireModel):
    message: str


class AddonError(Problem):
    """Why an add-on failed; `status_code` is as in HTTP."""

    status_code: int
    exception: str


ResultsT = TypeVar("ResultsT")


class AddonEnvelope(WireModel, Generic[ResultsT]):
    """What an add-on gave, or why it gave nothing. `exec_time` is in seconds."""

    success: bool
    is_empty: bool
    exec_time: Seconds
    error: AddonError | None = None
    results: ResultsT | None = None

    @classmethod
    def failed(cls, error: AddonError, exec_time: float = 0.0) -> Self:
        return cls(success=False, is_empty=True, exec_time=exec_time, error=error)


class Entity(WireModel):
    """A named entity; `entity_type` such as NAME_GIVEN, LOCATION_CITY, DATE."""

    entity_type: str
    text: str
    start: Seconds
    end: Seconds


class Sentiment(WireModel):
    sentiment: str
    emotion: str
    text: str
    start: Seconds
    end: Seconds
    channel: int


class ChapterSentence(WireModel):
    sentence: str
    start: Seconds
    end: Seconds
    words: tuple[WordModel, ...]


class Chapter(WireModel):
    """`summary` is one of the two others, the other being null: `extractive_summary` in the speakers' words,
    `abstractive_summary` in those of a model. `text` is that of the sentences.
    """

    headline: str
    gist: str
    summary: str
    keywords: tuple[str, ...]
    start: Seconds
    end: Seconds
    abstractive_summary: str | None = None
    extractive_summary: str | None = None
    text: str = ""
    sentences: tuple[ChapterSentence, ...] = ()


Sentences = AddonEnvelope[tuple[str, ...]]


class Subtitle(WireModel):
    format: Literal["srt", "vtt"]
    subtitles: str


class Transcription(WireModel):
    """`languages`: the most heard first."""

    full_transcript: str
    languages: tuple[str, ...]
    utterances: tuple[UtteranceModel, ...]
    sentences: tuple[Sentences, ...] | None = None
    subtitles: tuple[Subtitle, ...] | None = None


class TranslationResult(Transcription):
    """The transcription in one target language."""

    error: AddonError | None = None


TranslationEnvelope = AddonEnvelope[tuple[TranslationResult, ...]]
SummarizationEnvelope = AddonEnvelope[str]
ChapterizationEnvelope = AddonEnvelope[tuple[Chapter, ...]]
NamedEntityRecognitionEnvelope = AddonEnvelope[tuple[Entity, ...]]


class SentimentAnalysisEnvelope(AddonEnvelope[str]):
    """`results` is a JSON text of a list of `Sentiment`; never `null`, since clients expect a string."""

    results: str = ""


class Metadata(WireModel):
    """Durations in seconds; `billing_time` is the duration times the channels."""

    audio_duration: Seconds
    number_of_distinct_channels: int
    billing_time: Seconds
    transcription_time: Seconds


class TranscriptionResult(WireModel):
    """The result without its messages, as `post_final_transcript` carries it.

    An add-on that was not asked for is `null`.
    """

    metadata: Metadata
    transcription: Transcription | None = None
    translation: TranslationEnvelope | None = None
    summarization: SummarizationEnvelope | None = None
    chapterization: ChapterizationEnvelope | None = None
    named_entity_recognition: NamedEntityRecognitionEnvelope | None = None
    sentiment_analysis: SentimentAnalysisEnvelope | None = None


class SessionResult(TranscriptionResult):
    """`messages`: all that was sent to the client, as JSON texts, in order."""

    messages: tuple[str, ...] = ()


class SessionFile(WireModel):
    """The recording. `audio_duration` is in seconds."""

    id: str
    filename: str | None = None
    source: str | None = None
    audio_duration: Seconds | None = None
    number_of_channels: int | None = None


class SessionCreated(WireModel):
    """The answer to `POST /v2/live`; `url` holds the session's token."""

    id: str
    created_at: str
    url: str


class SessionObject(WireModel):
    """The answer to `GET /v2/live/{id}`; `request_params` is from `LiveRequest.request_params`."""

    id: str
    request_id: str
    version: int = 2
    status: SessionStatus
    created_at: str
    completed_at: str | None = None
    kind: Literal["live"] = "live"
    custom_metadata: dict[str, Any] | None = None
    post_session_metadata: dict[str, Any] = Field(default_factory=dict)
    error_code: int | None = None
    file: SessionFile | None = None
    request_params: dict[str, Any] | None = None
    result: SessionResult | None = None


class SessionList(WireModel):
    """One page; `first`, `current` and `next` are absolute URLs, `next` is `null` on the last page."""

    first: str
    current: str
    next: str | None = None
    items: tuple[SessionObject, ...]


_PIECES = (UtteranceModel, ChapterSentence)


def pieces_of(value: object) -> Iterator[WireModel]:
    """What holds the words in it, some at a time."""
    if isinstance(value, _PIECES):
        yield value
    elif isinstance(value, WireModel):
        for _, each in value:
            yield from pieces_of(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from pieces_of(each)


def json_text(value: object) -> str:
    """As `model_dump_json`, of what may hold hours of speech.

    Piece by piece, since all other threads wait while one object is written.
    """
    if isinstance(value, WireModel) and not isinstance(value, _PIECES):
        return "{" + ",".join(f"{json_text(name)}:{json_text(each)}" for name, each in value) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    return to_json(value, inf_nan_mode="null").decode()


class ErrorBody(WireModel):
    """The body of every refusal; dump it with `exclude_none`, since `validation_errors` is for 400 alone."""

    timestamp: str
    path: str
    request_id: str
    statusCode: int  # noqa: N815 - the wire's name
    message: str
    validation_errors: tuple[str, ...] | None = None
