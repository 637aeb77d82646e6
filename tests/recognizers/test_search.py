"""Beam search, against looking at every text there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vivavoce.recognizers.whisper.search import Found, Prediction, beam_search

SPACE = 0
LETTERS = (SPACE, 1, 2)
END = 3
ALL = 1000

Text = tuple[int, ...]


@dataclass(slots=True)
class Network:
    """Predicts anything, but always the same after the same text; counts how often it is asked."""

    seed: int
    rows: list[Text] = field(default_factory=lambda: [()])
    costs: bool = False
    advances: int = 0

    def advance(self, rows: Sequence[int], tokens: Sequence[int]) -> Prediction:
        self.rows = [(*self.rows[row], token) for row, token in zip(rows, tokens, strict=True)]
        self.advances += 1
        return self.prediction()

    def prediction(self) -> Prediction:
        scores = np.stack([_after(self.seed, text)[0] for text in self.rows])
        candidates = np.argsort(-scores, axis=1)
        return Prediction(
            candidates=candidates,
            scores=np.take_along_axis(scores, candidates, axis=1),
            writing=np.array([_after(self.seed, text)[1] for text in self.rows], np.float32),
            attention=np.stack([_after(self.seed, text)[2] for text in self.rows], axis=1),
        )

    def may_end(self, text: Text, not_first: frozenset[int]) -> bool:
        """Whether nothing that is allowed after `text` is likelier than its end."""
        scores = _after(self.seed, text)[0].copy()
        scores[[] if text else list(not_first)] = -np.inf
        return int(scores.argmax()) == END

    def score(self, text: Text) -> float:
        """Of a text without its end."""
        return sum(float(_after(self.seed, text[:i])[0][token]) for i, token in enumerate(text))

    def weighed(self, text: Text) -> float:
        """Its score, less what its words cost."""
        return self.score(text) - (sum(map(_cost, _words(text))) if self.costs else 0.0)


class Costs:
    """A word is what is between spaces, and costs anything."""

    def costs(self, open_words: Sequence[bytes], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        each = np.array(list(map(_cost, open_words)), np.float32)
        return each[:, np.newaxis] * np.isin(candidates, [SPACE, END])

    def open_word(self, before: bytes, token: int) -> bytes:
        return b"" if token == SPACE else before + bytes([token])


def _cost(word: bytes) -> float:
    return float(np.random.default_rng([*word]).uniform(0.1, 3.0)) if word else 0.0


def _words(text: Text) -> list[bytes]:
    """Those that are complete."""
    written = bytes(SPACE if token == END else token for token in text)
    return written.split(bytes([SPACE]))[:-1]


@cache
def _after(seed: int, text: Text) -> tuple[NDArray[np.float32], float, NDArray[np.float32]]:
    """Scores of all tokens, how likely it is that any follows, and attention (heads, steps)."""
    random = np.random.default_rng([seed, *text])
    logits = random.normal(0.0, 2.0, len(LETTERS) + 1)
    scores = (logits - np.log(np.exp(logits).sum())).astype(np.float32)
    return scores, float(random.uniform(0.1, 1.0)), random.random((2, 5)).astype(np.float32)


def _search(
    network: Network, beam_size: int, max_tokens: int, not_first: frozenset[int] = frozenset()
) -> Found:
    return beam_search(
        network.prediction(),
        network.advance,
        end=END,
        beam_size=beam_size,
        max_tokens=max_tokens,
        not_first=not_first,
        width=np.inf,
        costs=Costs() if network.costs else None,
    )


def _texts(length: int, not_first: frozenset[int]) -> list[Text]:
    return [text for text in product(LETTERS, repeat=length) if not_first.isdisjoint(text[:1])]


seeds = st.integers(0, 10_000)
lengths = st.integers(1, 4)
barred = st.frozensets(st.sampled_from([*LETTERS, END]), max_size=2)


@given(seed=seeds, max_tokens=lengths, not_first=barred, costs=st.booleans())
def test_a_wide_beam_finds_the_likeliest_text_and_looks_no_further_than_it_must(
    seed: int, max_tokens: int, not_first: frozenset[int], costs: bool
) -> None:
    network = Network(seed, costs=costs)
    found = _search(network, ALL, max_tokens, not_first)
    finished: dict[Text, float] = {}
    for length in range(max_tokens + 1):
        if length > 0 or END not in not_first:
            ending = (text for text in _texts(length, not_first) if network.may_end(text, not_first))
            finished |= {text: network.weighed((*text, END)) for text in ending}
        longer = max(map(network.weighed, _texts(length + 1, not_first)))
        decided = max(finished.values(), default=-np.inf) >= longer
        if decided:
            break
    assert network.advances == length
    assert found.finished == decided
    if decided:
        assert found.tokens == max(finished, key=lambda text: finished[text])
        assert found.score == pytest.approx(network.score((*found.tokens, END)))
    else:
        assert found.tokens == max(_texts(max_tokens, not_first), key=network.weighed)
        assert found.score == pytest.approx(network.score(found.tokens))


@given(seed=seeds, max_tokens=st.integers(0, 12), not_first=barred)
def test_a_beam_of_one_takes_the_likeliest_token_each_time(
    seed: int, max_tokens: int, not_first: frozenset[int]
) -> None:
    text: Text = ()
    while True:
        scores = _after(seed, text)[0].copy()
        if not text:
            scores[list(not_first)] = -np.inf
        token = int(scores.argmax())
        if token == END or len(text) == max_tokens:
            break
        text = (*text, token)
    found = _search(Network(seed), 1, max_tokens, not_first)
    assert (found.tokens, found.finished) == (text, token == END)


@given(
    seed=seeds,
    beam_size=st.integers(1, 6),
    max_tokens=st.integers(0, 12),
    not_first=barred,
    costs=st.booleans(),
)
def test_what_is_found_is_as_long_and_begins_as_allowed(
    seed: int, beam_size: int, max_tokens: int, not_first: frozenset[int], costs: bool
) -> None:
    found = _search(Network(seed, costs=costs), beam_size, max_tokens, not_first)
    assert len(found.tokens) <= max_tokens
    assert not_first.isdisjoint(found.tokens[:1])
    assert END not in found.tokens
    assert found.tokens or END not in not_first or max_tokens == 0


@given(seed=seeds, beam_size=st.integers(1, 6), max_tokens=st.integers(0, 12), costs=st.booleans())
def test_score_probabilities_and_attention_are_those_of_the_text(
    seed: int, beam_size: int, max_tokens: int, costs: bool
) -> None:
    network = Network(seed, costs=costs)
    found = _search(network, beam_size, max_tokens)
    tokens = found.tokens
    before = [_after(seed, tokens[:length]) for length in range(len(tokens) + 1)]
    assert found.score == pytest.approx(network.score((*tokens, END) if found.finished else tokens))
    assert found.probabilities == pytest.approx(
        [np.exp(scores[token]) * writing for token, (scores, writing, _) in zip(tokens, before, strict=False)]
    )
    np.testing.assert_array_equal(found.attention, np.stack([looked for _, _, looked in before], axis=1))
