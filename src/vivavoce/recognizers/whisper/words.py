"""From tokens and their alignment to words with times and confidence.

As in Whisper's own word timestamps, dynamic time warping over the cross-attention of the alignment heads
places every token, tokens that form a word share its time, and punctuation belongs to the word it touches.
Attention is vague about pauses, so a word is then narrowed to where there is sound.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.vocabulary import Vocabulary

_OPENING = frozenset("\"'“‘«¿¡([{-「『（")
_CLOSING = frozenset("\"'”’».。,，、!！?？:：;；…)]}」』）")
_SECONDS_PER_STEP = 0.02
_STEP = round(_SECONDS_PER_STEP * SAMPLE_RATE)
_QUIET = 1e-3
_LAST_SOUND = 0.3
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class Piece:
    """Text and how many tokens write it: `length` in all, `spoken` without the punctuation at its end."""

    text: str
    length: int
    spoken: int


def split_characters(tokens: Sequence[int], vocabulary: Vocabulary) -> list[Piece]:
    """The shortest runs of tokens that form whole characters. Parts of characters write nothing."""
    decoder = getincrementaldecoder("utf-8")("ignore")
    pieces: list[Piece] = []
    pending = 0
    for token in tokens:
        pending += 1
        if text := decoder.decode(vocabulary.piece(token)):
            pieces.append(Piece(text, pending, pending))
            pending = 0
    if pending:
        pieces.append(Piece(decoder.decode(b"", True), pending, pending))
    return pieces


def split_words(tokens: Sequence[int], vocabulary: Vocabulary, language: str) -> list[Piece]:
    """Words as they are written, leading space and touching punctuation included.

    Where there are no spaces, the shortest run of tokens that makes whole characters is a word.
    """
    spaceless = language in WRITTEN_WITHOUT_SPACES
    words: list[Piece] = []
    for piece in split_characters(tokens, vocabulary):
        last = words[-1] if words else None
        if last and (piece.text == "" or _only(piece.text, _CLOSING)):
            words[-1] = Piece(last.text + piece.text, last.length + piece.length, last.spoken)
        elif last and (_only(last.text.removeprefix(" "), _OPENING) or _continues(last, piece, spaceless)):
            words[-1] = Piece(last.text + piece.text, last.length + piece.length, last.length + piece.spoken)
        else:
            words.append(piece)
    return words


def _continues(last: Piece, piece: Piece, spaceless: bool) -> bool:
    if piece.text.startswith(" "):
        return False
    return not spaceless or (_latin(last.text[-1]) and _latin(piece.text[0]))


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _only(text: str, characters: frozenset[str]) -> bool:
    return text != "" and characters.issuperset(text)


def loud_steps(audio: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which steps of 20 ms are within 30 dB of the loudest of `audio` (samples,)."""
    power = np.square(audio[: len(audio) // _STEP * _STEP]).reshape(-1, _STEP).mean(axis=1)
    return np.asarray(power > power.max(initial=0.0) * _QUIET)


def timed_words(
    pieces: Sequence[Piece],
    times: Sequence[float],
    probabilities: Sequence[float],
    loud: NDArray[np.bool_],
) -> tuple[Word, ...]:
    """Words from their first to their last loud step.

    `times` (one more than tokens) and `probabilities` belong to the tokens, `loud` to steps of 20 ms. A
    word's confidence is the geometric mean of its tokens' probabilities.
    """
    words = []
    first = 0
    for piece in pieces:
        after = first + piece.length
        start, spoken_until = times[first], times[first + piece.spoken]
        # What its punctuation takes is a pause, but for the last sound of the word.
        end = min(times[after], spoken_until + _LAST_SOUND)
        heard = _loud_part(start, end, loud) or (start, spoken_until)
        logs = [log(max(probability, _LEAST_PROBABILITY)) for probability in probabilities[first:after]]
        words.append(Word(piece.text, *heard, confidence=min(1.0, exp(sum(logs) / piece.length))))
        first = after
    return tuple(words)


def _loud_part(start: float, end: float, loud: NDArray[np.bool_]) -> tuple[float, float] | None:
    first = round(start / _SECONDS_PER_STEP)
    steps = np.flatnonzero(loud[first : round(end / _SECONDS_PER_STEP)])
    if not len(steps):
        return None
    return (
        max(start, (first + int(steps[0])) * _SECONDS_PER_STEP),
        min(end, (first + int(steps[-1]) + 1) * _SECONDS_PER_STEP),
    )
