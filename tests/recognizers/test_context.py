"""How much the encoder is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.recognizers.whisper.context import FINAL, FULL_CONTEXT, PARTIAL, Effort

EFFORTS = pytest.mark.parametrize("effort", [FINAL, PARTIAL], ids=["final", "partial"])
durations = st.floats(0.0, FULL_CONTEXT)


@EFFORTS
@given(duration=durations)
def test_speech_is_followed_by_silence_unless_the_context_is_full(effort: Effort, duration: float) -> None:
    context = effort.context(duration)
    assert context == FULL_CONTEXT or context >= duration + effort.silence


@EFFORTS
@given(duration=durations)
def test_the_context_holds_all_of_the_audio_and_no_more_than_whisper_knows(
    effort: Effort, duration: float
) -> None:
    assert duration <= effort.context(duration) <= FULL_CONTEXT


@EFFORTS
@given(duration=durations)
def test_the_context_ends_where_the_known_silence_can_follow(effort: Effort, duration: float) -> None:
    assert (effort.context(duration) / 0.5).is_integer()


@given(duration=durations)
def test_a_partial_never_costs_more_than_a_final(duration: float) -> None:
    assert PARTIAL.context(duration) <= FINAL.context(duration)


@EFFORTS
@given(durations=st.tuples(durations, durations).map(sorted))
def test_longer_audio_never_gets_a_shorter_context(effort: Effort, durations: list[float]) -> None:
    shorter, longer = durations
    assert effort.context(shorter) <= effort.context(longer)
