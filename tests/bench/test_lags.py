"""How late words and finals are, of sessions made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vivavoce.bench.hearing import Hearing, Transcript
from vivavoce.bench.lags import Lags, lags
from vivavoce.bench.tracks import Track, Turn
from vivavoce.bench.words import HeardWord, SpokenWord

ENDPOINTING = 0.3


def track(*turns: str) -> Track:
    """Words of half a second each, a second between the turns."""
    at, made = 0.0, []
    for turn in turns:
        words = []
        for text in turn.split():
            words.append(SpokenWord(text, at, at + 0.5))
            at += 0.5
        made.append(Turn(tuple(words)))
        at += 1.0
    return Track(np.zeros(round(at * 16_000), np.float32), tuple(made))


def wrote(at: float, text: str, *, utterance: str = "u", final: bool = False) -> Transcript:
    return Transcript(at, utterance, final, tuple(map(HeardWord, text.split())), text)


def of(said: Track, *transcripts: Transcript) -> Lags:
    return lags(Hearing(said, list(transcripts), []), ENDPOINTING)


def test_a_word_is_shown_by_the_first_hypothesis_that_has_it() -> None:
    found = of(track("one two"), wrote(0.7, "one"), wrote(1.2, "one two"), wrote(1.5, "one two", final=True))
    assert found.shown == pytest.approx([0.2, 0.2])
    assert found.final == pytest.approx([1.0, 0.5])


def test_a_word_is_stable_only_since_it_never_changed_again() -> None:
    partials = wrote(0.6, "one"), wrote(0.9, "won"), wrote(1.2, "one two")
    found = of(track("one two"), *partials, wrote(1.5, "one two", final=True))
    assert found.shown == pytest.approx([0.1, 0.2])
    assert found.stable == pytest.approx([0.7, 0.2])


def test_a_word_keeps_its_place_when_another_is_put_before_it() -> None:
    found = of(track("one two"), wrote(1.1, "two"), wrote(1.5, "one two", final=True))
    assert found.stable == pytest.approx([1.0, 0.1])


def test_a_misheard_word_counts_from_when_its_last_form_is_there() -> None:
    found = of(track("one two"), wrote(1.1, "one two"), wrote(1.5, "one too", final=True))
    assert found.shown == pytest.approx([0.6, 0.5])
    assert found.missing == 0


def test_close_counts_from_the_last_word_and_leaves_endpointing_out() -> None:
    found = of(track("one two"), wrote(1.5, "one two", final=True))
    assert found.close == pytest.approx([1.5 - 1.0 - ENDPOINTING])
    assert found.turn_end == pytest.approx([0.5])


def test_a_turn_of_two_utterances_ends_with_the_later_final() -> None:
    first = wrote(1.0, "one", utterance="a", final=True)
    found = of(track("one two"), first, wrote(1.8, "two", utterance="b", final=True))
    assert found.turn_end == pytest.approx([0.8])
    assert len(found.close) == 2


def test_what_nobody_wrote_is_missing_and_a_turn_without_a_final_unheard() -> None:
    found = of(track("one two", "three four"), wrote(1.5, "one two", final=True))
    assert (found.missing, found.unheard) == (2, 1)


def test_a_word_whose_time_was_guessed_is_not_timed() -> None:
    said = Track(np.zeros(16_000, np.float32), (Turn((SpokenWord("one", 0.2, 0.2, sure=False),)),))
    found = of(said, wrote(1.0, "one", final=True))
    assert found.shown == found.close == found.turn_end == []
    assert found.missing == 0


def test_a_server_without_utterances_has_no_finals_to_time() -> None:
    texts = [wrote(0.7, "one", utterance=""), wrote(1.2, "one two", utterance="", final=True)]
    found = lags(Hearing(track("one two"), texts, [], has_finals=False), ENDPOINTING)
    assert found.shown == pytest.approx([0.2, 0.2])
    assert found.final == found.close == found.turn_end == []
