"""Spoken English as it is written, and the way back to the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.spoken_words import spoken
from vivavoce.intelligence.entities import inverse
from vivavoce.intelligence.entities.reading import Reading, tokens_of
from vivavoce.intelligence.entities.spoken import written

SAYABLE = (
    "one|two|nine|ten|twelve|twenty|thirty-two|hundred|thousand|million|and|a|oh|zero|double|triple|point|dot|at|"
    "underscore|slash|www|w|A|B|c|4|1980|3,|five.|half|past|quarter|to|third|twentieth|of|may|june|p|m|gmail|com|x,|"
    "as|in"
)


def reading(text: str) -> str:
    return Reading.of(written(tokens_of(spoken(text)))).text


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("call four one five five five five oh one three two", "call 4155550132"),
        ("area code four one five, five five five, zero one three two.", "area code 4155550132."),
        ("my card is 4, 1, 1, 1, 1, 1, 1, 1", "my card is 41111111"),
        ("call double five seven triple two", "call 557222"),
        ("eight hundred five five five one two one two", "8005551212"),
        ("plus four four twenty seven nine four six oh nine five eight", "+44279460958"),
        ("born in nineteen eighty four", "born in 1984"),
        ("since nineteen oh four", "since 1904"),
        ("two thousand and eight", "2008"),
        ("on may five nineteen ninety one", "on may 5 1991"),
        ("from may to july twenty nineteen", "from may to july 2019"),
        ("three thousand four hundred and fifty dollars", "3450 dollars"),
        ("one million two hundred thousand", "1200000"),
        ("three point five percent", "3.5 percent"),
        ("two and a half hours", "2.5 hours"),
        ("at half past nine or quarter to five", "at 9:30 or 4:45"),
        ("at three thirty and seven oh five p m", "at 3:30 and 7:05 p m"),
        ("ticket A B four four nine one two", "ticket AB44912"),
        ("D as in David eight nine three seven", "D8937"),
        ("john dot smith at gmail dot com", "john.smith@gmail.com"),
        ("j underscore doe ninety nine at yahoo dot co dot uk.", "j_doe99@yahoo.co.uk."),
        ("info at northwind dash traders dot org", "info@northwind-traders.org"),
        ("w w w dot example dot com slash help", "www.example.com/help"),
        ("one nine two dot one six eight dot one dot ten", "192.168.1.10"),
        ("the file report underscore final dot pdf", "the file report_final.pdf"),
        # What is to stay as it is.
        ("I work at amazon.com", "I work at amazon.com"),
        ("I have 3, 4 or 5 of them", "I have 3, 4 or 5 of them"),
        ("the point is that dot is here", "the point is that dot is here"),
        ("a B and a C", "a B and a C"),
        ("look at dot", "look at dot"),
    ],
)
def test_what_is_spelled_out_is_read_as_it_is_written(said: str, read: str) -> None:
    assert reading(said) == read


@given(st.lists(st.sampled_from(SAYABLE.split("|")), max_size=30))
def test_every_word_is_read_once_and_in_order(said: list[str]) -> None:
    tokens = written(tokens_of(spoken(" ".join(said))))
    covered = [index for token in tokens for index in range(token.first, token.last + 1)]
    assert covered == list(range(len(said)))


@pytest.mark.parametrize(
    ("language", "said", "part", "words"),
    [
        (
            "fr",
            "appelez le zéro six douze trente-quatre cinquante-six soixante-dix-huit",
            "06 12 34 56 78",
            (2, 8),
        ),
        ("fr", "à jean point dupont arobase orange point fr", "jean.dupont@orange.fr", (1, 8)),
        ("es", "el seis de mayo de dos mil veinte", "2020", (5, 8)),
        ("de", "es kostet zwanzig Euro", "20", (2, 3)),
        ("de", "um fünfzehn Uhr dreißig", "15.30 Uhr", (1, 4)),
        ("de", "für zwanzig Euro und fünfzig Cent", "20,50 Euro", (1, 6)),
    ],
)
def test_what_is_spelled_out_in_another_language_leads_back_to_its_words(
    language: str, said: str, part: str, words: tuple[int, int]
) -> None:
    found = Reading.of(inverse.written(tokens_of(spoken(said)), language))
    start = found.text.index(part)
    assert found.words(start, start + len(part)) == range(*words)
