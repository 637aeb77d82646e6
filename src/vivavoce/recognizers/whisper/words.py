"""From tokens and their alignment to words with times and confidence.

The method is that of Whisper's own word timestamps: dynamic time warping over the cross-attention of the
alignment heads places every token; tokens that form a word share its time; punctuation belongs to the
word it touches.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Sequence
from math import exp, log

from vivavoce.protocol.stream import Word
from vivavoce.recognizers.whisper.vocabulary import Vocabulary

SPACELESS_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Written without spaces between words: every character counts as one."""

_OPENING = "\"'“¿([{-"
_CLOSING = "\"'.。,，!！?？:：”)]}、"
_ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_SECONDS_PER_STEP = 0.02


def split_characters(tokens: Sequence[int], vocabulary: Vocabulary) -> list[tuple[str, int]]:
    """Runs of tokens that form whole characters: (text, number of tokens)."""
    decoder = getincrementaldecoder("utf-8")("replace")
    runs: list[tuple[str, int]] = []
    pending = 0
    for token in tokens:
        pending += 1
        text = decoder.decode(vocabulary.piece(token))
        if text:
            runs.append((text, pending))
            pending = 0
    if pending:
        runs.append((decoder.decode(b"", True), pending))
    return runs


def split_words(tokens: Sequence[int], vocabulary: Vocabulary, language: str) -> list[tuple[str, int]]:
    """Words as they are written, leading space and punctuation included: (text, number of tokens)."""
    words: list[tuple[str, int]] = []
    for text, count in split_characters(tokens, vocabulary):
        starts = language in SPACELESS_LANGUAGES or text.startswith(" ") or not words
        if starts or text.strip() in _ASCII_PUNCTUATION:
            words.append((text, count))
        else:
            words[-1] = (words[-1][0] + text, words[-1][1] + count)
    return _merge_punctuation(words)


def _merge_punctuation(words: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    merged: list[tuple[str, int]] = []
    for text, count in words:
        if merged and (_closes(text) or _opens(merged[-1][0])):
            merged[-1] = (merged[-1][0] + text, merged[-1][1] + count)
        else:
            merged.append((text, count))
    return merged


def _opens(text: str) -> bool:
    return text.startswith(" ") and text.strip() != "" and all(c in _OPENING for c in text.strip())


def _closes(text: str) -> bool:
    return not text.startswith(" ") and all(c in _CLOSING for c in text)


def token_times(alignments: Sequence[tuple[int, int]], n_tokens: int, duration: float) -> list[float]:
    """When each token begins, and at the end when the last one ends: `n_tokens` + 1 rising seconds.

    `alignments` are (token, encoder step of 20 ms) along the warping path, whose last token is the end
    of the text.
    """
    times = [duration] * (n_tokens + 1)
    for token, step in reversed(alignments):
        if token <= n_tokens:
            times[token] = min(step * _SECONDS_PER_STEP, duration)
    return times


def aligned_words(
    words: Sequence[tuple[str, int]], times: Sequence[float], probabilities: Sequence[float]
) -> tuple[Word, ...]:
    """`times` and `probabilities` belong to the tokens; a word's confidence is their geometric mean."""
    result = []
    first = 0
    for text, count in words:
        last = first + count
        mean_log = sum(log(max(p, 1e-6)) for p in probabilities[first:last]) / count
        result.append(Word(text, times[first], times[last], min(1.0, exp(mean_log))))
        first = last
    return tuple(result)
