"""What is said as sentences, for whoever works on those."""

from __future__ import annotations

from collections.abc import Iterable

from vivavoce.intelligence.base import AddOnError
from vivavoce.live.sentences import SegmentationError, Sentence, timed_sentences
from vivavoce.protocol.stream import Utterance


def sentences(utterances: Iterable[Utterance]) -> list[Sentence]:
    """By start. Raises `AddOnError`."""
    try:
        return timed_sentences(utterances)
    except SegmentationError as error:
        raise AddOnError(str(error)) from error
