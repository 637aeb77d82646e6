"""What capabilities have in common: how they describe themselves, what they find, how they fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import VivavoceError
from vivavoce.protocol.responses import Chapter, Sentiment
from vivavoce.protocol.stream import Utterance, Word

SummaryKind = Literal["general", "concise", "bullet_points"]


class AddOnError(VivavoceError):
    """A capability cannot do what was asked; the message says what to do. `status_code` is as in HTTP:
    501 what this server has no means for, 422 what makes no sense, 502 what another service refused,
    504 what it did not answer in time, 500 what failed here. `logged`: the message without what another
    service said, which may repeat what was spoken."""

    def __init__(self, message: str, status_code: int = 500, *, logged: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code
        self.logged = logged or message


Wanted = Callable[[], bool]
"""Whether anybody waits for a result still. What takes long asks now and then."""


def always() -> bool:
    """For whoever waits, however long it takes."""
    return True


def go_on(wanted: Wanted) -> None:
    """Raises `AddOnError` if nobody waits any more."""
    if not wanted():
        raise AddOnError("nobody waits for this any more", 504)


@dataclass(frozen=True, slots=True)
class Capability:
    """What a server can do with words. `backend`: "embedded", "off", or what was configured, in a word.

    `languages`: codes of what it knows, for translation pairs such as "en-pt"; None where it is all that
    the server transcribes. `detail`: a sentence for people, such as what it does in other languages.
    """

    name: str
    backend: str
    languages: tuple[str, ...] | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity in an utterance: `text` as it is written, `words` the indices of the words it is made of,
    `start` and `end` in seconds of session audio."""

    entity_type: str
    text: str
    words: range
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """As the request names them. `model`: "base" or "enhanced"."""

    model: str = "base"
    context: str = ""
    informal: bool = False


class EntityFinder(Protocol):
    def find(self, words: Sequence[Word], language: str) -> list[Mention]:
        """The entities among the words of an utterance, by their first word. Raises `AddOnError`."""
        ...

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        """What may be of these types, for redaction: rather a word too many than one too few.

        Raises `AddOnError`.
        """
        ...


class SentimentAnalyser(Protocol):
    def analyse(self, utterance: Utterance) -> list[Sentiment]:
        """One for each sentence, in order. Raises `AddOnError`."""
        ...


class Translator(Protocol):
    def translate(
        self,
        utterance: Utterance,
        target: str,
        options: TranslationOptions,
        samples: Callable[[], NDArray[np.float32]] | None = None,
    ) -> Utterance:
        """The utterance in the language `target`, its words spread over the same time.

        `samples` reads its audio, should that be needed: float32, shape (samples,), 16 kHz. Raises
        `AddOnError`.
        """
        ...

    def asks_another(self, source: str, target: str, model: str, *, heard: bool) -> bool:
        """Whether another service is asked for this, and so waited for. Never blocks."""
        ...

    def unserved(self, targets: Sequence[str], sources: Sequence[str], model: str, *, heard: bool) -> str:
        """What to say of targets to which it translates none of the `sources`, all languages if there are
        none; empty if it serves all. `heard`: whether it will be given the audio."""
        ...


class Summarizer(Protocol):
    def summarize(self, utterances: Sequence[Utterance], kind: SummaryKind, wanted: Wanted = always) -> str:
        """A summary, in the language that is spoken most. Raises `AddOnError`."""
        ...


class Chapterizer(Protocol):
    def chapters(self, utterances: Sequence[Utterance], wanted: Wanted = always) -> list[Chapter]:
        """Chapters in order, which cover all that was said. Raises `AddOnError`."""
        ...
