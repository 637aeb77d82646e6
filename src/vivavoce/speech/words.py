"""What voice activity knows better than the recogniser: when the last word before a pause ends."""

from __future__ import annotations

from dataclasses import replace

from vivavoce.protocol.stream import Word
from vivavoce.speech.endpointing import WINDOW_SECONDS

# Silero stays above its threshold for about two windows after the sound has gone.
_HANGOVER = 2 * WINDOW_SECONDS
_FURTHEST = 0.4


def end_with_speech(words: tuple[Word, ...], speech_end: float) -> tuple[Word, ...]:
    """The same words, the last one lasting until the speech does; all times in seconds.

    Cross attention lets a last word end where the punctuation after it begins, 0.1 to 0.3 s early. A word
    that is further off than 0.4 s is left alone: then the speech was not words up to its end.
    """
    if not words:
        return words
    end = speech_end - _HANGOVER
    last = words[-1]
    if not last.end < end <= last.end + _FURTHEST:
        return words
    return (*words[:-1], replace(last, end=end))
