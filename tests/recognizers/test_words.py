"""Tokens to words: splitting, times, confidence."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.whisper.words import split_words
from vivavoce.recognizers.word_times import Piece, loud_steps, timed_words


@pytest.fixture(scope="module")
def vocabulary(base_files: ModelFiles) -> Vocabulary:
    return Vocabulary.load(base_files.directory, multilingual=True)


def _bytes_as_tokens(vocabulary: Vocabulary, text: str) -> list[int]:
    """One token per byte: the hardest way to write a text."""
    of_byte = {vocabulary.piece(token): token for token in range(256)}
    return [of_byte[bytes([byte])] for byte in text.encode("utf-8")]


def _split(vocabulary: Vocabulary, text: str, language: str) -> list[str]:
    return [piece.text for piece in split_words(_bytes_as_tokens(vocabulary, text), vocabulary, language)]


def test_words_keep_their_space_and_their_punctuation(vocabulary: Vocabulary) -> None:
    text = " Hello, world! It's 3.50 at post-mortem."
    assert _split(vocabulary, text, "en") == [" Hello,", " world!", " It's", " 3.50", " at", " post-mortem."]


def test_opening_punctuation_belongs_to_the_word_that_follows(vocabulary: Vocabulary) -> None:
    assert _split(vocabulary, ' He said: "Yes." (¿Qué?)', "es") == [" He", " said:", ' "Yes."', " (¿Qué?)"]


def test_letters_of_several_bytes_are_never_torn(vocabulary: Vocabulary) -> None:
    assert _split(vocabulary, " Grüße aus Kraków", "de") == [" Grüße", " aus", " Kraków"]


def test_languages_without_spaces_are_split_by_character(vocabulary: Vocabulary) -> None:
    assert _split(vocabulary, "今日は、晴れ。", "ja") == ["今", "日", "は、", "晴", "れ。"]


def test_latin_words_and_numbers_stay_whole_among_characters(vocabulary: Vocabulary) -> None:
    assert _split(vocabulary, "坐403路bus去", "zh") == ["坐", "403", "路", "bus", "去"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_special_token_at_the_end_lends_no_word_and_no_time(vocabulary: Vocabulary, language: str) -> None:
    special = vocabulary.prompt("ja")[0]
    tokens = [*_bytes_as_tokens(vocabulary, "bus"), special]
    assert split_words(tokens, vocabulary, language) == [Piece("bus", 4, 3)]


@given(text=st.text(max_size=40), language=st.sampled_from(["en", "ja"]))
def test_no_text_is_lost(vocabulary: Vocabulary, text: str, language: str) -> None:
    tokens = _bytes_as_tokens(vocabulary, text)
    pieces = split_words(tokens, vocabulary, language)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.length for piece in pieces) == len(tokens)


@given(tokens=st.lists(st.integers(0, 51_864), max_size=30), language=st.sampled_from(["en", "ja"]))
def test_any_tokens_at_all_are_split_without_loss(
    vocabulary: Vocabulary, tokens: list[int], language: str
) -> None:
    pieces = split_words(tokens, vocabulary, language)
    assert sum(piece.length for piece in pieces) == len(tokens)
    assert all(1 <= piece.spoken <= piece.length for piece in pieces)
    assert not any("\ufffd" in piece.text for piece in pieces)


_ALL_LOUD = np.ones(500, np.bool_)


def test_a_word_goes_from_its_first_to_its_last_sound() -> None:
    loud = np.zeros(100, np.bool_)
    loud[25:40] = True
    [word] = timed_words([Piece(" so", 1, 1)], [0.2, 1.5], [1.0], loud)
    assert (word.start, word.end) == pytest.approx((0.5, 0.8))


def test_a_word_without_a_loud_step_keeps_its_time() -> None:
    [word] = timed_words([Piece(" so", 1, 1)], [0.2, 1.5], [1.0], np.zeros(100, np.bool_))
    assert (word.start, word.end) == (0.2, 1.5)


def test_the_pause_after_a_word_is_not_its_own() -> None:
    pieces = [Piece(" so,", 2, 1), Piece(" yes.", 2, 1)]
    words = timed_words(pieces, [0.1, 0.3, 2.0, 2.2, 4.0], [1.0] * 4, _ALL_LOUD)
    assert [word.end for word in words] == pytest.approx([0.6, 2.5])


def test_words_never_overlap_whatever_is_loud() -> None:
    pieces = [Piece(" a", 1, 1), Piece(" b,", 2, 1), Piece(" c", 1, 1)]
    for seed in range(50):
        generator = np.random.default_rng(seed)
        times = sorted(generator.uniform(0.0, 5.0, 5))
        words = timed_words(pieces, times, [1.0] * 4, generator.random(250) < 0.5)
        moments = [moment for word in words for moment in (word.start, word.end)]
        assert moments == sorted(moments)


@given(moments=st.lists(st.integers(0, 100), min_size=2, max_size=40))
def test_every_word_lasts_and_none_overlaps_though_their_tokens_take_no_time(moments: list[int]) -> None:
    times = [moment / 25 for moment in sorted(moments)]
    count = len(times) - 1
    total = max(times[-1], 0.02 * count)
    words = timed_words([Piece(" a", 1, 1)] * count, [*times[:-1], total], [1.0] * count, _ALL_LOUD)
    assert all(word.end - word.start > 0.019 for word in words)
    assert all(earlier.end <= later.start for earlier, later in pairwise(words))
    assert words[0].start >= 0
    assert words[-1].end <= total + 1e-9


def test_confidence_is_the_geometric_mean_of_the_tokens() -> None:
    [word] = timed_words([Piece(" word", 2, 2)], [0.0, 0.1, 0.2], [0.9, 0.4], _ALL_LOUD)
    assert word.confidence == pytest.approx(math.sqrt(0.36))


def test_steps_within_thirty_decibels_of_the_loudest_are_loud() -> None:
    audio = np.repeat(np.array([1.0, 0.1, 0.01, 0.0], np.float32), 320)
    assert loud_steps(audio).tolist() == [True, True, False, False]


@pytest.mark.parametrize("samples", [0, 100, 320, 1000])
def test_silence_is_nowhere_loud(samples: int) -> None:
    assert not loud_steps(np.zeros(samples, np.float32)).any()
