"""Where a session is on its way from its first audio to its end."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    RECORDING = auto()
    STOPPING = auto()
    POST_PROCESSING = auto()
    ENDED = auto()
