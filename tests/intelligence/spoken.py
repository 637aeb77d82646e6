"""Utterances, without anybody who speaks."""

from __future__ import annotations

from vivavoce.protocol.stream import Utterance, Word


def utterance(text: str, language: str = "en", start: float = 1.0) -> Utterance:
    """Each word takes 0.3 s and is followed by 0.1 s of silence."""
    words = tuple(
        Word(f" {word}", start + 0.4 * n, start + 0.4 * n + 0.3, 0.9) for n, word in enumerate(text.split())
    )
    return Utterance("00_00000003", 1, start, words[-1].end if words else start + 1, language, words)
