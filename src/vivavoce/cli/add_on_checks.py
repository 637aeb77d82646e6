"""What the doctor finds out about what is done with words: each capability is loaded and tried once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any, Final

from vivavoce.cli.finding import Finding
from vivavoce.environment import variable
from vivavoce.errors import ConfigurationError, VivavoceError
from vivavoce.intelligence.base import (
    AddOnError,
    Capability,
    Chapterizer,
    EntityFinder,
    SentimentAnalyser,
    Summarizer,
    TranslationOptions,
)
from vivavoce.intelligence.chat import Chat
from vivavoce.intelligence.redaction import Redactor
from vivavoce.intelligence.translation.directory import engines_at
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.engine import Engine
from vivavoce.once import once
from vivavoce.protocol.add_ons import BAD_GATEWAY, TIMED_OUT
from vivavoce.protocol.redaction import PiiRedactionConfig, redacted_types
from vivavoce.protocol.stream import Utterance, Word
from vivavoce.server.backends import backends_of
from vivavoce.server.intelligence import Backend, Backends
from vivavoce.server.logs import nothing_logged
from vivavoce.settings import Settings

ANSWER_WITHIN: Final = 8.0
"""Seconds for the chat endpoint to write a word, if its own timeout is not less."""

LIST_WITHIN: Final = 2.0
"""Seconds for it to say which models it has."""

_FEWEST_TOKENS: Final = 256
"""As many as any add-on allows: a model that thinks for longer than that translates nothing."""

_PEOPLE: Final = "Maria Silva met Pierre Martin in Paris on Monday."
_PRIVATE: Final = "Maria Silva writes from maria.silva@example.com today."
_GLAD: Final = "I love it, thank you so much!"
_GREETING: Final = "Good morning."
_TALK: Final = (
    "Good morning everybody, let us begin with the budget of this year.",
    "We have spent more on travel than we had planned, about ten percent.",
    "So in the next three months there are no flights for internal meetings.",
    "Now to the new office, which we want to open in the autumn.",
    "The landlord has sent the contract, and the lawyers are reading it this week.",
)
_PAIRS_TRIED: Final = 2
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class _Trial:
    """`run` says what was tried; the last of `settings` switches it off."""

    subject: str
    backend: Backend[Any]
    describe: Callable[[], Capability]
    run: Callable[[], str]
    settings: Sequence[str]


def add_ons(settings: Settings) -> Iterator[Finding]:
    """What sessions may ask for beside the words themselves."""
    try:
        backends = backends_of(settings)
    except (ConfigurationError, ImportError) as error:
        yield Finding("settings", "wrong", str(error), "correct this setting: no server starts with it")
        return
    ask: Callable[[], str] | None = None
    if settings.chat_url and settings.chat_model:
        chat = Chat(
            settings.chat_url,
            settings.chat_model,
            settings.chat_key,
            min(ANSWER_WITHIN, settings.chat_timeout),
        )
        # Its operator pays for each answer: one does for all that depends on it.
        ask = once(partial(_word_of, chat))
        yield chat_endpoint(chat, ask)
        chat.close()
    for trial in _trials(settings, backends, ask):
        yield _found(trial, settings)


def _trials(settings: Settings, backends: Backends, ask: Callable[[], str] | None) -> Iterator[_Trial]:
    entities, sentiment, translation = backends.entities, backends.sentiment, backends.translation
    summaries, chapters = backends.summaries, backends.chapters
    of_entities = ("entity_models", "entities")
    yield _Trial(
        "entities", entities, entities.describe, lambda: _entities(entities.get(), settings), of_entities
    )
    yield _Trial("redaction", entities, backends.redaction, lambda: _redaction(entities.get()), of_entities)
    yield _Trial(
        "sentiment", sentiment, sentiment.describe, lambda: _sentiment(sentiment.get()), ("sentiment",)
    )
    yield _Trial(
        "translation",
        translation,
        translation.describe,
        lambda: _translation(settings, ask),
        ("translation_models", "translation"),
    )
    whole = ("summaries",)
    yield _Trial("summaries", summaries, summaries.describe, lambda: _summary(summaries, ask), whole)
    yield _Trial("chapters", chapters, chapters.describe, lambda: _chapters(chapters, ask), whole)


def chat_endpoint(chat: Chat, ask: Callable[[], str]) -> Finding:
    """It is asked for a word, and where it has none for its models, which may be the reason."""
    began = perf_counter()
    try:
        ask()
    except AddOnError as error:
        if error.status_code == TIMED_OUT:
            remedy = "if it was loading its model, run the doctor again; what needs it fails until it answers"
            return Finding("chat", "wrong", str(error), remedy)
        settings = ", ".join(map(variable, ("chat_url", "chat_model", "chat_key")))
        remedy = f"start or mend it, or correct {settings}; what needs it fails until then"
        return Finding("chat", "wrong", str(error) + _other_models(chat), remedy)
    return Finding(
        "chat", "ok", f"the chat endpoint answers with {chat.model}, in {perf_counter() - began:.1f} s"
    )


def _word_of(chat: Chat) -> str:
    return chat.complete("You answer with one word.", "Are you there?", max_tokens=_FEWEST_TOKENS)


def _other_models(chat: Chat) -> str:
    """What to add where it says which models it has, and the one that is asked for is none of them."""
    try:
        models = chat.models(LIST_WITHIN)
    except AddOnError:
        return ""  # it has just said what is wrong
    # Ollama knows a model by its name alone, and lists it with its tag.
    if not models or not {chat.model, f"{chat.model}:latest"}.isdisjoint(models):
        return ""
    known = ", ".join(islice(models, _NAMED)) + (", ..." if len(models) > _NAMED else "")
    return f"; it lists no model {chat.model!r}, but {known}"


def _found(trial: _Trial, settings: Settings) -> Finding:
    name, switch = trial.subject, variable(trial.settings[-1])
    if trial.backend.off and getattr(settings, trial.settings[-1]) == "off":
        return Finding(name, "note", f"off; {switch} switches it on")
    try:
        if trial.backend.off:
            raise AddOnError(trial.backend.off)
        began = perf_counter()
        # What a server logs is said here by what is found.
        with nothing_logged():
            seen = trial.run()
        took = perf_counter() - began
        described = _described(trial.describe())
    # A model that was never trained is a ValueError of spaCy's.
    except (VivavoceError, ImportError, OSError, ValueError) as error:
        if isinstance(error, AddOnError) and error.status_code in (BAD_GATEWAY, TIMED_OUT):
            return Finding(name, "wrong", str(error), "see what was found of the chat endpoint")
        # A client is not told where the server keeps its files, of which the cause speaks.
        cause = error.__cause__ if isinstance(error.__cause__, VivavoceError) else error
        own = [f"correct {variable(field)}, or " for field in trial.settings[:-1] if getattr(settings, field)]
        remedy = f"{''.join(own)}run tools/setup server in the checkout, or set {switch}=off"
        return Finding(name, "wrong", str(cause), remedy)
    return Finding(name, "ok", f"{described}; {seen}, {took:.1f} s with loading" if seen else described)


def _described(capability: Capability) -> str:
    languages = capability.languages
    known = (
        f"{len(languages)} languages" if languages and len(languages) > _NAMED else ", ".join(languages or ())
    )
    return "; ".join(filter(None, (capability.backend, known, capability.detail.rstrip("."))))


def _entities(finder: EntityFinder, settings: Settings) -> str:
    # It imports spaCy, which takes seconds; the finder needs it anyway.
    from vivavoce.intelligence.entities.model import PACKAGED

    own = {place.partition("=")[0] for place in settings.entity_models}
    found = {language: finder.find(_words(_PEOPLE), language) for language in sorted(PACKAGED.keys() | own)}
    if not found["en"]:
        raise AddOnError(f"it finds nobody in {_PEOPLE!r}")
    return f"tried in {', '.join(found)}"


def _redaction(finder: EntityFinder) -> str:
    """Names and addresses go; what stays is said as it would be shown."""
    redactor = Redactor(finder, redacted_types(PiiRedactionConfig().entity_types))
    shown = redactor.final(_utterance(_PRIVATE)).text.strip()
    if any(private in shown for private in ("Maria", "Silva", "maria", "example")):
        raise AddOnError(f"it makes {shown!r} of {_PRIVATE!r}")
    return "tried on a sentence"


def _sentiment(analyser: SentimentAnalyser) -> str:
    (found,) = analyser.analyse(_utterance(_GLAD))
    if found.sentiment != "positive":
        raise AddOnError(f"it takes {_GLAD!r} for {found.sentiment}")
    return "tried on a sentence"


def _translation(settings: Settings, ask: Callable[[], str] | None) -> str:
    """Each model writes something; an endpoint is asked where `base` depends on it."""
    engines: list[Engine] = [*engines_at(settings.translation_models)]
    if settings.translation == "embedded":
        engines.append(EmbeddedEngine())
    tried = [
        (engine, pair) for engine in engines for pair in islice(sorted(engine.pairs or ()), _PAIRS_TRIED)
    ]
    for engine, pair in tried:
        if not "".join(engine.translate([_GREETING], pair, TranslationOptions())).strip():
            raise AddOnError(f"{engine.backend} writes nothing from {pair[0]} to {pair[1]}")
    if ask and (settings.chat_translates or not (tried or settings.whisper_translates)):
        ask()
    names = ", ".join(f"{source} to {target}" for _, (source, target) in tried)
    return f"tried from {names}" if names else ""


def _summary(backend: Backend[Summarizer], ask: Callable[[], str] | None) -> str:
    if backend.remote and ask:
        ask()
        return ""
    if not backend.get().summarize(_talk(), "concise"):
        raise AddOnError("it says nothing of a talk of five sentences")
    return "tried on five sentences"


def _chapters(backend: Backend[Chapterizer], ask: Callable[[], str] | None) -> str:
    if backend.remote and ask:
        ask()
        return ""
    if not backend.get().chapters(_talk()):
        raise AddOnError("it finds no chapter in a talk of five sentences")
    return "tried on five sentences"


def _talk() -> Sequence[Utterance]:
    return [_utterance(sentence, 6.0 * number) for number, sentence in enumerate(_TALK)]


def _utterance(text: str, start: float = 0.0) -> Utterance:
    words = _words(text, start)
    return Utterance(f"doctor-{start:g}", 0, start, words[-1].end, "en", words)


def _words(text: str, start: float = 0.0) -> tuple[Word, ...]:
    return tuple(
        Word(f" {word}", start + 0.3 * n, start + 0.3 * n + 0.25, 1.0) for n, word in enumerate(text.split())
    )
