"""Summaries in the speakers' own words: the passages that tell most, in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vivavoce.intelligence.base import Capability, SummaryKind, Wanted, always
from vivavoce.intelligence.choice import chosen
from vivavoce.intelligence.shortening import shortened
from vivavoce.intelligence.talk import Embeds, Talk, talk_of
from vivavoce.protocol.languages import joined
from vivavoce.protocol.stream import Utterance

CAPABILITY: Final = Capability(
    "summarization",
    "embedded",
    detail="chooses the sentences that tell most, as they were said; without fillers in English, French, "
    "German, Italian, Portuguese and Spanish",
)

BULLET = "- "


@dataclass(frozen=True, slots=True)
class _Size:
    """Words and passages: `words` times the root of all words, within bounds; `passages` likewise."""

    words: float
    fewest_words: int
    most_words: int
    passages: float
    fewest_passages: int
    most_passages: int

    def of(self, length: int) -> tuple[int, int]:
        root = math.sqrt(length)
        words = min(max(self.words * root, self.fewest_words), self.most_words)
        passages = min(max(self.passages * root, self.fewest_passages), self.most_passages)
        return round(words), round(passages)


SIZES: Final[dict[SummaryKind, _Size]] = {
    "general": _Size(5.0, 30, 250, 0.35, 3, 14),
    "concise": _Size(0.0, 45, 45, 0.0, 2, 2),
    "bullet_points": _Size(6.0, 40, 300, 0.3, 3, 12),
}
_LONGEST_BULLET: Final = 30
"""Words."""


class ExtractiveSummarizer:
    """For all threads."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder

    def summarize(self, utterances: Sequence[Utterance], kind: SummaryKind, wanted: Wanted = always) -> str:
        """In the languages that were spoken; a line for each bullet point. Empty where nothing was said."""
        talk = talk_of(utterances, self._embedder, wanted)
        numbers = telling(talk, *SIZES[kind].of(talk.length))
        if kind == "bullet_points":
            lines = (
                shortened(talk.passages[n].text, _LONGEST_BULLET, talk.passages[n].language) for n in numbers
            )
            return "\n".join(BULLET + line for line in lines)
        return text_of(talk, numbers)


def telling(talk: Talk, words: int, passages: int, within: range | None = None) -> list[int]:
    """Numbers of passages; the first ones where none says much. None twice; one at least, if there is any."""
    if numbers := chosen(talk, words, passages, within):
        return numbers
    found: dict[str, int] = {}
    for number in within if within is not None else range(len(talk.passages)):
        passage = talk.passages[number]
        words -= passage.length
        if found and (words < 0 or len(found) == passages):
            break
        found.setdefault(passage.text, number)
    return list(found.values())


def text_of(talk: Talk, numbers: Sequence[int]) -> str:
    return joined((talk.passages[n].language, talk.passages[n].text) for n in numbers)
