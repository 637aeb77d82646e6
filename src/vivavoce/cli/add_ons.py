"""What may be asked for beside the words, and how that reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer

from vivavoce.cli.terminal import clock
from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import (
    AddonMessage,
    NamedEntityRecognitionMessage,
    PostChapterizationMessage,
    PostSummarizationMessage,
    SentimentAnalysisMessage,
    TranslationMessage,
)
from vivavoce.protocol.responses import Chapter, Problem, TranscriptionResult

SummaryKind = Literal["general", "bullet_points", "concise"]

Entities = Annotated[
    bool, typer.Option("--entities", help="Say which people, places, dates and more are named.")
]
Sentiment = Annotated[bool, typer.Option("--sentiment", help="Say how each sentence is meant.")]
Summary = Annotated[
    SummaryKind | None, typer.Option("--summary", help="Summarize all of it in the end, in this form.")
]
Chapters = Annotated[bool, typer.Option("--chapters", help="Divide all of it into chapters in the end.")]

NAMES = (
    "named_entity_recognition", "sentiment_analysis", "translation", "summarization", "chapterization"
)  # fmt: skip
"""Of the results, in the order in which they are given."""


def asked(
    entities: bool, sentiment: bool, translate: list[str] | None, summary: SummaryKind | None, chapters: bool
) -> dict[str, Any]:
    """What these options add to a session's request."""
    realtime: dict[str, Any] = {}
    if entities:
        realtime["named_entity_recognition"] = True
    if sentiment:
        realtime["sentiment_analysis"] = True
    if translate:
        realtime |= {"translation": True, "translation_config": {"target_languages": translate}}
    post: dict[str, Any] = {"chapterization": True} if chapters else {}
    if summary:
        post |= {"summarization": True, "summarization_config": {"type": summary}}
    sections = {"realtime_processing": realtime, "post_processing": post}
    return {name: section for name, section in sections.items() if section}


def told(message: AnyMessage) -> Iterator[str]:
    """The lines that say what an add-on has found, below the words that it is of; of nothing none."""
    match message:
        case NamedEntityRecognitionMessage(data=data) if data and data.results:
            yield "· " + ", ".join(f"{each.text} ({each.entity_type})" for each in data.results)
        case SentimentAnalysisMessage(data=data) if data:
            yield from (f"· {each.sentiment}, {each.emotion}: {each.text}" for each in data.results)
        case TranslationMessage(data=data) if data:
            yield f"· {data.target_language}: {data.translated_utterance.text.strip()}"
        case PostSummarizationMessage(data=data) if data:
            yield from ("Summary:", *data.results.splitlines())
        case PostChapterizationMessage(data=data) if data:
            yield "Chapters:"
            yield from map(_chapter, data.results)


def problem(message: AnyMessage) -> str | None:
    """Why an add-on found nothing; None of another message."""
    match message:
        case AddonMessage(error=Problem(message=why)):
            return f"· {why}"
    return None


def found(result: TranscriptionResult) -> dict[str, Any]:
    """As JSON, the envelope of each add-on that was asked for."""
    envelopes = {name: getattr(result, name) for name in NAMES}
    return {name: each.model_dump(mode="json") for name, each in envelopes.items() if each is not None}


def _chapter(chapter: Chapter) -> str:
    return f"{clock(chapter.start)} to {clock(chapter.end)}  {chapter.headline}"
