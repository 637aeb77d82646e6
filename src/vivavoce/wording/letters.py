"""What words are made of when they are compared: letters and digits with the marks that belong to them."""

from __future__ import annotations

import unicodedata


def is_letter(character: str) -> bool:
    """Whether it is a letter, a digit, or a mark on one: many scripts write vowels as marks."""
    return character.isalnum() or unicodedata.category(character).startswith("M")
