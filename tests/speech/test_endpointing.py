"""Where utterances begin and end, window by window."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearing import LOUD, Sound, endpointing, events, silence, speech
from vivavoce.speech.endpointing import TAIL, Closed, Endpointing, Event, Opened, Paused, Resumed, Split

NORMAL = endpointing(0.3)
LONG = endpointing(0.3, maximum=60)
MINIMUM = NORMAL.minimum_speech


def kinds(*said: tuple[int, Event]) -> list[type[Event]]:
    return [type(event) for _, event in said]


# Beginning


def test_speech_begins_with_the_first_window_of_a_long_enough_run() -> None:
    assert events(NORMAL, silence(20), speech(MINIMUM)) == [(20 + MINIMUM, Opened(20))]


def test_a_shorter_run_is_a_click() -> None:
    assert events(NORMAL, silence(20), speech(MINIMUM - 1), silence(50), flush=True) == []


def test_clicks_do_not_add_up() -> None:
    assert events(NORMAL, *[speech(MINIMUM - 1), silence(1)] * 20) == []


@pytest.mark.parametrize(("probability", "opens"), [(0.49, False), (0.5, True)])
def test_speech_begins_at_the_onset(probability: float, opens: bool) -> None:
    assert bool(events(NORMAL, Sound(10, probability))) == opens


def test_a_run_that_has_begun_may_fall_to_the_release() -> None:
    assert events(NORMAL, Sound(1, 0.5), Sound(5, 0.36)) == [(MINIMUM, Opened(0))]
    assert events(NORMAL, Sound(1, 0.5), Sound(1, 0.34), Sound(5, 0.36)) == []


def test_the_first_window_of_a_session_can_be_speech() -> None:
    assert events(NORMAL, speech(5))[0] == (MINIMUM, Opened(0))


# Pauses and endings


@pytest.mark.parametrize(
    ("seconds", "windows"),
    [(0.01, 1), (0.032, 1), (0.033, 2), (0.05, 2), (0.064, 2), (0.3, 10), (0.32, 10), (1.0, 32), (10.0, 313)],
)
def test_an_utterance_closes_with_the_window_that_completes_the_endpointing(
    seconds: float, windows: int
) -> None:
    settings = endpointing(seconds, maximum=60)
    assert events(settings, speech(20), silence(windows - 1))[-1][1] != Closed(20)
    assert events(settings, speech(20), silence(windows))[-1] == (20 + windows, Closed(20))


@pytest.mark.parametrize("windows", range(1, 313))
def test_endpointing_of_whole_windows_is_taken_exactly(windows: int) -> None:
    assert endpointing(round(windows * 0.032, 3)).silence == windows


def test_a_pause_is_told_with_its_first_window() -> None:
    said = events(NORMAL, speech(20), silence(NORMAL.silence - 1))
    assert said[1:] == [(21, Paused(20))]


def test_where_one_window_of_silence_closes_the_utterance_there_is_no_pause_before() -> None:
    assert kinds(*events(endpointing(0.01), speech(20), silence(1))) == [Opened, Closed]


def test_speech_that_goes_on_after_a_pause_resumes_the_utterance() -> None:
    said = events(NORMAL, speech(20), silence(NORMAL.silence - 1), speech(5), silence(NORMAL.silence))
    assert kinds(*said) == [Opened, Paused, Resumed, Paused, Closed]
    assert said[-1][1] == Closed(20 + NORMAL.silence - 1 + 5)


def test_between_release_and_onset_speech_goes_on_but_silence_does_too() -> None:
    uncertain = Sound(30, 0.4)
    assert kinds(*events(NORMAL, speech(20), uncertain)) == [Opened]
    assert kinds(*events(NORMAL, speech(20), silence(1), uncertain)) == [Opened, Paused, Closed]


def test_the_next_utterance_can_begin_at_once() -> None:
    said = events(NORMAL, speech(20), silence(NORMAL.silence), speech(20))
    assert said[-1] == (20 + NORMAL.silence + MINIMUM, Opened(20 + NORMAL.silence))


def test_a_flush_closes_what_is_open_at_the_end_of_its_speech() -> None:
    assert events(NORMAL, speech(20), flush=True)[-1] == (20, Closed(20))
    assert events(NORMAL, speech(20), silence(3), flush=True)[-1] == (23, Closed(20))
    assert events(NORMAL, silence(20), flush=True) == []


# The longest utterance

FIVE_SECONDS = round(5 / 0.032)


def dip(level: float = -40) -> Sound:
    """Three quiet windows, of which the second is the quietest place."""
    return speech(3, level)


def test_an_utterance_that_is_too_long_is_split_at_its_quietest_window() -> None:
    said = events(NORMAL, speech(130), dip(), speech(100))
    assert said[1] == (FIVE_SECONDS, Split(131, closes=True))


def test_a_window_that_is_hardly_speech_is_preferred_to_one_that_is_a_little_quieter() -> None:
    hardly = Sound(3, 0.4, LOUD)
    said = events(NORMAL, speech(130), hardly, speech(5), dip(LOUD - 5), speech(100))
    assert said[1] == (FIVE_SECONDS, Split(131, closes=True))


def test_a_split_is_always_in_the_last_fifth() -> None:
    said = events(NORMAL, speech(100), dip(-50), speech(30), dip(-30), speech(100))
    assert said[1] == (FIVE_SECONDS, Split(134, closes=True))


def test_the_rest_of_a_split_counts_from_the_split() -> None:
    said = events(NORMAL, speech(130), dip(), speech(400))
    splits = [(heard, event) for heard, event in said if isinstance(event, Split)]
    assert splits[1][0] == 131 + FIVE_SECONDS
    assert splits[1][1].at >= 131 + round(FIVE_SECONDS * 0.8)


@pytest.mark.parametrize("begun", [1, 2, 5])
def test_a_pause_that_has_begun_at_the_maximum_ends_the_utterance_there(begun: int) -> None:
    said = events(NORMAL, speech(FIVE_SECONDS - begun), silence(begun), speech(50))
    assert (FIVE_SECONDS, Closed(FIVE_SECONDS - begun)) in said
    assert said[-1] == (FIVE_SECONDS + MINIMUM, Opened(FIVE_SECONDS))


@pytest.mark.parametrize("maximum", [5, 24.1, 60])
@pytest.mark.parametrize("seconds", [0.01, 0.3, 10])
def test_the_maximum_holds_at_any_endpointing(seconds: float, maximum: float) -> None:
    settings = endpointing(seconds, maximum)
    said = events(settings, speech(settings.maximum - 1), silence(1))
    assert said[-1] == (settings.maximum, Closed(settings.maximum - 1))
    heard, split = next(
        (heard, event)
        for heard, event in events(settings, speech(settings.maximum))
        if isinstance(event, Split) and event.closes
    )
    assert heard == settings.maximum == round(maximum / 0.032)
    assert split.at < settings.maximum - MINIMUM


def test_a_pause_at_the_maximum_ends_the_utterance_however_loud_it_is() -> None:
    loud = Sound(1, 0.1, LOUD)
    said = events(NORMAL, speech(130), dip(-50), speech(FIVE_SECONDS - 134), loud)
    assert said[-1] == (FIVE_SECONDS, Closed(FIVE_SECONDS - 1))


@pytest.mark.parametrize("quiet", [1, 2])
def test_the_last_quiet_windows_before_a_pause_are_not_split_off_alone(quiet: int) -> None:
    said = events(NORMAL, speech(FIVE_SECONDS - 1 - quiet), speech(quiet, -70), Sound(1, 0.3, -30))
    assert said[-1] == (FIVE_SECONDS, Closed(FIVE_SECONDS - 1))


def test_a_segment_that_may_end_in_a_pause_that_has_just_begun_waits_for_it() -> None:
    longest = LONG.longest_segment
    said = events(LONG, speech(longest - 2), silence(2), speech(3))
    assert kinds(*said) == [Opened, Paused, Resumed, Split]
    assert said[-1][0] > longest
    assert kinds(*events(LONG, speech(longest - 1), silence(50))) == [Opened, Paused, Closed]


def test_a_split_leaves_enough_speech_for_what_follows() -> None:
    quiet_end = speech(MINIMUM, level=-50)
    [_, (_, split)] = events(NORMAL, speech(FIVE_SECONDS - MINIMUM), quiet_end)
    assert isinstance(split, Split)
    assert FIVE_SECONDS - split.at > MINIMUM


def test_a_long_utterance_is_cut_into_segments_but_stays_one() -> None:
    said = events(LONG, speech(700), dip(), speech(900), silence(10))
    assert said[1] == (LONG.longest_segment, Split(701, closes=False))
    assert [type(event) for _, event in said][1:] == [Split, Split, Paused, Closed]
    assert not any(event.closes for _, event in said if isinstance(event, Split))


def test_a_segment_is_not_cut_in_a_pause() -> None:
    settings = endpointing(10, maximum=60)
    said = events(settings, speech(settings.longest_segment - 20), silence(300))
    assert kinds(*said) == [Opened, Paused]


def test_a_segment_ends_in_time_though_a_long_pause_came_between() -> None:
    settings = endpointing(10, maximum=60)
    first = settings.longest_segment - 20
    said = events(settings, speech(first), silence(300), speech(100))
    assert kinds(*said) == [Opened, Paused, Resumed, Split]
    split = said[-1][1]
    assert isinstance(split, Split)
    assert first <= split.at <= settings.longest_segment
    assert split.at >= 0.8 * settings.longest_segment


# The quietest place, just before 24 s, is where the utterance itself can be split.
@pytest.mark.parametrize("maximum", [24.02, 24.1, 24.3])
def test_a_segment_is_not_cut_where_too_little_would_be_left_of_the_utterance(maximum: float) -> None:
    settings = endpointing(0.3, maximum)
    quietest = settings.longest_segment - 6
    said = events(settings, speech(quietest - 1), dip(), speech(100))
    assert said[1:] == [(settings.maximum, Split(quietest, closes=True))]


def test_a_segment_is_cut_where_enough_is_left_of_the_utterance() -> None:
    settings = endpointing(0.3, maximum=24.1)
    said = events(settings, speech(700), dip(), speech(100))
    assert said[1] == (settings.longest_segment, Split(701, closes=False))
    assert kinds(*said) == [Opened, Split, Split]


@given(
    st.floats(2, 60) | st.sampled_from([24.02, 24.05, 24.1, 24.2, 44.0, 46.0]),
    st.sampled_from([0.01, 0.3, 10.0]),
    st.integers(0, 2**32),
)
def test_speech_that_does_not_pause_is_only_split_and_near_the_end(
    maximum: float, seconds: float, seed: int
) -> None:
    settings = endpointing(seconds, maximum)
    chance = random.Random(seed)
    sounds = [Sound(1, chance.uniform(settings.onset, 1), chance.uniform(-60, -10)) for _ in range(2500)]
    (_, opened), *splits = events(settings, *sounds)
    assert opened == Opened(0)
    segment = start = 0
    for heard, event in splits:
        assert isinstance(event, Split)
        assert heard - start <= settings.maximum
        length = min(heard - segment, settings.longest_segment)
        assert segment + round(length * 0.8) <= event.at < heard - settings.minimum_speech
        assert event.at - segment <= settings.longest_segment
        segment = event.at
        start = event.at if event.closes else start


# Thresholds


def test_the_default_threshold_is_the_recommended_onset() -> None:
    assert endpointing(threshold=0.6).onset == pytest.approx(0.5)
    assert endpointing(threshold=0.6).release == pytest.approx(0.35)


def test_a_higher_threshold_is_stricter_and_none_is_unreachable() -> None:
    onsets = [endpointing(threshold=step / 100).onset for step in range(101)]
    assert all(lower < higher for lower, higher in itertools.pairwise(onsets))
    assert onsets[0] > 0
    assert onsets[-1] < 1
    for step in range(101):
        settings = endpointing(threshold=step / 100)
        assert 0 < settings.release < settings.onset


# Whatever is heard

sounds = st.lists(
    st.builds(
        Sound,
        windows=st.integers(1, 60) | st.integers(300, 900),
        probability=st.sampled_from([0.0, 0.2, 0.36, 0.45, 0.5, 0.9, 1.0]),
        level=st.floats(-90, 0),
    ),
    max_size=25,
)
asked = st.builds(endpointing, st.sampled_from([0.01, 0.3, 10.0]), st.sampled_from([5.0, 24.1, 60.0]))
shorter = st.builds(
    lambda normal, maximum, longest: dataclasses.replace(normal, maximum=maximum, longest_segment=longest),
    st.sampled_from([0.01, 0.05, 0.1, 0.3, 1.0, 2.0]).map(endpointing),
    st.sampled_from([60, 156, 400]),
    st.sampled_from([50, 100, 750]),
)


@given(asked | shorter, sounds)
def test_events_come_in_a_legal_order_and_at_legal_places(settings: Endpointing, sounds: list[Sound]) -> None:
    start = segment = end = 0
    is_open = is_paused = False
    for heard, event in events(settings, *sounds, flush=True):
        match event:
            case Opened():
                assert not is_open
                assert event.start >= end
                assert event.start == heard - settings.minimum_speech
                start = segment = event.start
                is_open = True
            case Paused():
                assert is_open
                assert not is_paused
                assert heard - event.end == TAIL < settings.silence
                is_paused = True
            case Resumed():
                assert is_paused
                is_paused = False
            case Closed():
                assert is_open
                assert segment < event.end <= heard
                assert heard - event.end <= settings.silence
                end = event.end
                is_open = is_paused = False
            case Split():
                assert is_open
                assert not is_paused
                # A pause may have put the cut off.
                length = min(heard - segment, settings.longest_segment)
                assert segment + round(length * 0.8) <= event.at < heard - settings.minimum_speech
                assert event.at - segment <= settings.longest_segment
                segment = event.at
                start = event.at if event.closes else start
        assert heard - start <= settings.maximum + 1 or not is_open
    assert not is_open
