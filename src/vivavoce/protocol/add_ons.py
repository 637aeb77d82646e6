"""What add-ons come to, as it is kept: of one final, or of a whole session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeVar

from pydantic import JsonValue

from vivavoce.protocol.responses import (
    AddonError,
    Chapter,
    ChapterSentence,
    Entity,
    Sentiment,
    UtteranceModel,
    WireModel,
)

ModelT = TypeVar("ModelT", bound=WireModel)

LiveAddOn = Literal["translation", "named_entity_recognition", "sentiment_analysis"]
"""Add-ons that say something of each final."""

PostAddOn = Literal["summarization", "chapterization"]
"""Add-ons that say something of the whole session, after its last final."""

NOT_SERVED, BAD_GATEWAY, TIMED_OUT = 501, 502, 504
"""Status codes of errors: of what this server has no means for, of what another service refused, and of what
was not done in time."""

END_RECORDING: Final = "end_recording"
POST_TRANSCRIPT: Final = "post_transcript"
"""Steps of a session's end that only say something: they are kept, so that it is said once."""


Found = (
    UtteranceModel
    | tuple[UtteranceModel, ...]
    | tuple[Entity, ...]
    | tuple[Sentiment, ...]
    | tuple[Chapter, ...]
    | str
    | None
)


@dataclass(frozen=True, slots=True)
class AddOnResult:
    """`results`, as JSON, or the `error`; `exec_time` in seconds.

    `name` is the add-on's as the request names it, or a step's. `utterance_id` is that of the final, and
    empty for what is said of the whole session; `target` is the language of a translation.

    `results` are, by name: a list of entities, a list of sentiments, a translated utterance (of the whole: a
    list of them), a summary, a list of chapters.
    """

    name: str
    utterance_id: str = ""
    target: str = ""
    results: JsonValue = None
    error: AddonError | None = None
    exec_time: float = 0.0

    def found(self) -> Found:
        """`results` as the protocol has them, None for an error. Raises `ValueError` for what is none of its.

        One by one, since all other threads wait while one object is made: for hours of speech too long.
        """
        read = _READERS.get((self.name, bool(self.utterance_id)))
        if read is None:
            raise ValueError("no add-on says that")
        return None if self.error else read(self.results)

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one of in a session."""
        return self.name, self.utterance_id, self.target


def _list_of(model: type[ModelT]) -> Callable[[JsonValue], tuple[ModelT, ...]]:
    return lambda results: tuple(map(model.model_validate, _list(results)))


def _list(results: JsonValue) -> list[JsonValue]:
    if not isinstance(results, list):
        raise ValueError("it is no list")
    return results


def _chapters(results: JsonValue) -> tuple[Chapter, ...]:
    return tuple(map(_chapter, _list(results)))


def _chapter(chapter: JsonValue) -> Chapter:
    if not isinstance(chapter, dict):
        raise ValueError("it is no chapter")
    # Where nothing divides hours of speech they are one chapter.
    sentences = tuple(map(ChapterSentence.model_validate, _list(chapter.get("sentences", []))))
    return Chapter.model_validate({**chapter, "sentences": sentences})


def _text(results: JsonValue) -> str:
    if not isinstance(results, str):
        raise ValueError("it is no text")
    results.encode()  # which half a character is not
    return results


def _nothing(results: JsonValue) -> None:
    if results is not None:
        raise ValueError("a step finds nothing")


_READERS: Final[Mapping[tuple[str, bool], Callable[[JsonValue], Found]]] = MappingProxyType(
    {
        ("translation", True): UtteranceModel.model_validate,
        ("translation", False): _list_of(UtteranceModel),
        ("named_entity_recognition", True): _list_of(Entity),
        ("sentiment_analysis", True): _list_of(Sentiment),
        ("summarization", False): _text,
        ("chapterization", False): _chapters,
        (END_RECORDING, False): _nothing,
        (POST_TRANSCRIPT, False): _nothing,
    }
)
"""By the name, and whether it is of a final."""
