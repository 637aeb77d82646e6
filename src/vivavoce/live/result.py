"""The result of a session, made of its finals: what GET shows and `post_final_transcript` carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vivavoce.live.add_ons import failed, not_available
from vivavoce.live.sentences import SegmentationError, sentences_of
from vivavoce.protocol.languages import joined
from vivavoce.protocol.requests import LiveRequest, SubtitlesConfig
from vivavoce.protocol.responses import (
    AddonEnvelope,
    ChapterizationEnvelope,
    Metadata,
    NamedEntityRecognitionEnvelope,
    Sentences,
    SentimentAnalysisEnvelope,
    SessionResult,
    Subtitle,
    SummarizationEnvelope,
    Transcription,
    TranslationEnvelope,
    UtteranceModel,
)
from vivavoce.protocol.stream import Final, Utterance
from vivavoce.subtitles import Limits, cues_of, srt, vtt


def build_result(
    request: LiveRequest,
    finals: Iterable[Final],
    *,
    audio_duration: float,
    transcription_time: float,
    clock: Callable[[], float],
) -> SessionResult:
    """The result so far, without its messages. Durations are in seconds; `finals` may be in any order.

    `clock`, in seconds from anywhere, times the add-ons.

    An add-on that was asked for and is not available gives an envelope that says so.
    """
    # One without words only took back what had been shown.
    utterances = sorted(
        (final.utterance for final in finals if final.utterance.words),
        key=lambda utterance: (utterance.start, utterance.channel),
    )
    models = tuple(map(UtteranceModel.from_stream, utterances))
    post = request.post_processing
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
            utterances=models,
            sentences=_sentences(utterances, clock) if post.sentences else None,
            subtitles=_subtitles(models, post.subtitles_config) if post.subtitles else None,
        ),
        **_missing_add_ons(request),
    )


def _sentences(utterances: Iterable[Utterance], clock: Callable[[], float]) -> tuple[Sentences, ...]:
    begun = clock()
    try:
        found = tuple(sentences_of(utterances))
    except SegmentationError as error:
        return (Sentences.failed(failed(error), exec_time=clock() - begun),)
    return (Sentences(success=True, is_empty=not found, exec_time=clock() - begun, results=found),)


def _subtitles(utterances: Iterable[UtteranceModel], config: SubtitlesConfig) -> tuple[Subtitle, ...]:
    limits = Limits(
        shortest=config.minimum_duration,
        longest=config.maximum_duration,
        width=config.maximum_characters_per_row,
        rows=config.maximum_rows_per_caption,
    )
    cues = cues_of(utterances, limits)
    write = {"srt": srt, "vtt": vtt}
    return tuple(Subtitle(format=form, subtitles=write[form](cues)) for form in config.formats)


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
