"""Which heard word stands for which spoken word."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.words import HeardWord, SpokenWord, align, plain

TEXTS = st.lists(st.sampled_from("abcd"), max_size=8)


def spoken(text: str) -> list[SpokenWord]:
    """Words of half a second each."""
    return [SpokenWord(word, index / 2, (index + 1) / 2) for index, word in enumerate(text.split())]


def heard(text: str, shift: float = 0.0) -> list[HeardWord]:
    return [HeardWord(word.text, word.end + shift) for word in spoken(text)]


def untimed(text: str) -> list[HeardWord]:
    return [HeardWord(word) for word in text.split()]


@given(TEXTS)
def test_the_same_words_belong_together_one_by_one(words: list[str]) -> None:
    text = " ".join(words)
    assert align(spoken(text), heard(text)) == [(index, index) for index in range(len(words))]


@given(TEXTS, TEXTS)
def test_pairs_rise_on_both_sides(said: list[str], written: list[str]) -> None:
    pairs = align(spoken(" ".join(said)), untimed(" ".join(written)))
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


def test_case_and_punctuation_do_not_count() -> None:
    assert plain(" Don't,") == plain("don't")
    assert align(spoken("well I don't"), untimed("don't!")) == [(2, 0)]


def test_a_word_too_many_and_a_word_too_few_have_no_partner() -> None:
    assert align(spoken("one two three"), untimed("one uh two")) == [(0, 0), (1, 2)]


def test_a_misheard_word_takes_the_place_of_the_right_one() -> None:
    assert align(spoken("one two three"), heard("one too three")) == [(0, 0), (1, 1), (2, 2)]


def test_of_two_equal_words_time_tells_which_one_was_heard() -> None:
    assert align(spoken("go now go"), [HeardWord("go", 1.5)]) == [(2, 0)]
    assert align(spoken("go now go"), [HeardWord("go", 0.5)]) == [(0, 0)]


def test_words_far_apart_in_time_never_belong_together() -> None:
    assert align(spoken("one two"), heard("one two", shift=10.0)) == []
