"""Whether a session's audio comes before it could have been spoken."""

from __future__ import annotations

from typing import Final

BUFFERED: Final = 3.0
"""Seconds of audio that a client may have had before its session began. What is further ahead came early."""
FORGIVEN: Final = 0.05
"""Of each second so much: who had more, and sends in real time from then on, is not early for ever."""


class Ahead:
    """A pure machine: times are in monotonic seconds, and none is before the last one."""

    def __init__(self, began: float) -> None:
        self.began = began
        """When the session would have begun if what is forgiven had been spoken in time."""
        self.early_until = 0.0
        """Of the session's seconds, those before this one came before they could have been spoken."""
        self.early = False
        """Whether the last of them did."""
        self._came = 0.0
        self._at = began

    def came(self, seconds: float, now: float) -> None:
        """The session's audio is so long by now."""
        ahead = max(0.0, (self._came or seconds) - (self._at - self.began))
        # It is forgiven until what is spoken, and what is forgiven, have come up with the audio. Of what was
        # there at first, before a restart, nobody knows when it came: then it counts as there all the time.
        self.began -= FORGIVEN * min(now - self._at, ahead / (1 + FORGIVEN))
        self._came, self._at = seconds, now
        self.early = seconds > now - self.began + BUFFERED
        if self.early:
            self.early_until = seconds
