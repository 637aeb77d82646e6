"""What is said in pieces, and that it is the same in whatever pieces."""

from __future__ import annotations

import pytest

from intelligence.finders import said
from vivavoce.intelligence.spelled import Kind, folded, kind_of


@pytest.mark.parametrize(
    ("word", "language", "kind"),
    [
        ("415-555-0132.", "en", Kind.DIGITS),
        ("(415)", "en", Kind.DIGITS),
        ("seven", "en", Kind.DIGITS),
        ("twenty-one", "en", Kind.DIGITS),
        ("siebenundzwanzig", "de", Kind.DIGITS),
        ("ventuno", "it", Kind.DIGITS),
        ("sept", "fr", Kind.DIGITS),
        ("sept", "en", None),
        ("٤٥٦", "ar", Kind.DIGITS),
        ("三", "zh", Kind.DIGITS),
        ("AB123456C", "en", Kind.DIGITS),
        ("3rd", "en", None),
        ("5pm", "en", None),
        ("J-O-H-N", "en", Kind.LETTERS),
        ("X", "en", Kind.LETTERS),
        ("I", "en", None),
        ("dot", "en", Kind.JOINT),
        ("john@example.com", "en", Kind.JOINT),
        ("hello", "en", None),
        ("...", "en", None),
        ("", "en", None),
    ],
)
def test_pieces_are_told_from_words(word: str, language: str, kind: Kind | None) -> None:
    assert kind_of(f" {word}", language) is kind


@pytest.mark.parametrize(
    "texts",
    [
        ["four one five", "4 1 5", "415", "4-1-5."],
        ["john dot smith at gmail dot com", "John.Smith@gmail.com"],
    ],
)
def test_an_entity_is_the_same_however_it_is_written(texts: list[str]) -> None:
    assert len({folded(said(text).words) for text in texts}) == 1
