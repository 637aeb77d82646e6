"""What a session's add-ons do, by its request: what they are given, and what they give as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from vivavoce.intelligence.base import TranslationOptions
from vivavoce.intelligence.sentences import sentences
from vivavoce.intelligence.translation.translator import ENHANCED
from vivavoce.live.sentences import Sentence
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import Entity, UtteranceModel
from vivavoce.protocol.stream import Utterance
from vivavoce.server.intelligence import Backends, Where

_Translate = Callable[[Utterance], JsonValue]

Hear = Callable[[Utterance], NDArray[np.float32]]
"""Reads the audio of an utterance: float32, shape (samples,), 16 kHz. It blocks."""


@dataclass(frozen=True, slots=True)
class LiveStep:
    """An add-on for each final. `work` blocks, on a thread of `where`."""

    name: str
    target: str
    work: Callable[[Utterance], JsonValue]
    where: Where


@dataclass(frozen=True, slots=True)
class PostStep:
    """An add-on for all finals together. `work` blocks, on a thread of `where`."""

    name: str
    target: str
    work: Callable[[Sequence[Utterance]], JsonValue]
    where: Where


def live_steps(request: LiveRequest, backends: Backends, hear: Hear) -> Iterator[LiveStep]:
    """What is done with each final, whose audio `hear` reads."""
    asked = request.realtime_processing
    if asked.named_entity_recognition:
        entities = backends.entities

        def find(utterance: Utterance) -> JsonValue:
            found = entities.get().find(utterance.words, utterance.language)
            return [
                Entity(
                    entity_type=each.entity_type, text=each.text, start=each.start, end=each.end
                ).model_dump()
                for each in found
            ]

        yield LiveStep("named_entity_recognition", "", find, _where(entities.remote, "live"))
    if asked.sentiment_analysis:
        sentiment = backends.sentiment

        def analyse(utterance: Utterance) -> JsonValue:
            return [each.model_dump() for each in sentiment.get().analyse(utterance)]

        yield LiveStep("sentiment_analysis", "", analyse, _where(sentiment.remote, "live"))
    for target, translate, remote in _translations(request, backends, hear):
        yield LiveStep("translation", target, translate, _where(remote, "live"))


def post_steps(request: LiveRequest, backends: Backends, hear: Hear) -> Iterator[PostStep]:
    """What is done with all finals together, whose audio `hear` reads."""
    config = request.realtime_processing.translation_config
    if config and not config.match_original_utterances:
        for target, translate, remote in _translations(request, backends, hear):

            def translate_all(
                utterances: Sequence[Utterance], translate: _Translate = translate
            ) -> JsonValue:
                return [translate(_alone(sentence)) for sentence in sentences(utterances)]

            yield PostStep("translation", target, translate_all, _where(remote, "post"))
    asked = request.post_processing
    if asked.summarization:
        summaries, kind = backends.summaries, asked.summarization_config.type

        def summarize(utterances: Sequence[Utterance]) -> JsonValue:
            return summaries.get().summarize(utterances, kind)

        yield PostStep("summarization", "", summarize, _where(summaries.remote, "post"))
    if asked.chapterization:
        chapters = backends.chapters

        def divide(utterances: Sequence[Utterance]) -> JsonValue:
            return [each.model_dump(mode="json") for each in chapters.get().chapters(utterances)]

        yield PostStep("chapterization", "", divide, _where(chapters.remote, "post"))


def _translations(
    request: LiveRequest, backends: Backends, hear: Hear
) -> Iterator[tuple[str, _Translate, bool]]:
    """Each target, what translates an utterance to it, and whether another service does."""
    asked, translation = request.realtime_processing, backends.translation
    config = asked.translation_config
    if not asked.translation or config is None:
        return
    options = TranslationOptions(config.model, config.context or "", config.informal)
    for target in config.target_languages:

        def translate(utterance: Utterance, target: str = target) -> JsonValue:
            # What is redacted is still in the sound.
            sound = None if asked.pii_redaction else partial(hear, utterance)
            translated = translation.get().translate(utterance, target, options, sound)
            return UtteranceModel.from_stream(translated).model_dump(mode="json")

        # That model is never one of this server's own.
        yield target, translate, translation.remote or config.model == ENHANCED


def _alone(sentence: Sentence) -> Utterance:
    """A sentence as an utterance of its own; nobody asks for it by an id."""
    return Utterance("", sentence.channel, sentence.start, sentence.end, sentence.language, sentence.words)


def unserved(request: LiveRequest, backends: Backends) -> Iterator[str]:
    """What of the request no backend serves, a sentence each; nothing is loaded to find out."""
    realtime, post = request.realtime_processing, request.post_processing
    asked = [
        (realtime.named_entity_recognition, backends.entities),
        (realtime.sentiment_analysis, backends.sentiment),
        (realtime.translation, backends.translation),
        (post.summarization, backends.summaries),
        (post.chapterization, backends.chapters),
    ]
    yield from (backend.off for wanted, backend in asked if wanted and backend.off)
    config = realtime.translation_config
    if realtime.translation and config and not backends.translation.off:
        sources = request.language_config.languages
        if problem := backends.translation.get().unserved(
            config.target_languages, sources, config.model, heard=not realtime.pii_redaction
        ):
            yield problem


def _where(remote: bool, here: Where) -> Where:
    return "remote" if remote else here
