"""What a run of fuzzed sessions came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from fuzz.shapes import Shapes


@dataclass(slots=True)
class Totals:
    """Over all sessions: what was sent, and how connections ended, by code."""

    sessions: int = 0
    connections: int = 0
    messages: int = 0
    calls: int = 0
    audio: int = 0
    late: float = 0.0
    """Seconds for which the event loop of all these clients stood still, at most."""
    codes: dict[int | None, int] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=Shapes, repr=False)
    """Of the messages that came."""

    def stood_still(self, seconds: float) -> None:
        self.late = max(self.late, round(seconds, 2))
