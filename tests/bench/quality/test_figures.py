"""The figures, from what was heard and what is known."""

from __future__ import annotations

import pytest

from quality_material import item, trial, utterance
from vivavoce.bench.error_rate import Errors
from vivavoce.bench.quality.figures import (
    Detection,
    Trial,
    by_kind,
    by_language,
    detection,
    false_words,
    word_times,
)
from vivavoce.bench.quality.hearing import Heard, Way
from vivavoce.bench.words import SpokenWord

READ, CALL = item("read"), item("call", kind="telephone")
JOINED = item("joined", derived=True)


def test_each_trial_and_offline_are_counted_side_by_side() -> None:
    good, bad = trial((READ, "red green"), (CALL, "red green")), trial((READ, "red"), (CALL, "grey blue"))
    [row] = by_language([good, bad], {READ: "red green", CALL: "red cream"})
    assert (row.language, row.recordings, row.seconds) == ("en", 2, 120.0)
    assert row.streamed == (Errors(0, 4), Errors(3, 4))
    assert row.offline == Errors(1, 4)


def test_recordings_made_of_others_count_for_no_total() -> None:
    heard = trial((READ, "red green"), (CALL, "red"), (JOINED, ""))
    assert [row.recordings for row in by_language([heard], {})] == [2]
    rows = {row.kind: row.streamed[0] for row in by_kind([heard], {})}
    assert rows == {"read": Errors(0, 2), "telephone": Errors(1, 2), "read, joined": Errors(2, 2)}


def test_a_recording_that_was_lost_in_one_trial_counts_in_none() -> None:
    [row] = by_language([trial((READ, "red green"), (CALL, "")), trial((READ, ""))], {})
    assert row.streamed == (Errors(0, 2), Errors(2, 2))


def test_what_is_said_may_be_unknown() -> None:
    heard = trial((item("unknown", reference=None), "whatever"))
    assert by_language([heard], {}) == by_kind([heard], {}) == false_words([heard], {}) == []


def test_words_where_nobody_speaks_are_false() -> None:
    hiss, song = item("hiss", "", "", kind="noise"), item("song", "", "", kind="music")
    heard = trial((hiss, "Thank you."), (song, ""))
    rows = false_words([heard], {hiss: "", song: "La la la"})
    assert {row.kind: (row.streamed, row.offline) for row in rows} == {"music": ((0,), 3), "noise": ((2,), 0)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ご視聴ありがとうございました。", 7),
        ("嗯。", 1),
        ("你好 BBC!", 2),
        ("ขอบคุณ", 3),
        ("감사합니다 여러분", 2),
        ("", 0),
    ],
)
def test_false_words_without_spaces_between_them_have_two_letters_each(text: str, words: int) -> None:
    hiss = item("hiss", "", "", kind="noise")
    [row] = false_words([trial((hiss, text))], {hiss: text})
    assert (row.streamed, row.offline) == ((words,), words)


def test_only_long_utterances_of_one_language_tell_how_well_it_is_detected() -> None:
    french, mixed = item("french", "fr"), item("mixed", "fr+en")
    utterances = (
        utterance("un", 0.0, 3.5, "fr"),
        utterance("deux", 4.0, 8.0, "en"),
        utterance("ah", 9.0, 11.0, "en"),
    )
    heard = Trial(Way(candidates=("en", "fr")), (Heard(french, utterances), Heard(mixed, utterances)))
    assert detection(heard) == [Detection(("en", "fr"), "fr", right=1, of=2)]


def test_times_count_for_words_that_were_heard_as_they_were_said_and_are_sure() -> None:
    said = [
        SpokenWord("one", 0.25, 1.0),
        SpokenWord("true", 1.0, 2.0),
        SpokenWord("three", 2.0, 2.0, sure=False),
    ]
    heard = Trial(Way(), (Heard(READ, (utterance("One, two three", 0.0, 3.0),)),))
    times = word_times(heard, {READ: said})
    assert times
    assert times.values == (0.0, 0.25)
