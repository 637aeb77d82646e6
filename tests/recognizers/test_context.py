"""How much the encoder is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context_seconds

durations = st.floats(0.0, FULL_CONTEXT)


@pytest.mark.parametrize("final", [True, False], ids=["final", "partial"])
@given(duration=durations)
def test_all_of_the_audio_is_shown_and_a_little_silence_unless_the_context_is_full(
    duration: float, final: bool
) -> None:
    seconds = context_seconds(duration, final=final)
    assert seconds == FULL_CONTEXT or duration + 0.5 <= seconds < FULL_CONTEXT


@pytest.mark.parametrize("final", [True, False], ids=["final", "partial"])
@given(duration=durations)
def test_the_encoder_can_be_shown_as_much(duration: float, final: bool) -> None:
    assert (context_seconds(duration, final=final) / 0.5).is_integer()


@given(duration=durations)
def test_a_partial_never_costs_more_than_a_final(duration: float) -> None:
    assert context_seconds(duration, final=False) <= context_seconds(duration, final=True)


@pytest.mark.parametrize("final", [True, False], ids=["final", "partial"])
@given(shorter=durations, longer=durations)
def test_more_audio_is_never_shown_less(shorter: float, longer: float, final: bool) -> None:
    shorter, longer = sorted((shorter, longer))
    assert context_seconds(shorter, final=final) <= context_seconds(longer, final=final)
