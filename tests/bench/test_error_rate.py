"""How many words are wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.error_rate import Errors, errors, word_error_rate
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES

WORDS = st.lists(st.sampled_from(["red", "green", "blue"]), min_size=1).map(" ".join)


def test_errors_are_counted_over_all_texts_together() -> None:
    texts = [("one two", "one two"), ("a very long sentence here", "a long sentence there now")]
    assert word_error_rate(texts) == 3 / 7


def test_case_and_punctuation_do_not_count() -> None:
    assert errors("fr", [("Où est-il ?", "où est il")]) == Errors(0, 3)


def test_digits_in_english_may_be_written_together_or_apart() -> None:
    assert errors("en", [("nine one one", "911"), ("ten", "1 0")]) == Errors(0, 5)


def test_characters_count_where_words_have_no_spaces() -> None:
    assert errors("zh", [("你好 世界。", "你们好世")]) == Errors(2, 4)


@pytest.mark.parametrize("language", sorted(WRITTEN_WITHOUT_SPACES | {"ko"}))
def test_no_language_that_is_written_without_spaces_is_judged_by_words(language: str) -> None:
    assert errors(language, [("ཀ ཁག", "ཀཁ ག")]) == Errors(0, 3)


def test_words_where_nothing_is_said_have_no_rate() -> None:
    assert errors("en", [("", "thank you")]) == Errors(2, 0)
    assert math.isnan(errors("en", [("", "thank you")]).rate)


@given(WORDS, WORDS)
def test_all_that_is_wrong_of_two_texts_is_wrong_of_both_together(said: str, heard: str) -> None:
    one, other = (said, heard), (heard, said)
    each, both = [errors("it", [one]), errors("it", [other])], errors("it", [one, other])
    assert (both.wrong, both.of) == (sum(x.wrong for x in each), sum(x.of for x in each))


@given(WORDS)
def test_what_was_heard_as_it_was_said_has_no_error(said: str) -> None:
    assert errors("it", [(said, said)]) == Errors(0, len(said.split()))
