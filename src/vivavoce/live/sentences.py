"""Utterances as sentences. Pure.

A pause does not end a sentence, its punctuation does: utterances of one channel and language are read as one
text. What is said after a silence of `LONG_SILENCE` begins anew in any case.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sentencex import segment

from vivavoce.errors import VivavoceError
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Utterance, Word

LONG_SILENCE = 5.0
"""Seconds."""

WITHOUT_FULL_STOPS = frozenset({"lo", "th"})
"""Languages whose sentences end without a sign: each utterance stands for itself."""

_FRENCH_TITLE = re.compile(r"\b(?:M|MM|Mme|Mlle)\.\s*$")
"""Ends no sentence, which `sentencex` does not know where it begins one."""

_SPACE = re.compile(r"\s")


class SegmentationError(VivavoceError):
    """`sentencex` failed on a text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`words` as recognised, which are all that have a letter in it. Times are seconds of session audio."""

    text: str
    channel: int
    language: str
    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


def sentences_of(utterances: Iterable[Utterance]) -> list[str]:
    """Sentences by start: every character of the utterances but the spaces around them, in order.

    Raises SegmentationError.
    """
    return [sentence.text for sentence in timed_sentences(utterances)]


def timed_sentences(utterances: Iterable[Utterance]) -> list[Sentence]:
    """As `sentences_of`, with their words.

    Raises SegmentationError.
    """
    ordered = sorted(utterances, key=lambda utterance: (utterance.channel, utterance.start))
    found: list[Sentence] = []
    for _, of_channel in groupby(ordered, key=lambda utterance: utterance.channel):
        for run in _runs(of_channel):
            found += _sentences(run)
    return sorted(found, key=lambda sentence: sentence.start)


def _runs(utterances: Iterable[Utterance]) -> Iterator[list[Utterance]]:
    """Utterances of one channel, those together through which a sentence may go."""
    run: list[Utterance] = []
    for utterance in utterances:
        if run and not _goes_on(run[-1], utterance):
            yield run
            run = []
        run.append(utterance)
    if run:
        yield run


def _goes_on(earlier: Utterance, later: Utterance) -> bool:
    return (
        later.language == earlier.language
        and later.language not in WITHOUT_FULL_STOPS
        and later.start - earlier.end <= LONG_SILENCE
    )


def _sentences(run: Sequence[Utterance]) -> Iterator[Sentence]:
    language = run[0].language
    between = "" if language in WRITTEN_WITHOUT_SPACES else " "
    words = [word for utterance in run for word in utterance.words]
    pieces: list[str] = []
    ends: list[int] = []
    length = 0
    for utterance in run:
        for index, word in enumerate(utterance.words):
            pieces.append(word.text if index else between + word.text.lstrip())
            length += len(pieces[-1])
            ends.append(length)
    begin = 0
    for part in _parts(language, "".join(pieces)):
        if part.strip():
            first_letter = begin + len(part) - len(part.lstrip())
            last_letter = begin + len(part.rstrip()) - 1
            its_words = words[bisect_right(ends, first_letter) : bisect_right(ends, last_letter) + 1]
            yield Sentence(part.strip(), run[0].channel, language, tuple(its_words))
        begin += len(part)


def _parts(language: str, text: str) -> Iterator[str]:
    """The text cut after its sentences."""
    whole = ""
    begin = 0
    for length in _lengths(language, text):
        whole += text[begin : begin + length]
        begin += length
        if language != "fr" or not _FRENCH_TITLE.search(whole):
            yield whole
            whole = ""
    # Should the lengths not add up to the text, what is left of it is no less said.
    yield whole + text[begin:]


def _lengths(language: str, text: str) -> list[int]:
    # Between an initial and its full stop `sentencex` takes a space for one byte, and panics at others.
    try:
        return list(map(len, segment(language, _SPACE.sub(" ", text))))
    except _panics() as panic:
        raise SegmentationError(f"the text could not be cut into sentences: {panic}") from panic


def _panics() -> tuple[type[BaseException], ...]:
    """What Rust code raises where it has a defect: no module exports it, and the first one makes it."""
    return tuple(kind for kind in BaseException.__subclasses__() if kind.__module__ == "pyo3_runtime")
