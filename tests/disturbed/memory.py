"""Whether a server's memory is flat: what it has after each tenth of a run, and how it grows per session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

# What may come and go in a run: a session stays for a minute after its end, and there are more of them at one
# time than at another; the allocator keeps what is free. One that stays for good takes 35 KB and more.
_SWING_MB = 6.0
_KB_PER_SESSION = 5.0


@dataclass(slots=True)
class Memory:
    """Resident memory in MB, looked at after each of the sessions of a run."""

    samples: list[tuple[int, float]] = field(default_factory=list)

    def after(self, sessions: int, megabytes: float) -> None:
        self.samples.append((sessions, megabytes))

    def table(self) -> Iterator[str]:
        """After each tenth: how many sessions have ended, and the median of what was seen in that tenth."""
        yield f"  {'sessions':>8}  {'MB':>6}  {'most':>6}"
        for tenth in np.array_split(np.array(self.samples), min(10, len(self.samples))):
            values = tenth[:, 1]
            yield f"  {tenth[-1, 0]:8.0f}  {np.median(values):6.1f}  {values.max():6.1f}"
        yield f"  over the last half {self.growth:+.1f} KB a session; up to {self.bound:.1f} KB are allowed"

    @property
    def _last_half(self) -> np.ndarray:
        return np.array(self.samples[len(self.samples) // 2 :])

    @property
    def growth(self) -> float:
        """KB per session over the last half, by least squares."""
        sessions, megabytes = self._last_half.T
        spread = sessions - sessions.mean()
        return float(1024 * (spread @ megabytes) / max(1.0, spread @ spread))

    @property
    def bound(self) -> float:
        """What `growth` may be: the longer the run, the less."""
        sessions = self._last_half[:, 0]
        return _KB_PER_SESSION + 1024 * _SWING_MB / max(1.0, float(np.ptp(sessions)))

    @property
    def problem(self) -> str | None:
        if self.growth <= self.bound:
            return None
        return f"memory grows by {self.growth:.1f} KB a session, where {self.bound:.1f} KB are allowed"
