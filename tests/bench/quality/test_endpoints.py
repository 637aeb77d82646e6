"""Whether utterances end where somebody stops to speak."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quality_material import utterance
from vivavoce.bench.material import SAMPLE_RATE, Samples
from vivavoce.bench.quality.endpoints import Endpoints, endpoints
from vivavoce.bench.quality.items import Stretch

FIRST, SECOND = Stretch(0.0, 4.0), Stretch(5.0, 8.0)


def speech(*silences: tuple[float, float]) -> Samples:
    """Ten seconds of noise that is 40 dB quieter in `silences`."""
    samples = np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE).astype(np.float32)
    for start, end in silences:
        samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] *= np.float32(0.01)
    return samples


def test_an_end_in_a_pause_of_a_turn_is_no_early_cut() -> None:
    utterances = [utterance("one two", 0.2, 1.9), utterance("three", 2.2, 3.8)]
    found = endpoints([FIRST], utterances, speech((1.9, 2.2)), 0.3)
    assert found == Endpoints(turns=1, cuts=1, early_cuts=0)


def test_an_end_in_running_speech_is_an_early_cut() -> None:
    utterances = [utterance("one two", 0.2, 1.9), utterance("three", 2.0, 3.8)]
    found = endpoints([FIRST], utterances, speech((3.0, 3.5)), 0.3)
    assert found == Endpoints(turns=1, cuts=1, early_cuts=1)


def test_the_closure_of_a_consonant_is_no_pause() -> None:
    utterances = [utterance("one two", 0.2, 1.9), utterance("three", 2.0, 3.8)]
    assert endpoints([FIRST], utterances, speech((1.92, 1.98)), 0.3).early_cuts == 1


def test_one_utterance_of_two_turns_is_a_late_close() -> None:
    across = [utterance("one two three four", 0.2, 7.8)]
    assert endpoints([FIRST, SECOND], across, speech(), 0.3) == Endpoints(turns=2, pauses=1, late_closes=1)


def test_turns_that_follow_sooner_than_endpointing_may_be_one_utterance() -> None:
    across = [utterance("one two three four", 0.2, 7.8)]
    assert endpoints([FIRST, SECOND], across, speech(), 0.8) == Endpoints(turns=2)


@given(st.lists(st.floats(0.1, 2.0), min_size=2, max_size=12))
def test_utterances_that_are_turns_have_nothing_wrong(lengths: list[float]) -> None:
    ends = np.cumsum(np.repeat(lengths, 2))
    turns = [Stretch(float(start), float(end)) for start, end in zip(ends[::2], ends[1::2], strict=True)]
    utterances = [utterance("one two", turn.start, turn.end) for turn in turns]
    found = endpoints(turns, utterances, speech(), 0.05)
    assert (found.turns, found.cuts, found.late_closes) == (len(turns), 0, 0)
