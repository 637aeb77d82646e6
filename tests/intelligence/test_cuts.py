"""What the end of an utterance may have cut in two."""

from __future__ import annotations

import pytest

from intelligence.finders import said
from vivavoce.intelligence.cuts import (
    stand_in,
    unfinished_address,
    unfinished_age,
    unfinished_birthday,
    unfinished_street,
)
from vivavoce.intelligence.entities.finder import Entities
from vivavoce.intelligence.redaction import Redactor
from vivavoce.intelligence.runs import runs_of


def rest(text: str, first: int | None) -> str:
    """The words from there on."""
    return "" if first is None else " ".join(text.split()[first:])


@pytest.mark.parametrize(
    ("text", "known", "unfinished"),
    [
        ("write to john dot smith at", 0, "john dot smith at"),
        ("my email is john", 0, "john"),
        ("it is zoe99 at gmail", 0, "zoe99 at gmail"),
        ("write to support at acme dash", 0, "support at acme dash"),
        # The first words are an address that was found.
        ("k underscore brown 88 at", 3, "88 at"),
        ("k underscore brown 88 at yahoo dot", 3, "88 at yahoo dot"),
        ("novak at uni dash graz", 3, "novak at uni dash graz"),
        ("john at gmail dot com", 5, ""),
        ("john at gmail dot com thanks a lot", 5, ""),
        ("what are you looking at?", 0, ""),
        ("we met at noon", 0, ""),
        ("a mad dash home", 0, ""),
    ],
)
def test_an_address_may_go_on(text: str, known: int, unfinished: str) -> None:
    assert rest(text, unfinished_address(said(text).words, known)) == unfinished


@pytest.mark.parametrize(
    ("text", "language", "unfinished"),
    [
        ("we moved to 1600 Pennsylvania", "en", "1600 Pennsylvania"),
        ("we moved to 1600 Pennsylvania.", "en", "1600 Pennsylvania."),
        ("I live at 22 North Lincoln", "en", "22 North Lincoln"),
        ("I live at seven four two Evergreen", "en", "seven four two Evergreen"),
        ("it happened in 2019 Microsoft", "en", ""),
        ("we met on 4 July", "en", ""),
        ("it cost 20 Dollars", "en", ""),
        ("it is 42. Okay", "en", ""),
        ("with 742 people", "en", ""),
        # Every noun has a capital.
        ("wir haben 3 Hunde", "de", ""),
        ("", "en", ""),
    ],
)
def test_an_address_may_follow_on_a_number(text: str, language: str, unfinished: str) -> None:
    assert rest(text, unfinished_street(said(text).words, language)) == unfinished


@pytest.mark.parametrize(
    ("text", "language", "unfinished"),
    [
        ("I was born on the fourteenth", "en", "the fourteenth"),
        ("date of birth is the fourteenth of", "en", "the fourteenth of"),
        ("I was born on July", "en", "July"),
        ("my birthday is the 3rd of May nineteen", "en", "the 3rd of May nineteen"),
        ("ich bin geboren am 3. Oktober", "de", "3. Oktober"),
        ("née le 14 août", "fr", "14 août"),
        ("I was born in the", "en", ""),
        ("we leave on the fourteenth", "en", ""),
    ],
)
def test_the_day_of_a_birth_may_go_on(text: str, language: str, unfinished: str) -> None:
    assert rest(text, unfinished_birthday(said(text).words, language)) == unfinished


@pytest.mark.parametrize(
    ("text", "language", "unfinished"),
    [
        ("my daughter is seven", "en", "seven"),
        ("she turned thirty five.", "en", "thirty five."),
        ("tengo treinta", "es", "treinta"),
        ("it is seven", "en", ""),
        ("the number is seven", "en", ""),
        ("they are one two three", "en", ""),
        ("we have seven", "en", ""),
        ("seven", "en", ""),
    ],
)
def test_an_age_may_go_on(text: str, language: str, unfinished: str) -> None:
    assert rest(text, unfinished_age(said(text).words, language)) == unfinished


@pytest.mark.parametrize(
    ("word", "stands"),
    [
        ("[CREDIT_CARD_3].", "1."),
        ("[LOCATION_ADDRESS_1]", "1 X"),
        ("[NAME_2]", "[NAME_2]"),
        ("####,", "1,"),
        ("#hashtag", "#hashtag"),
        ("hello", "hello"),
    ],
)
def test_what_was_redacted_reads_as_one_of_the_kind(word: str, stands: str) -> None:
    assert stand_in(said(word).words[0]).text.strip() == stands


@pytest.mark.parametrize(
    ("text", "languages", "runs"),
    [
        ("take plus four four two please", ["en"], ["plus four four two"]),
        ("he is at four", ["en"], ["four"]),
        ("it is GB29 NWBK 6016 there", ["en"], ["GB29 NWBK 6016"]),
        ("plate KL 07 BQ then", ["en"], ["KL 07 BQ"]),
        ("at 5 PM we go", ["en"], ["5"]),
        ("four sept", ["cy"], []),
        ("four sept", ["cy", "en"], ["four"]),
        ("four sept", ["en", "fr"], ["four sept"]),
    ],
)
def test_pieces_side_by_side_are_one_run(text: str, languages: list[str], runs: list[str]) -> None:
    found = runs_of(said(text).words, *languages)
    assert [" ".join(text.split()[run.first : run.end]) for run in found] == runs


@pytest.mark.parametrize(
    ("said_so_far", "shown"),
    [
        ("well the fourth of July nineteen", " well"),
        ("well on the twenty first of May nineteen", " well on"),
    ],
)
def test_a_day_waits_until_it_is_known_whether_somebody_was_born_on_it(said_so_far: str, shown: str) -> None:
    redactor = Redactor(Entities(), frozenset({"DOB"}), mask=False)
    assert redactor.partial(said(said_so_far)).text == shown
