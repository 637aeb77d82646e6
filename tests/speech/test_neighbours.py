"""What runs into a final, or was cut off from it, helps to hear it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from hearing import Listener, Sound, count_windows, endpointing, listener, nothing, record, silence, speech
from vivavoce.protocol.stream import Context, Draft, Hypothesis
from vivavoce.speech.endpointing import WINDOW
from vivavoce.speech.outputs import Decode

NORMAL = endpointing(0.3)
PREROLL, PAUSE = NORMAL.preroll, NORMAL.silence
LONG = 100 + PREROLL
"""Windows after which it is not the same speech any more that goes on."""


def words_and_draft(decode: Decode) -> Hypothesis:
    return replace(count_windows(decode), draft=Draft("counter", (decode.start // WINDOW,)))


def a_word_each_second(decode: Decode) -> Hypothesis:
    seconds = len(decode.audio) // 16_000
    starts = tuple((second, float(second)) for second in range(seconds))
    return replace(count_windows(decode), draft=Draft("counter", tuple(range(seconds)), starts))


def test_what_follows_a_cut_goes_on_from_what_was_heard_before_it() -> None:
    track = listener(hear_words=words_and_draft)
    track.hear_and_answer(silence(50), speech(250), silence(LONG), speech(40), silence(50))
    first, second, later = track.asked
    assert first.before is None
    assert second.before is not None
    assert second.before.tobytes() == first.audio.tobytes()
    assert second.said_before == Draft("counter", (50 - PREROLL,))
    assert later.before is later.said_before is None


def test_what_follows_a_short_pause_goes_on_from_what_was_heard_before_it() -> None:
    track = listener(hear_words=words_and_draft)
    track.hear_and_answer(*[speech(60), silence(PAUSE)] * 6, silence(LONG), speech(60), silence(50))
    *chain, later = track.asked
    assert len(chain) == 6
    starts = [decode.start for decode in chain]
    for decode in chain[1:]:
        assert decode.before is not None
        first = decode.start - len(decode.before)
        told = [start for start in starts if first <= start < decode.start]
        assert decode.said_before == Draft("counter", tuple(start // WINDOW for start in told))
        assert told[0] == first >= decode.start - 8 * 16_000
    assert later.before is later.said_before is None


def test_no_more_is_given_of_what_was_said_than_the_recogniser_takes() -> None:
    track = listener(hear_words=words_and_draft, context=Context(20.0, 5))
    track.hear_and_answer(*[speech(30), silence(PAUSE)] * 20, silence(50))
    assert [len(decode.said_before.tokens) for decode in track.asked if decode.said_before][-10:] == [5] * 10


def test_a_pause_within_speech_that_goes_on_is_heard() -> None:
    track = listener(hear_words=words_and_draft)
    track.hear_and_answer(speech(60), silence(60), speech(60), silence(50))
    first, second = track.asked
    assert second.before is not None
    assert second.start > first.start + len(first.audio)
    assert len(second.before) == second.start - first.start
    assert second.before[: len(first.audio)].tobytes() == first.audio.tobytes()


@pytest.mark.parametrize("context", [0.0, 4.0, 8.0, 20.0])
def test_a_recogniser_says_how_much_of_what_was_said_it_is_given(context: float) -> None:
    track = listener(hear_words=words_and_draft, context=Context(context, 100))
    track.hear_and_answer(*[speech(30), silence(PAUSE)] * 20, silence(50))
    given = [0 if decode.before is None else len(decode.before) / 16_000 for decode in track.asked]
    assert max(given) <= context
    # Of these, which last 1.3 s with their pause, it is not known when their words were said.
    assert given[-1] > context - 2.6 or not context


def test_what_is_long_by_itself_is_given_less_of_what_came_before() -> None:
    def given(own: int) -> float:
        track = listener(hear_words=words_and_draft)
        track.hear_and_answer(*[speech(60), silence(PAUSE)] * 3, speech(own), silence(50))
        last = track.asked[-1]
        assert last.before is not None
        assert len(last.before) + len(last.audio) <= 10 * 16_000
        return len(last.before) / 16_000

    assert given(40) > 6
    assert 0 < given(150) < 6


def test_where_no_words_were_heard_the_sound_is_given_without_any() -> None:
    track = listener(hear_words=nothing)
    track.hear_and_answer(*[speech(60), silence(PAUSE)] * 2)
    first, second = track.asked
    assert first.before is None
    assert second.before is not None
    assert second.before.tobytes() == first.audio.tobytes()
    assert second.said_before is None


def test_of_what_is_too_long_it_is_given_what_was_heard_from_a_word_on() -> None:
    track = listener(endpointing(0.3, maximum=15), hear_words=a_word_each_second)
    track.hear_and_answer(speech(600), silence(50))
    first, second = track.asked
    assert second.said_before is not None
    assert second.before is not None
    words = second.said_before.tokens
    assert words == tuple(range(len(first.audio) // 16_000))[-len(words) :]
    # From shortly before the first of them to where the utterance begins.
    assert second.before.tobytes() == first.audio[-len(second.before) :].tobytes()
    begin = (len(first.audio) - len(second.before)) / 16_000
    assert words[0] - 0.2 < begin < words[0]


def test_what_is_long_by_itself_is_given_some_of_what_it_was_cut_off_from() -> None:
    track = listener(endpointing(0.3, maximum=15), hear_words=a_word_each_second)
    track.hear_and_answer(speech(1400), silence(50))
    assert [decode.said_before is not None for decode in track.asked] == [False, True, True, True]


def test_what_follows_a_cut_waits_for_what_was_heard_before_it() -> None:
    track = listener(hear_words=words_and_draft)
    track.hear(silence(50), speech(250), silence(50))
    assert len(track.asked) == 1
    track.answer_all()
    assert [decode.said_before for decode in track.asked] == [None, Draft("counter", (50 - PREROLL,))]
    assert len(track.finals) == 2


def test_the_final_of_a_cut_utterance_is_given_what_was_said_next() -> None:
    track = listener()
    track.hear(speech(130), speech(3, level=-40), speech(100))
    [first] = track.asked
    assert first.after is not None
    assert first.after.tobytes() == track.audio[len(first.audio) : 156 * WINDOW].tobytes()


def test_nothing_goes_on_from_what_was_heard_in_another_language() -> None:
    languages = iter(["fr", "en", "en"])
    sureness = iter([0.7, 0.9, 0.9])

    def heard(decode: Decode) -> Hypothesis:
        words = words_and_draft(decode)
        return replace(words, language=next(languages), language_probability=next(sureness))

    track = listener(hear_words=heard, languages=("en", "fr"))
    track.hear_and_answer(speech(60), silence(PAUSE), *[speech(100), silence(PAUSE)] * 2)
    _, second, last = track.asked
    assert (second.expected, last.expected) == ("fr", "en")
    assert last.before is not None
    assert last.start - len(last.before) == second.start


def test_nothing_goes_on_from_what_may_be_another_language() -> None:
    track = listener(hear_words=words_and_draft, languages=("en", "fr"), code_switching=True)
    track.hear(silence(50), speech(300), silence(50))
    assert [decode.before for decode in track.asked] == [None, None]


def test_what_was_said_is_kept_no_longer_than_speech_may_go_on_from_it() -> None:
    track = listener().track
    kept: list[weakref.ref[NDArray[np.float32]]] = []

    def hear(*sounds: Sound) -> int:
        windows, probabilities = record(*sounds)
        for window, probability in zip(windows, probabilities, strict=True):
            for output in track.advance(window[None], probability[None]):
                if isinstance(output, Decode):
                    kept.append(weakref.ref(output.audio))
                    list(track.decoded(output, words_and_draft(output)))
                del output
        gc.collect()
        return sum(audio() is not None for audio in kept)

    assert hear(speech(60), silence(PAUSE)) == 1
    assert hear(silence(LONG)) == 0


def test_of_many_short_utterances_little_more_than_their_audio_is_kept() -> None:
    track = listener(endpointing(0.05), hear_words=words_and_draft)
    given = [weakref.ref(decode.before) for decode in _asked(track, 60) if decode.before is not None]
    assert len(given) >= 50
    gc.collect()
    assert sum(before() is not None for before in given) <= 1


def _asked(track: Listener, utterances: int) -> list[Decode]:
    """What is asked for, and answered, and then forgotten by who listens."""
    track.hear_and_answer(*[speech(10), silence(4)] * utterances)
    asked = list(track.asked)
    track.asked.clear()
    track.outputs.clear()
    return asked
