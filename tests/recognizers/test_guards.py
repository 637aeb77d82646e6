"""Invented words and how they are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.protocol.stream import Word
from vivavoce.recognizers.whisper.guards import (
    has_skipped,
    is_audible,
    is_noise,
    is_runaway,
    is_said_again,
    is_silence,
    token_limit,
    without_echo,
    without_loop,
)
from vivavoce.recognizers.whisper.model import Decoding

_CLEAR = Decoding(
    tokens=(1, 2, 3, 4),
    text=" Good morning to you.",
    mean_log_probability=-0.2,
    no_speech_probability=0.01,
    finished=True,
    probabilities=(0.9, 0.8, 0.9, 0.7),
    attention=np.ones((1, 8, 100), np.float32),
    prompt=3,
    language="en",
)


def test_clear_speech_is_believed() -> None:
    assert not is_silence(_CLEAR)
    assert not is_runaway(_CLEAR)


def test_doubt_about_speech_and_about_the_text_together_mean_silence() -> None:
    assert is_silence(replace(_CLEAR, no_speech_probability=0.9, mean_log_probability=-0.5))
    assert is_silence(replace(_CLEAR, no_speech_probability=0.3, mean_log_probability=-1.6))


def test_a_text_of_several_words_is_believed_where_voice_activity_hears_somebody() -> None:
    doubtful = replace(_CLEAR, no_speech_probability=0.9, mean_log_probability=-0.5)
    assert not is_silence(doubtful, voiced=0.8)
    assert is_silence(doubtful, voiced=0.2)
    assert is_silence(replace(doubtful, text=" Thank you."), voiced=0.8)
    assert is_silence(replace(doubtful, mean_log_probability=-1.1), voiced=0.8)


def test_words_are_believed_that_no_spaces_part() -> None:
    doubtful = replace(_CLEAR, language="zh", no_speech_probability=0.9, mean_log_probability=-0.5)
    assert not is_silence(replace(doubtful, text="公交汽车定期发车"), voiced=0.8)
    assert is_silence(replace(doubtful, text="公交汽车定期发车"), voiced=0.2)
    assert is_silence(replace(doubtful, text="谢谢大家"), voiced=0.8)


def test_either_doubt_alone_does_not() -> None:
    assert not is_silence(replace(_CLEAR, no_speech_probability=0.9))
    assert not is_silence(replace(_CLEAR, mean_log_probability=-1.6))


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(4, 9), min_size=8, max_size=9))
def test_a_long_run_of_what_was_said_before_is_told_wherever_it_stands(
    around: list[int], again: list[int]
) -> None:
    assert is_said_again([*around, *again], [*again, *around[::-1]])
    assert not is_said_again([*around[:7], *again[:7]], [*again[:7], *around[:7][::-1], 99])


def test_only_digital_silence_is_inaudible() -> None:
    assert not is_audible(np.zeros(16_000, np.float32))
    assert not is_audible(np.zeros(0, np.float32))
    assert is_audible(np.full(16_000, 1e-3, np.float32))


def test_punctuation_alone_is_silence() -> None:
    assert is_silence(replace(_CLEAR, text=" ... -"))
    assert is_silence(replace(_CLEAR, text="", tokens=()))


def test_a_text_that_repeats_itself_is_a_runaway() -> None:
    assert is_runaway(replace(_CLEAR, tokens=tuple(range(20)) * 3))
    assert is_runaway(replace(_CLEAR, tokens=(7,) * 30))


@given(tokens=st.lists(st.integers(0, 51_864), unique=True, max_size=224))
def test_a_text_that_says_everything_once_is_none(tokens: list[int]) -> None:
    assert not is_runaway(replace(_CLEAR, tokens=tuple(tokens)))


def test_a_runaway_where_speech_is_doubtful_is_silence() -> None:
    assert is_silence(replace(_CLEAR, finished=False, no_speech_probability=0.3))


def test_a_text_without_an_end_is_a_runaway() -> None:
    assert is_runaway(replace(_CLEAR, finished=False))


@given(
    head=st.lists(st.integers(0, 9), max_size=10, unique=True),
    period=st.lists(st.integers(10, 99), min_size=1, max_size=20, unique=True),
    rounds=st.integers(3, 9),
    rest=st.integers(0, 19),
)
def test_of_a_loop_one_round_stays(head: list[int], period: list[int], rounds: int, rest: int) -> None:
    looped = head + period * rounds + period[: rest % len(period)]
    assert without_loop(looped) == (*head, *period)


@given(tokens=st.lists(st.integers(0, 99), max_size=60, unique=True))
def test_what_does_not_loop_is_left_alone(tokens: list[int]) -> None:
    assert without_loop(tokens) == tuple(tokens)
    assert without_loop(tokens + tokens) == tuple(tokens + tokens)


@given(duration=st.floats(0.0, 30.0))
def test_a_limit_of_tokens_holds_fast_speech_and_not_much_more(duration: float) -> None:
    assert 8 * duration <= token_limit(duration, "en") <= 12 * duration + 30
    # Where each letter is a token.
    assert 15 * duration <= token_limit(duration, "hi") <= 20 * duration + 30


def _words(*texts_and_times: tuple[str, float, float], confidence: float = 0.9) -> list[Word]:
    return [Word(text, start, end, confidence) for text, start, end in texts_and_times]


def test_what_is_repeated_without_time_is_said_once() -> None:
    words = _words((" Hold", 0.0, 0.4), (" on.", 0.4, 0.8), (" Hold", 0.8, 0.8), (" on.", 0.8, 1.0))
    assert without_echo(words) == tuple(words[:2])


def test_what_is_really_said_twice_stays() -> None:
    words = _words((" Hold", 0.0, 0.4), (" on.", 0.4, 0.8), (" Hold", 0.8, 1.1), (" on.", 1.1, 1.4))
    assert without_echo(words) == tuple(words)


def test_a_stutter_before_other_words_stays() -> None:
    words = _words((" I", 0.0, 0.2), (" I", 0.2, 0.24), (" think", 0.24, 0.6), (" so", 0.6, 0.9))
    assert without_echo(words) == tuple(words)


def test_a_short_word_that_repeats_nothing_stays() -> None:
    words = _words((" In", 0.0, 0.4), (" a", 0.4, 0.42), (" word", 0.42, 0.8))
    assert without_echo(words) == tuple(words)


def test_a_word_that_is_hardly_heard_and_takes_very_long_stands_for_others() -> None:
    unsure = _words((" He", 0.2, 0.4), confidence=0.06)
    sure = _words((" had", 0.4, 3.2), (" to", 3.2, 3.4))
    assert has_skipped(_words((" He", 0.2, 3.2), confidence=0.06) + sure[1:])
    assert has_skipped(unsure + sure)


def test_long_words_that_are_clear_and_unsure_ones_that_are_short_stand_for_themselves() -> None:
    assert not has_skipped(_words((" Well,", 0.0, 2.4), (" yes.", 2.4, 2.8)))
    assert not has_skipped(_words((" He", 0.0, 0.2), (" had", 0.2, 0.6), confidence=0.06))


def test_words_that_only_the_ban_on_symbols_made_likely_are_noise() -> None:
    assert is_noise(_words((" Music", 0.0, 1.0), confidence=0.005))
    assert not is_noise(_words((" avocado", 0.0, 1.0), confidence=0.04))
    assert not is_noise([])
