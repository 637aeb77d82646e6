"""What clients send: turns where the track says, silence between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.tracks import Speech, Track, call_like, reading, turns_of
from vivavoce.bench.words import SpokenWord

RATE = 16_000


def speech(seconds: float, words: int = 4, level: float = 0.5) -> Speech:
    """A steady sound, of `words` of equal length, from its first to its last sample."""
    samples = np.full(round(seconds * RATE), level, np.float32)
    length = seconds / words
    spoken = tuple(SpokenWord(f"w{i}", i * length, (i + 1) * length) for i in range(words))
    return Speech(samples, spoken)


def loudness(track: Track, start: float, end: float) -> float:
    return float(np.abs(track.samples[round(start * RATE) : round(end * RATE)]).mean())


TURNS = [turn for seconds in (1.5, 3.0, 2.2) for turn in turns_of(speech(seconds))]


@given(st.integers(0, 50))
def test_about_half_of_a_conversation_is_speech(seed: int) -> None:
    track = call_like(TURNS, 60.0, seed)
    assert track.seconds == 60.0
    assert 0.35 <= track.speech_seconds / track.seconds <= 0.65


@given(st.integers(0, 50))
def test_it_is_loud_in_turns_and_quiet_between_them_but_never_digital_silence(seed: int) -> None:
    track = call_like(TURNS, 30.0, seed)
    loud = loudness(track, track.turns[0].start + 0.05, track.turns[0].end - 0.05)
    assert loud > 0.02
    for turn in track.turns:
        assert loudness(track, turn.start + 0.05, turn.end - 0.05) == pytest.approx(loud, rel=0.1)
    for one, following in zip(track.turns, track.turns[1:], strict=False):
        assert 0 < loudness(track, one.end + 0.01, following.start - 0.01) < 0.002


def test_a_seed_gives_the_same_conversation_again_and_another_one_another() -> None:
    first, again, other = (call_like(TURNS, 20.0, seed) for seed in (7, 7, 8))
    assert np.array_equal(first.samples, again.samples)
    assert first.turns == again.turns
    assert first.turns != other.turns


def test_a_recording_is_divided_at_its_longest_pause() -> None:
    times = [(0.0, 2.0), (2.1, 5.0), (5.8, 8.0), (8.1, 10.0)]
    words = tuple(SpokenWord(f"w{i}", start, end) for i, (start, end) in enumerate(times))
    one, other = turns_of(Speech(np.ones(10 * RATE, np.float32), words))
    assert [word.text for word in one.words] == ["w0", "w1"]
    assert [word.text for word in other.words] == ["w2", "w3"]


def test_readings_are_whole_and_each_begins_elsewhere() -> None:
    recordings = [speech(4.0), speech(5.0), speech(6.0)]
    tracks = [reading(recordings, 60.0, number, 3) for number in range(3)]
    assert {len(track.words) for track in tracks} == {12}
    assert [round(track.turns[0].end - track.turns[0].start) for track in tracks] == [4, 5, 6]


def test_a_reading_is_as_long_as_asked_at_most() -> None:
    assert reading([speech(4.0), speech(5.0)], 8.0, 0).seconds <= 8.0


def test_conversations_do_not_all_begin_with_a_turn() -> None:
    begins = [call_like(TURNS, 60.0, seed).turns[0].start for seed in range(50)]
    assert min(begins) < 0.5
    assert max(begins) > 2
    assert np.unique(np.round(begins, 1)).size > 15
