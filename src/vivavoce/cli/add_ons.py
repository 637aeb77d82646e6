"""What may be asked for beside the words, and how that reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

import typer

from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import (
    AddonMessage,
    NamedEntityRecognitionMessage,
    PostChapterizationMessage,
    PostSummarizationMessage,
    SentimentAnalysisMessage,
    TranslationMessage,
)
from vivavoce.protocol.responses import Chapter, Entity, Problem, TranscriptionResult, UtteranceModel
from vivavoce.protocol.responses import Sentiment as SentenceSentiment

SummaryKind = Literal["general", "bullet_points", "concise"]

Entities = Annotated[
    bool, typer.Option("--entities", help="Say which people, places, dates and more are named.")
]
Sentiment = Annotated[
    bool, typer.Option("--sentiment", help="Say how each sentence is meant that is not neutral.")
]
Summary = Annotated[
    SummaryKind | None, typer.Option("--summary", help="Summarize all of it in the end, in this form.")
]
Chapters = Annotated[bool, typer.Option("--chapters", help="Divide all of it into chapters in the end.")]

NAMES = MappingProxyType(
    {
        "named_entity_recognition": "entities",
        "sentiment_analysis": "sentiment",
        "translation": "translation",
        "summarization": "summary",
        "chapterization": "chapters",
    }
)
"""What each result is called here, in the order in which they are given."""

NEUTRAL = "neutral"


class Note(NamedTuple):
    """A line of an add-on, and when what it is about begins: seconds; None for all that was said."""

    start: float | None
    text: str


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


def told(message: AnyMessage, with_channel: bool = False) -> Iterator[Note]:
    """What is found in a final; of nothing no line."""
    match message:
        case NamedEntityRecognitionMessage(data=data) if data and data.results:
            found = ", ".join(f"{each.text} ({each.entity_type})" for each in _whole(data.results))
            yield _note(data.utterance, found, with_channel)
        case SentimentAnalysisMessage(data=data) if data:
            for each in data.results:
                if (each.sentiment, each.emotion) != (NEUTRAL, NEUTRAL):
                    yield _note(data.utterance, _meant(each, data.utterance), with_channel, each.start)
        case TranslationMessage(data=data) if data:
            text = f"{data.target_language}: {data.translated_utterance.text}"
            yield _note(data.utterance, text, with_channel)


def told_of_all(message: AnyMessage) -> Sequence[Note]:
    """What is said of the whole, below its heading; of nothing no line."""
    match message:
        case PostSummarizationMessage(data=data) if data and data.results.strip():
            return [Note(None, "Summary:"), *(Note(None, line) for line in data.results.splitlines())]
        case PostChapterizationMessage(data=data) if data and data.results:
            return [Note(None, "Chapters:"), *map(_chapter, data.results)]
    return ()


def failure(message: AnyMessage) -> tuple[str, str] | None:
    """The name of the add-on that could not say something, and why; None of another message."""
    match message:
        case AddonMessage(error=Problem(message=why)):
            name = message.type.removeprefix("post_")
            return NAMES.get(name, name), why
    return None


def failures(result: TranscriptionResult, targets: Sequence[str]) -> dict[str, str]:
    """The add-ons that failed in a session that was to be translated to `targets`, and why."""
    failed: dict[str, str] = {}
    for name, called in NAMES.items():
        envelope = getattr(result, name)
        if not (envelope and envelope.error):
            continue
        results = envelope.results or ()
        if name == "translation" and len(results) == len(targets):
            each = zip(targets, results, strict=True)
            failed |= {f"{called} to {target}": one.error.message for target, one in each if one.error}
        else:
            failed[called] = envelope.error.message
    return failed


def found(result: TranscriptionResult) -> dict[str, Any]:
    """As JSON, the envelope of each add-on that was asked for."""
    envelopes = {name: getattr(result, name) for name in NAMES}
    return {name: each.model_dump(mode="json") for name, each in envelopes.items() if each is not None}


def _whole(entities: Sequence[Entity]) -> Iterator[Entity]:
    """Names without their parts, which follow them."""
    end = 0.0
    for each in entities:
        if each.entity_type == "NAME":
            end = each.end
        if each.entity_type not in ("NAME_GIVEN", "NAME_FAMILY") or each.end > end:
            yield each


def _note(utterance: UtteranceModel, text: str, with_channel: bool, start: float | None = None) -> Note:
    line = f"· {_in_one_line(text)}"
    return Note(
        utterance.start if start is None else start,
        f"[{utterance.channel + 1}] {line}" if with_channel else line,
    )


def _meant(each: SentenceSentiment, utterance: UtteranceModel) -> str:
    """How a sentence is meant, and which one it is where there are others."""
    emotion = "" if each.emotion == NEUTRAL else f" ({each.emotion.replace('_', ' ')})"
    is_all = each.text.strip() == utterance.text.strip()
    return f"sentiment: {each.sentiment}{emotion}{'' if is_all else f': {each.text}'}"


def _chapter(chapter: Chapter) -> Note:
    parts = dict.fromkeys(filter(None, (chapter.headline.strip(), chapter.gist.strip())))
    return Note(chapter.start, _in_one_line(" – ".join(parts)))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
