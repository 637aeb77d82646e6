"""The result of a session, made of its finals: what GET shows and `post_final_transcript` carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vivavoce.live.add_ons import not_available
from vivavoce.protocol.languages import joined
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import (
    AddonEnvelope,
    ChapterizationEnvelope,
    Metadata,
    NamedEntityRecognitionEnvelope,
    SentimentAnalysisEnvelope,
    SessionResult,
    SummarizationEnvelope,
    Transcription,
    TranslationEnvelope,
    UtteranceModel,
)
from vivavoce.protocol.stream import Final, Utterance


def build_result(
    request: LiveRequest,
    finals: Iterable[Final],
    *,
    audio_duration: float,
    transcription_time: float,
) -> SessionResult:
    """The result so far, without its messages. Durations are in seconds; `finals` may be in any order.

    An add-on that was asked for and is not available gives an envelope that says so.
    """
    utterances = sorted(
        (final.utterance for final in finals), key=lambda utterance: (utterance.start, utterance.channel)
    )
    return SessionResult(
        metadata=Metadata(
            audio_duration=audio_duration,
            number_of_distinct_channels=request.channels,
            billing_time=audio_duration * request.channels,
            transcription_time=transcription_time,
        ),
        transcription=Transcription(
            full_transcript=joined((utterance.language, utterance.text) for utterance in utterances),
            languages=_most_heard_first(utterances),
            utterances=tuple(map(UtteranceModel.from_stream, utterances)),
        ),
        **_missing_add_ons(request),
    )


def _missing_add_ons(request: LiveRequest) -> dict[str, AddonEnvelope[Any]]:
    realtime, post = request.realtime_processing, request.post_processing
    add_ons: list[tuple[str, bool, type[AddonEnvelope[Any]]]] = [
        ("translation", realtime.translation, TranslationEnvelope),
        ("named_entity_recognition", realtime.named_entity_recognition, NamedEntityRecognitionEnvelope),
        ("sentiment_analysis", realtime.sentiment_analysis, SentimentAnalysisEnvelope),
        ("summarization", post.summarization, SummarizationEnvelope),
        ("chapterization", post.chapterization, ChapterizationEnvelope),
    ]
    return {name: envelope.failed(not_available(name)) for name, asked, envelope in add_ons if asked}


def _most_heard_first(utterances: Iterable[Utterance]) -> tuple[str, ...]:
    seconds: dict[str, float] = {}
    for utterance in utterances:
        heard = utterance.end - utterance.start
        seconds[utterance.language] = seconds.get(utterance.language, 0.0) + heard
    return tuple(sorted(seconds, key=lambda language: -seconds[language]))
