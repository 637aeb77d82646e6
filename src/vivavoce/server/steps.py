"""What a session's add-ons do, by its request: what they are given, and what they give as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from vivavoce.intelligence.base import AddOnError, TranslationOptions, Translator, Wanted, go_on
from vivavoce.intelligence.markers import is_redacted
from vivavoce.intelligence.sentences import sentences
from vivavoce.live.sentences import Sentence
from vivavoce.protocol.add_ons import NOT_SERVED
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import Entity, UtteranceModel
from vivavoce.protocol.stream import Utterance
from vivavoce.server.garbage import full_collections_wait
from vivavoce.server.intelligence import Backend, Backends, Where

Hear = Callable[[Utterance], NDArray[np.float32]]
"""Reads the audio of an utterance: float32, shape (samples,), 16 kHz. It blocks."""


@dataclass(frozen=True, slots=True)
class LiveStep:
    """An add-on for each final. `work` blocks, on a thread of `where`."""

    name: str
    target: str
    work: Callable[[Utterance], JsonValue]
    where: Callable[[Utterance], Where]


@dataclass(frozen=True, slots=True)
class PostStep:
    """An add-on for all finals together. `work` blocks, on a thread of `where`, while it is wanted."""

    name: str
    target: str
    work: Callable[[Sequence[Utterance], Wanted], JsonValue]
    where: Callable[[Sequence[Utterance]], Where]


def live_steps(request: LiveRequest, backends: Backends, hear: Hear) -> Iterator[LiveStep]:
    """What is done with each final, whose audio `hear` reads."""
    asked = request.realtime_processing
    if asked.named_entity_recognition:
        entities = backends.entities

        def find(utterance: Utterance) -> JsonValue:
            words = utterance.words
            return [
                Entity(
                    entity_type=each.entity_type, text=each.text, start=each.start, end=each.end
                ).model_dump()
                for each in entities.get().find(words, utterance.language)
                # What stands for what was said is nobody's name.
                if not any(is_redacted(words[index].text) for index in each.words)
            ]

        yield LiveStep("named_entity_recognition", "", find, lambda _: "live")
    if asked.sentiment_analysis:
        sentiment = backends.sentiment

        def analyse(utterance: Utterance) -> JsonValue:
            return [each.model_dump() for each in sentiment.get().analyse(utterance)]

        yield LiveStep("sentiment_analysis", "", analyse, lambda _: "live")
    for translation in _translations(request, backends, hear):
        yield LiveStep("translation", translation.target, translation.of_final, translation.where_of_final)


def post_steps(request: LiveRequest, backends: Backends, hear: Hear) -> Iterator[PostStep]:
    """What is done with all finals together, whose audio `hear` reads."""
    config = request.realtime_processing.translation_config
    if config and not config.match_original_utterances:
        for translation in _translations(request, backends, hear):
            yield PostStep("translation", translation.target, translation.of_all, translation.where_of_all)
    asked = request.post_processing
    if asked.summarization:
        summaries, kind = backends.summaries, asked.summarization_config.type

        def summarize(utterances: Sequence[Utterance], wanted: Wanted) -> JsonValue:
            return summaries.get().summarize(utterances, kind, wanted)

        yield PostStep("summarization", "", summarize, lambda _: _where(summaries.remote, "post"))
    if asked.chapterization:
        chapters = backends.chapters

        @full_collections_wait()
        def divide(utterances: Sequence[Utterance], wanted: Wanted) -> JsonValue:
            return [each.model_dump(mode="json") for each in chapters.get().chapters(utterances, wanted)]

        yield PostStep("chapterization", "", divide, lambda _: _where(chapters.remote, "post"))


@dataclass(frozen=True, slots=True)
class _Translation:
    """To one target. `hear`: None where nothing may be heard."""

    backend: Backend[Translator]
    target: str
    options: TranslationOptions
    hear: Hear | None

    def of_final(self, utterance: Utterance) -> JsonValue:
        sound = partial(self.hear, utterance) if self.hear else None
        translated = self.backend.get().translate(utterance, self.target, self.options, sound)
        return UtteranceModel.from_stream(translated).model_dump(mode="json")

    def of_all(self, utterances: Sequence[Utterance], wanted: Wanted) -> JsonValue:
        """By sentences, whatever pauses there are in them."""
        said_in = {id(word): number for number, each in enumerate(utterances) for word in each.words}
        written: list[JsonValue] = []
        for sentence in sentences(utterances):
            go_on(wanted)
            written += self._of_sentence(sentence, said_in)
        return written

    def _of_sentence(self, sentence: Sentence, said_in: Mapping[int, int]) -> list[JsonValue]:
        """One that cannot be translated as a whole, being too long, goes by what each utterance has of it."""
        whole = Utterance(
            "", sentence.channel, sentence.start, sentence.end, sentence.language, sentence.words
        )
        try:
            return [self.of_final(whole)]
        except AddOnError as error:
            if error.status_code == NOT_SERVED:
                return []  # as its finals' errors say
            if len(parts := _parts(whole, said_in)) == 1:
                raise
        return [self.of_final(part) for part in parts]

    def where_of_final(self, utterance: Utterance) -> Where:
        return _where(self._asks_another({utterance.language}), "live")

    def where_of_all(self, utterances: Sequence[Utterance]) -> Where:
        return _where(self._asks_another({utterance.language for utterance in utterances}), "translation")

    def _asks_another(self, sources: Collection[str]) -> bool:
        if self.backend.off:
            return False
        translator, heard = self.backend.get(), self.hear is not None
        model = self.options.model
        return any(translator.asks_another(source, self.target, model, heard=heard) for source in sources)


def _translations(request: LiveRequest, backends: Backends, hear: Hear) -> Iterator[_Translation]:
    asked = request.realtime_processing
    if asked.translation and (config := asked.translation_config):
        options = TranslationOptions(config.model, config.context or "", config.informal)
        # What is redacted is still in the sound.
        may_hear = None if asked.pii_redaction else hear
        for target in config.target_languages:
            yield _Translation(backends.translation, target, options, may_hear)


def _parts(whole: Utterance, said_in: Mapping[int, int]) -> list[Utterance]:
    """What of it was said in each utterance: `said_in` has the utterance's number by the word's identity."""
    parts = (tuple(words) for _, words in groupby(whole.words, key=lambda word: said_in[id(word)]))
    return [replace(whole, start=words[0].start, end=words[-1].end, words=words) for words in parts]


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
