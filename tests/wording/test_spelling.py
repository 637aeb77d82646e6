"""Custom spelling: which words are replaced, by what, and what stays as it was heard."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.protocol.stream import Word
from vivavoce.wording.spelling import Spelling

SPELLING = Spelling(
    {
        "SQL": ["sequel", "S Q L"],
        "SQL Server": ["sequel server"],
        "Gladia": ["glad ya", "gladier"],
        "C++": ["c++", "see plus plus"],
        "O'Reilly": ["oh'riley"],
        "東京": ["とう京"],
    }
)


def words(*texts: str) -> tuple[Word, ...]:
    """One word each half second, the later the surer."""
    return tuple(Word(text, i / 2, i / 2 + 0.4, 0.5 + i / 100) for i, text in enumerate(texts))


def spoken(text: str) -> tuple[Word, ...]:
    return words(*(f" {word}" for word in text.split()))


@pytest.mark.parametrize(
    ("variant", "heard"),
    [("हिन्द", " हिन्दी में"), ("क", " का के"), ("cafe", " cafe\u0301")],
)
def test_a_mark_on_a_letter_is_part_of_the_word(variant: str, heard: str) -> None:
    [word] = Spelling({"X": [variant]}).apply(words(heard))
    assert word.text == heard


def test_a_variant_is_found_in_either_unicode_form() -> None:
    [word] = Spelling({"X": ["cafe\u0301"]}).apply(words(" café."))
    assert word.text == " X."


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("the sequel is slow", "the SQL is slow"),
        ("Sequel and SEQUEL", "SQL and SQL"),
        ("sequels are no sequel's sequence", "sequels are no sequel's sequence"),
        ("a sequel-like thing", "a sequel-like thing"),
        ("“Sequel,” he said: sequel!", "“SQL,” he said: SQL!"),
        ("the sequel server runs", "the SQL Server runs"),
        ("the sequel. Server two", "the SQL. Server two"),
        ("ask Glad Ya, please", "ask Gladia, please"),
        ("glad you came", "glad you came"),
        ("c++, see plus plus.", "C++, C++."),
        ("vitamin c", "vitamin c"),
        ("s q l s q", "SQL s q"),
        ("by Oh’Riley", "by O'Reilly"),
        ("- sequel -", "- SQL -"),
    ],
)
def test_whole_words_are_replaced_in_any_case(heard: str, written: str) -> None:
    assert "".join(word.text for word in SPELLING.apply(spoken(heard))) == f" {written}"


def test_words_of_a_script_without_spaces_are_replaced_too() -> None:
    assert [word.text for word in SPELLING.apply(words("私は", "とう", "京", "です"))] == [
        "私は",
        "東京",
        "です",
    ]


def test_several_words_become_one_from_the_first_to_the_last_as_sure_as_the_least_sure() -> None:
    before, first, last, after = spoken("ask glad ya now")
    merged = Word(" Gladia", first.start, last.end, first.confidence)
    assert SPELLING.apply((before, first, last, after)) == (before, merged, after)


def test_what_was_written_is_not_replaced_again() -> None:
    spelling = Spelling({"b": ["a"], "c": ["b"]})
    assert [word.text for word in spelling.apply(spoken("a b"))] == [" b", " c"]


def test_of_two_spellings_for_one_variant_the_first_is_written() -> None:
    assert Spelling({"Smyth": ["smith"], "Smith": ["Smith"]}).apply(spoken("smith"))[0].text == " Smyth"


TEXTS = st.text("abß Aİ’'.-", min_size=1, max_size=6)


@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=4), st.lists(TEXTS, max_size=8))
def test_any_words_keep_their_order_and_their_time(variants: dict[str, list[str]], texts: list[str]) -> None:
    heard = words(*texts)
    written = Spelling(variants).apply(heard)
    assert {word.start for word in written} <= {word.start for word in heard}
    assert {word.end for word in written} <= {word.end for word in heard}
    assert all(one.end <= other.start for one, other in pairwise(written))
    if heard:
        assert (written[0].start, written[-1].end) == (heard[0].start, heard[-1].end)


@given(st.lists(TEXTS, max_size=8))
def test_words_without_a_variant_are_those_that_were_heard(texts: list[str]) -> None:
    assert Spelling({"SQL": ["sequel"]}).apply(words(*texts)) == words(*texts)


@given(
    st.lists(st.from_regex("[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4),
    st.sampled_from(["", ",", "?”", "..."]),
    st.booleans(),
)
def test_every_variant_of_plain_words_is_found_among_others(
    variant: list[str], punctuation: str, loud: bool
) -> None:
    said = " ".join(variant)
    text = f"ÉÉ {said.upper() if loud else said}{punctuation} ÉÉ"
    written = Spelling({"Wanted One": [said]}).apply(spoken(text))
    assert [word.text for word in written] == [" ÉÉ", f" Wanted One{punctuation}", " ÉÉ"]
