"""What the doctor finds out about what is done with words: each capability is loaded and tried once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from time import perf_counter
from typing import Any, Final

from vivavoce.cli.finding import Finding
from vivavoce.environment import variable
from vivavoce.errors import ConfigurationError, VivavoceError
from vivavoce.intelligence.base import AddOnError, Capability, TranslationOptions
from vivavoce.intelligence.chat import Chat
from vivavoce.intelligence.translation.directory import engines_at
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.engine import Engine
from vivavoce.protocol.stream import Utterance, Word
from vivavoce.server.backends import backends_of
from vivavoce.server.intelligence import Backend, Backends
from vivavoce.server.logs import nothing_logged
from vivavoce.settings import Settings

ANSWER_WITHIN: Final = 2.0
"""Seconds for the chat endpoint to say which models it has."""

_PEOPLE: Final = "Maria Silva met Pierre Martin in Paris on Monday."
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

_Trial = tuple[str, Backend[Any], Callable[[], str], Sequence[str]]
"""The subject, what serves it, a trial that says what it was, and its settings; the last switches it off."""


def add_ons(settings: Settings) -> Iterator[Finding]:
    """What sessions may ask for beside the words themselves."""
    try:
        backends = backends_of(settings)
    except (ConfigurationError, ImportError) as error:
        yield Finding("settings", "wrong", str(error), "correct this setting: no server starts with it")
        return
    trials: tuple[_Trial, ...] = (
        ("entities", backends.entities, lambda: _entities(backends, settings), ("entity_models", "entities")),
        ("sentiment", backends.sentiment, lambda: _sentiment(backends), ("sentiment",)),
        (
            "translation",
            backends.translation,
            lambda: _translation(settings),
            ("translation_models", "translation"),
        ),
        ("summaries", backends.summaries, lambda: _summary(backends), ("summaries",)),
        ("chapters", backends.chapters, lambda: _chapters(backends), ("summaries",)),
    )
    for trial in trials:
        yield _found(*trial, settings)
    if settings.chat_url and settings.chat_model:
        yield chat_endpoint(Chat(settings.chat_url, settings.chat_model, settings.chat_key))


def chat_endpoint(chat: Chat) -> Finding:
    """Nothing is written by its model, which may cost money; it is asked which ones it has."""
    try:
        models = chat.models(ANSWER_WITHIN)
    except AddOnError as error:
        refused = error.status_code in (401, 403)
        remedy = f"correct {variable('chat_key')}" if refused else "start it; what needs it fails until then"
        return Finding("chat", "wrong" if refused else "note", str(error), remedy)
    if models is None:
        return Finding("chat", "note", "the chat endpoint answers, but does not say which models it has")
    # Ollama knows a model by its name alone, and lists it with its tag.
    if {chat.model, f"{chat.model}:latest"}.isdisjoint(models):
        known = ", ".join(islice(models, _NAMED)) + (", ..." if len(models) > _NAMED else "")
        detail = f"the chat endpoint has no model {chat.model!r}; it has {known or 'none'}"
        return Finding("chat", "wrong", detail, f"set {variable('chat_model')} to one of its models")
    return Finding("chat", "ok", f"the chat endpoint answers and has {chat.model}")


def _found(
    name: str, backend: Backend[Any], trial: Callable[[], str], fields: Sequence[str], settings: Settings
) -> Finding:
    switch = variable(fields[-1])
    if backend.off and getattr(settings, fields[-1]) == "off":
        return Finding(name, "note", f"off; {switch} switches it on")
    try:
        if backend.off:
            raise AddOnError(backend.off)
        began = perf_counter()
        # What a server logs is said here by what is found.
        with nothing_logged():
            seen = trial()
        took = perf_counter() - began
        described = _described(backend.describe())
    except (VivavoceError, ImportError, OSError) as error:
        # A client is not told where the server keeps its files, of which the cause speaks.
        cause = error.__cause__ if isinstance(error.__cause__, VivavoceError) else error
        own = [f"correct {variable(field)}, or " for field in fields[:-1] if getattr(settings, field)]
        remedy = f"{''.join(own)}run tools/setup server in the checkout, or set {switch}=off"
        return Finding(name, "wrong", str(cause), remedy)
    return Finding(name, "ok", f"{described}; {seen}, {took:.1f} s with loading" if seen else described)


def _described(capability: Capability) -> str:
    languages = capability.languages
    known = (
        f"{len(languages)} languages" if languages and len(languages) > _NAMED else ", ".join(languages or ())
    )
    return "; ".join(filter(None, (capability.backend, known, capability.detail.rstrip("."))))


def _entities(backends: Backends, settings: Settings) -> str:
    # It imports spaCy, which takes seconds; the finder needs it anyway.
    from vivavoce.intelligence.entities.model import PACKAGED

    finder = backends.entities.get()
    own = {place.partition("=")[0] for place in settings.entity_models}
    found = {language: finder.find(_words(_PEOPLE), language) for language in sorted(PACKAGED.keys() | own)}
    if not found["en"]:
        raise AddOnError(f"it finds nobody in {_PEOPLE!r}")
    return f"tried in {', '.join(found)}"


def _sentiment(backends: Backends) -> str:
    (found,) = backends.sentiment.get().analyse(_utterance(_GLAD))
    if found.sentiment != "positive":
        raise AddOnError(f"it takes {_GLAD!r} for {found.sentiment}")
    return "tried on a sentence"


def _translation(settings: Settings) -> str:
    """Each model writes something; an endpoint is not asked to."""
    engines: list[Engine] = [*engines_at(settings.translation_models)]
    if settings.translation == "embedded":
        engines.append(EmbeddedEngine())
    tried = [
        (engine, pair) for engine in engines for pair in islice(sorted(engine.pairs or ()), _PAIRS_TRIED)
    ]
    for engine, pair in tried:
        if not "".join(engine.translate([_GREETING], pair, TranslationOptions())).strip():
            raise AddOnError(f"{engine.backend} writes nothing from {pair[0]} to {pair[1]}")
    names = ", ".join(f"{source} to {target}" for _, (source, target) in tried)
    return f"tried from {names}" if names else ""


def _summary(backends: Backends) -> str:
    if backends.summaries.remote:
        return ""
    if not backends.summaries.get().summarize(_talk(), "concise"):
        raise AddOnError("it says nothing of a talk of five sentences")
    return "tried on five sentences"


def _chapters(backends: Backends) -> str:
    if backends.chapters.remote:
        return ""
    if not backends.chapters.get().chapters(_talk()):
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
