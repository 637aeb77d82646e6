"""The words of a translation are spread over the time of the original."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from intelligence.spoken import utterance
from vivavoce.intelligence.translation.pieces import bounded
from vivavoce.intelligence.translation.timing import in_time
from vivavoce.protocol.stream import Utterance, Word


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    lengths = st.tuples(st.floats(0, 2), st.floats(0, 2), st.text(min_size=1, max_size=8))
    words: list[Word] = []
    time = draw(st.floats(0, 10_000))
    for pause, length, text in draw(st.lists(lengths, min_size=1, max_size=12)):
        words.append(Word(text, time + pause, time + pause + length, 0.5))
        time = words[-1].end
    return Utterance("00_00000000", 0, words[0].start, words[-1].end, "en", tuple(words))


@given(utterances(), st.text(max_size=60), st.sampled_from(["pt", "ja", "th"]))
def test_words_come_one_after_the_other_within_the_original(
    original: Utterance, text: str, language: str
) -> None:
    words = in_time(text, original, language).words
    assert "".join("".join(word.text for word in words).split()) == "".join(text.split())
    assert all(word.start <= word.end for word in words)
    assert all(earlier.end <= later.start for earlier, later in pairwise(words))
    assert not words or original.start <= words[0].start
    assert not words or words[-1].end <= original.end


def test_a_long_pause_stays_where_it_was() -> None:
    early, late = utterance("one two three four"), utterance("five six seven eight", start=20.0)
    original = Utterance("00_00000000", 0, early.start, late.end, "en", early.words + late.words)
    words = in_time("um dois três quatro cinco seis sete oito", original, "pt").words
    assert words[3].start < early.end
    assert words[4].end > late.start
    assert words[0].start == early.start
    assert words[-1].end == late.end


def test_a_longer_word_takes_longer() -> None:
    short, long = in_time("oi responsabilidade", utterance("word word word word"), "pt").words
    assert long.end - long.start > short.end - short.start


def test_a_language_without_spaces_is_cut_into_letters_with_their_signs() -> None:
    words = in_time("こんにちは、Annaさん。", utterance("Hello, Anna."), "ja").words
    assert [word.text for word in words] == ["こ", "ん", "に", "ち", "は、", "Anna", "さ", "ん。"]


def test_what_opens_stays_with_what_follows_and_an_emoji_or_a_marker_is_one() -> None:
    words = in_time(
        "说「你好」(再见) [NAME_1] 👩‍👩‍👧 👍🏽。", utterance("They said hello and goodbye."), "zh"
    ).words
    assert [word.text.strip() for word in words] == [
        "说",
        "「你",
        "好」",
        "(再",
        "见)",
        "[NAME_1]",
        "👩‍👩‍👧",
        "👍🏽。",
    ]


@given(st.text(max_size=300), st.integers(2, 40))
def test_pieces_are_the_sentence_and_none_is_too_long(sentence: str, longest: int) -> None:
    pieces = list(bounded(sentence, longest))
    assert "".join("".join(pieces).split()) == "".join(sentence.split())
    assert all(0 < len(piece) <= longest for piece in pieces)


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    assert list(bounded("first we went home, and then we slept", 25)) == [
        "first we went home,",
        "and then we slept",
    ]
