"""Who is on no list is found by the capitals of a name; what merely has one is not."""

from __future__ import annotations

import pytest

from intelligence.finders import said
from vivavoce.intelligence.capitals import capitalised, name_end


def found(text: str, language: str = "en", others: dict[int, str] | None = None) -> list[str]:
    words = said(text, language=language).words
    return [words[index].text.strip() for index in capitalised(words, language, others or {})]


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("then I saw Zarquon and his dog", "en", ["Zarquon"]),
        ("we spoke to Mr. Zarquon on Monday", "en", ["Zarquon"]),
        ("Zarquon was here", "en", []),
        ("Rebecca was here", "en", ["Rebecca"]),
        ("It rained. Then it stopped", "en", []),
        ("I think I'm fine, OK", "en", []),
        ("we used NASA and the Internet in May", "en", []),
        ("hablé con Íñigo ayer", "es", ["Íñigo"]),
        ("ich sah den Hund und die Katze", "de", []),
        ("The Quick Brown Fox Jumps", "en", []),
        ("ну да Иван пришёл", "ru", ["Иван"]),
    ],
)
def test_a_capital_within_a_sentence_makes_a_name(text: str, language: str, names: list[str]) -> None:
    assert found(text, language) == names


def test_what_is_something_else_is_left_unless_it_is_a_name_that_is_known() -> None:
    assert found("she works at Initech now", others={3: "ORGANIZATION"}) == []
    assert found("she works with Svetlana now", others={3: "ORGANIZATION"}) == ["Svetlana"]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Marcus Bell left", 2),
        ("kevin o'brien again", 2),
        ("Marcus, Bell is here", 1),
        ("Marcus went home", 1),
        ("Marcus", 1),
        ("priya raghunathan today", 2),
        ("PRIYA RAGHUNATHAN TODAY", 2),
        ("JOHN SMITH LIVES HERE", 2),
        ("priya speaking", 1),
        ("priya is here", 1),
        ("priya, raghunathan", 1),
        ("priya 415", 1),
        ("priya dot khanna", 1),
    ],
)
def test_a_name_goes_on_as_far_as_it_is_written_like_one(text: str, end: int) -> None:
    assert name_end(said(text).words, 0, 1, "en") == end
