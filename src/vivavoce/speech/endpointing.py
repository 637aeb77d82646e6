"""Where utterances begin and end: speech probabilities in, openings, pauses, cuts and closings out.

The clock is the window count (`WINDOW` samples at 16 kHz, 32 ms), so the same audio always gives the
same utterances, however fast or in what pieces it came.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

WINDOW = 512
"""Samples of one window: what Silero VAD judges at 16 kHz."""

SAMPLE_RATE = 16_000
WINDOW_SECONDS = WINDOW / SAMPLE_RATE

TAIL = 1
"""Windows of a pause that are decoded with the speech before it, whatever the endpointing."""

_PREROLL = 24
_MINIMUM_SPEECH = 3
_LONGEST_SEGMENT = int(24 / WINDOW_SECONDS)
# The share of a segment, at its end, in which a cut is looked for. Further back words come later, and more
# are lost: what follows the cut reaches its own maximum sooner.
_CUT_WITHIN = 0.2
# The fewest windows that have, in that share, room for a cut and for the speech after it.
_SHORTEST_TO_CUT = round((_MINIMUM_SPEECH + 1) / _CUT_WITHIN)


@dataclass(frozen=True, slots=True)
class Endpointing:
    """The settings, in windows; probabilities from 0 to 1.

    Speech begins at a run of `minimum_speech` windows that starts at or above `onset` and does not fall
    below `release`; it pauses below `release` (hysteresis, as in Silero's own iterator). A pause of `silence`
    windows closes the utterance. What is decoded starts `preroll` windows before the speech and ends `TAIL`
    windows after it, whatever the pause: a decode that starts when the tail is complete is the final's.
    """

    onset: float
    release: float
    silence: int
    maximum: int
    minimum_speech: int = _MINIMUM_SPEECH
    preroll: int = _PREROLL
    longest_segment: int = _LONGEST_SEGMENT

    @classmethod
    def from_seconds(cls, *, endpointing: float, maximum: float, speech_threshold: float) -> Endpointing:
        """From the API's settings. `speech_threshold` 0.6, its default, is Silero's recommended 0.5."""
        if speech_threshold <= 0.6:
            onset = 0.05 + speech_threshold / 0.6 * 0.45
        else:
            onset = 0.5 + (speech_threshold - 0.6) / 0.4 * 0.45
        return cls(
            onset=onset,
            release=max(onset - 0.15, onset / 2),
            silence=max(1, math.ceil(endpointing / WINDOW_SECONDS)),
            maximum=max(_SHORTEST_TO_CUT, round(maximum / WINDOW_SECONDS)),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """Speech began at window `start`."""

    start: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The tail after the speech is complete; `end` is the first window after the speech, without the tail."""

    end: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Speech goes on after a pause that was too short to close the utterance."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The utterance is over; `end` is the first window after the speech, without the tail."""

    end: int


@dataclass(frozen=True, slots=True)
class Split:
    """Speech goes on, but the utterance (or, if not `closes`, only its segment) ends inside window `at`."""

    at: int
    closes: bool


Event = Opened | Paused | Resumed | Closed | Split


class Endpointer:
    """The state machine of one channel. `push` takes one window at a time, in order."""

    def __init__(self, settings: Endpointing) -> None:
        self._settings = settings
        self._index = 0
        self._run = 0
        self._open = False
        self._silent = 0
        self._utterance_start = 0
        self._segment_start = 0
        self._loudness: deque[float] = deque(maxlen=settings.maximum + 2)

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open and the last window belongs to its speech."""
        return self._open and not self._silent

    def push(self, probability: float, level: float) -> Event | None:
        """Advance by one window with its speech `probability` (0 to 1) and `level` (dBFS)."""
        index = self._index
        self._index += 1
        # Quiet for the ear and unlikely for the model: the weight makes 0.5 of probability worth 10 dB.
        self._loudness.append(level + 20 * probability)
        return self._while_open(probability, index) if self._open else self._while_idle(probability, index)

    def flush(self) -> Closed | None:
        """Close what is open: no audio follows."""
        self._run = 0
        if not self._open:
            return None
        return self._close(self._index - self._silent)

    def _while_idle(self, probability: float, index: int) -> Event | None:
        settings = self._settings
        if probability >= settings.onset or (self._run and probability >= settings.release):
            self._run += 1
        else:
            self._run = 0
        if self._run < settings.minimum_speech:
            return None
        start = index + 1 - self._run
        self._run = 0
        self._open = True
        self._silent = 0
        self._utterance_start = self._segment_start = start
        return Opened(start)

    def _while_open(self, probability: float, index: int) -> Event | None:
        settings = self._settings
        if probability >= settings.onset:
            if self._silent:
                self._silent = 0
                return Resumed()
        elif self._silent or probability < settings.release:
            self._silent += 1
        end = index + 1 - self._silent
        if self._silent >= settings.silence:
            return self._close(end)
        if index + 1 - self._utterance_start >= settings.maximum:
            return self._close(end) if self._silent else self._split(index, closes=True)
        if self._silent:
            return Paused(end) if self._silent == TAIL else None
        if index + 1 - self._segment_start >= settings.longest_segment:
            return self._split(index, closes=False)
        return None

    def _close(self, end: int) -> Closed:
        self._open = False
        self._silent = 0
        return Closed(end)

    def _split(self, index: int, *, closes: bool) -> Split | None:
        """Cut at the quietest window of the segment's last fifth: through a word if nothing is better."""
        settings, start = self._settings, self._segment_start
        # A pause may have put the cut off for longer than a segment may be.
        length = min(index + 1 - start, settings.longest_segment)
        earliest = start + round(length * (1 - _CUT_WITHIN))
        latest = min(index - settings.minimum_speech, start + settings.longest_segment)
        first = index + 1 - len(self._loudness)

        def loudness(window: int) -> float:
            around = range(max(window - 1, first), min(window + 1, index) + 1)
            return sum(self._loudness[i - first] for i in around) / len(around)

        at = min(range(earliest, latest + 1), key=loudness)
        if not closes and self._utterance_start + settings.maximum - at < _SHORTEST_TO_CUT:
            # What is left would have no room for the cut at the maximum, which can be made here instead.
            return None
        self._segment_start = at
        if closes:
            self._utterance_start = at
        return Split(at, closes)
