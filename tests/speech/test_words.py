"""When the last word before a pause ends."""

from __future__ import annotations

import pytest

from hearing import Listener, listener, silence, speech
from vivavoce.protocol.stream import Hypothesis, Word
from vivavoce.speech.outputs import Decode
from vivavoce.speech.words import end_with_speech

WORDS = (Word(" split", 1.0, 1.4, 0.9), Word(" infinity", 1.4, 2.0, 0.8))


@pytest.mark.parametrize(
    ("speech_end", "word_end"),
    [
        (2.264, 2.2),  # cut short by the recogniser
        (2.464, 2.4),
        (2.5, 2.0),  # too far off to be this word
        (2.064, 2.0),
        (1.5, 2.0),  # never shortened
    ],
)
def test_the_last_word_lasts_until_the_speech_does(speech_end: float, word_end: float) -> None:
    first, last = end_with_speech(WORDS, speech_end)
    assert first == WORDS[0]
    assert (last.text, last.start, last.confidence) == (" infinity", 1.4, 0.8)
    assert last.end == pytest.approx(word_end)


def test_where_there_are_no_words_there_is_nothing_to_change() -> None:
    assert end_with_speech((), 2.0) == ()


def track_that_hears_a_word_end_early() -> Listener:
    def early(decode: Decode) -> Hypothesis:
        return Hypothesis("en", 1.0, (Word(" yes", 0.0, len(decode.audio) / 16_000 - 0.3, 1.0),))

    return listener(hear_words=early)


def test_the_last_word_of_a_final_ends_with_the_speech_before_its_pause() -> None:
    track = track_that_hears_a_word_end_early()
    track.hear(speech(40), silence(50))
    track.answer()
    assert track.finals[0].end == pytest.approx((40 - 2) * 0.032)


def test_a_word_at_a_split_keeps_its_end() -> None:
    track = track_that_hears_a_word_end_early()
    track.hear(speech(200))
    track.answer()
    assert track.finals[0].end == pytest.approx(len(track.asked[0].audio) / 16_000 - 0.3)
