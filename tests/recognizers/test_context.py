"""How much the encoder is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.recognizers.whisper.context import BLOCK, FULL_CONTEXT, context

lengths = st.integers(0, FULL_CONTEXT * BLOCK)


@given(samples=lengths)
def test_speech_is_followed_by_silence_unless_the_context_is_full(samples: int) -> None:
    blocks = context(samples)
    assert blocks == FULL_CONTEXT or 2 * BLOCK <= blocks * BLOCK - samples < 3 * BLOCK


@given(samples=lengths)
def test_the_context_holds_all_of_the_audio_and_no_more_than_whisper_knows(samples: int) -> None:
    assert samples <= context(samples) * BLOCK <= FULL_CONTEXT * BLOCK


@given(lengths=st.tuples(lengths, lengths).map(sorted))
def test_longer_audio_never_gets_a_shorter_context(lengths: list[int]) -> None:
    shorter, longer = lengths
    assert context(shorter) <= context(longer)
