"""Which languages the next utterance may be in."""

from __future__ import annotations

from collections.abc import Sequence

from vivavoce.protocol.stream import Word

_SURE = 0.6
_ENOUGH_SPEECH = 1.0


class LanguagePolicy:
    """One language given is fixed. Otherwise it is detected: for each utterance anew when `code_switching`,
    else until one final is long and clear enough (1 s of words, probability 0.6) to settle it for the rest.
    """

    def __init__(self, languages: Sequence[str], *, code_switching: bool) -> None:
        self.candidates: tuple[str, ...] = tuple(languages)
        """What to choose from; empty leaves all languages open."""
        self._code_switching = code_switching and len(self.candidates) != 1

    @property
    def settled(self) -> bool:
        """Whether finals can no longer change the candidates."""
        return self._code_switching or len(self.candidates) == 1

    def heard(self, language: str, probability: float, words: Sequence[Word]) -> None:
        """Take note of a final's language and its probability, 0 to 1."""
        if self.settled or not words:
            return
        if probability >= _SURE and words[-1].end - words[0].start >= _ENOUGH_SPEECH:
            self.candidates = (language,)
