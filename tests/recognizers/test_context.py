"""How much the encoder is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context_seconds


@given(duration=st.floats(0.0, 30.0))
def test_a_final_is_followed_by_three_seconds_of_silence_unless_the_context_is_full(duration: float) -> None:
    seconds = context_seconds(duration, final=True)
    assert seconds == FULL_CONTEXT or (seconds >= 12 and seconds >= duration + 3.0)


@given(duration=st.floats(0.0, 30.0))
def test_the_context_holds_all_of_the_audio(duration: float) -> None:
    for final in (True, False):
        assert duration <= context_seconds(duration, final=final) <= FULL_CONTEXT


@given(duration=st.floats(0.0, 30.0))
def test_a_partial_never_costs_more_than_a_final(duration: float) -> None:
    assert context_seconds(duration, final=False) <= context_seconds(duration, final=True)


def test_there_are_few_lengths_so_that_batches_form() -> None:
    lengths = {context_seconds(tenths / 10, final=True) for tenths in range(300)}
    assert len(lengths) <= 6
