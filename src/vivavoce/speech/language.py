"""Which languages the next utterance may be in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from vivavoce.protocol.stream import Hypothesis, Word

_SURE = 0.6
_ENOUGH_SPEECH = 1.0
# So many seconds of words that were surely in it make a language that of the session.
_SETTLED_BY = 8.0


class LanguagePolicy:
    """One language given is fixed. Otherwise it is detected: for each utterance anew when `code_switching`,
    else for the session.

    The session's is decided by the first final that is long and clear enough (1 s of words, probability 0.6).
    From then on it is `expected`, and another language only heard where that is clear. What is heard so for
    longer, within the first 8 s of such words, overturns the decision; then it is settled.
    """

    def __init__(self, languages: Sequence[str], *, code_switching: bool) -> None:
        self.candidates: tuple[str, ...] = tuple(languages)
        """What to choose from; empty leaves all languages open."""
        self.expected: str | None = None
        """The language that was decided on, while it may still be overturned."""
        self._code_switching = code_switching and len(self.candidates) != 1
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @property
    def settled(self) -> bool:
        """Whether finals can no longer change the candidates."""
        return self._code_switching or len(self.candidates) == 1

    def heard(self, language: str, probability: float, words: Sequence[Word]) -> None:
        """Take note of a final's language and its probability, 0 to 1."""
        if self.settled or not words:
            return
        seconds = words[-1].end - words[0].start
        if probability < _SURE or seconds < _ENOUGH_SPEECH:
            return
        self._seconds[language] += seconds
        if self._seconds[language] > self._seconds.get(self.expected or "", 0):
            self.expected = language
        if self._seconds[language] >= _SETTLED_BY and self.expected == language:
            self.candidates, self.expected = (language,), None


def most_heard(parts: Sequence[Hypothesis]) -> str:
    """The language of the most seconds of words; without any, that of the first part."""
    seconds = defaultdict[str, float](float)
    for part in parts:
        seconds[part.language] += sum(word.end - word.start for word in part.words)
    return max(seconds, key=lambda language: seconds[language], default="")
