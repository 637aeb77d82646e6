"""How long a session may last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: without a frame until the session ends, of audio at most, of absence until abandoned."""

    idle: float = 60.0
    duration: float = 3 * 3600.0
    absence: float = 30.0
