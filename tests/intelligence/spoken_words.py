"""Utterances for tests, from their text."""

from __future__ import annotations

from vivavoce.protocol.stream import Word


def spoken(text: str) -> tuple[Word, ...]:
    """One word each half second."""
    return tuple(Word(f" {word}", i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))
