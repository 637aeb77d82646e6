"""What a server sent in one session, in a form that is the same for every server."""

from __future__ import annotations

from dataclasses import dataclass, field

from vivavoce.bench.tracks import Track
from vivavoce.bench.words import HeardWord


@dataclass(frozen=True, slots=True)
class Transcript:
    """One hypothesis of one utterance; `at` is its arrival, in seconds since the session's first sample."""

    at: float
    utterance: str
    is_final: bool
    words: tuple[HeardWord, ...]
    text: str


@dataclass(frozen=True, slots=True)
class AddOn:
    """What an add-on said of one utterance; `at` as in `Transcript`."""

    at: float
    name: str
    utterance: str


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What came back for a track. `losses` names everything that should have come and did not.

    Without `has_finals` there are no utterances that end: the last transcript merely is the last.
    """

    track: Track
    transcripts: list[Transcript]
    losses: list[str]
    has_finals: bool = True
    add_ons: list[AddOn] = field(default_factory=list)

    @property
    def finals(self) -> list[Transcript]:
        return [one for one in self.transcripts if one.is_final]

    @property
    def text(self) -> str:
        """What is final, in the order in which it became so."""
        return " ".join(one.text.strip() for one in self.finals)
