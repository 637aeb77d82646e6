"""How many sessions this machine carries at once, and whether it has room for one more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.base import SAMPLE_RATE, Recognizer, Request
from vivavoce.recognizers.enhancer import Enhancer

# What is timed: a sound of an utterance's length, at most so often, and no more once a second has passed. The
# quickest counts: on a machine shared with others a final takes up to a third longer for seconds at a time.
_UTTERANCE_SECONDS: Final = 3.0
_TIMES: Final = 6
_LONGEST_MEASURING: Final = 1.0

# One side of a conversation is speech for 39 % of the time (ITU-T P.59); an agent's caller for a little more.
# Of ten finals that are needed, three more turn out not to be.
_SPEECH_SHARE: Final = 0.45
_NEEDLESS: Final = 0.3
_FINALS_PER_SECOND: Final = _SPEECH_SHARE * (1 + _NEEDLESS) / _UTTERANCE_SECONDS
# Real speech has words to write down, this sound has none. Of one core, Whisper base takes 0.08 s for the
# sound, and 0.18 s (0.13 to 0.27) for three seconds of a reading. As a check: thirty conversations,
# 44 % speech, without partials take 0.044 of a core each, and this estimate has 0.043.
# The more of what was said before is heard with it, the dearer: twice the sound at 8 s (30 to 34
# conversations are in time on two cores), 3.8 times at 20 s (14 to 16 are).
_SPEECH_TO_SOUND: Final = 0.8
_AND_A_SECOND_BEFORE: Final = 0.15
# Cores for all the rest of a session: its socket, its log, voice activity.
_REST: Final = 0.012
# The share of the cores that may be used before something has to wait.
_USABLE: Final = 0.8
_MOST: Final = 1000

# Seconds that finals may be late, and after which a machine that was too busy may be asked again.
_LATEST: Final = 0.5
_RECOVERY: Final = 5.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """The number of sessions that fit, and how late finals are at the moment, in seconds. A session with the
    audio enhancer takes the room of `enhanced` others.

    Fewer sessions than cores are not too many: if their finals are late, the machine stood still.
    """

    sessions: int
    cores: int
    lateness: Callable[[], float]
    abandon_after: float
    enhanced: float = 1.0
    left_behind: Callable[[], int] = lambda: 0
    """Sessions that nobody is connected to any more, and that take as much room until they are recognised."""

    def problem(self, taken: int, enhanced: int = 0, *, enhance: bool = False) -> tuple[str, float] | None:
        """Why there is no room for one more, and the seconds after which to ask again.

        Of the sessions `taken` so many are `enhanced`; `enhance`: whether the next one would be.
        """
        more = self.enhanced - 1
        taken += self.left_behind()
        if taken and taken + more * enhanced + 1 + more * enhance > self.sessions:
            many = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
            message = f"the server carries {many} at once, all taken: try again later"
            if more and (enhanced or enhance):
                full = f"one with the audio enhancer counts as {self.enhanced:.1f}, and too little is left"
                message = f"the server carries {many} at once; {full}: try again later"
            return message, self.abandon_after
        if taken >= self.cores and (late := self.lateness()) > _LATEST:
            message = f"finals are {late:.1f} s late because of the load: try again in {_RECOVERY:g} seconds"
            return message, _RECOVERY
        return None


def measured(recognizer: Recognizer, enhancer: Enhancer | None, threads: int) -> tuple[int, float]:
    """How many conversations `threads` cores carry, from what a final costs here, and how many of them one
    with the enhancer stands for. Takes up to two seconds.

    Raises `RecognizerError`.
    """
    final = _final_seconds(recognizer)
    sound = _sound()
    enhancing = _quickest(lambda: enhancer.enhance(sound)) if enhancer else 0.0
    context = recognizer.capabilities.context.seconds
    return estimated_sessions(final, threads, context), estimated_enhanced(final, enhancing, context)


def estimated_sessions(final_seconds: float, threads: int, context: float) -> int:
    """How many conversations fit if the final of the measured sound takes `final_seconds` of one core, and
    `context` seconds of what was said before are heard with those of a conversation.

    This is an estimate: one side of a conversation, 45 % of it speech in utterances of three seconds, so
    a final every seven seconds. Partials count for nothing, since they wait when finals need the cores.
    Whoever knows the sessions better sets the number.
    """
    return max(1, min(_MOST, math.floor(_USABLE * threads / _cores(final_seconds, context))))


def estimated_enhanced(final_seconds: float, enhancing_seconds: float, context: float) -> float:
    """How many sessions one with the enhancer stands for, if that takes so long for the measured sound.

    Speech takes it as long as any sound, 0.043 s of a core a second here. Of a conversation it is given half,
    measured with 46 % speech; this estimate has 0.58.
    """
    return 1 + _FINALS_PER_SECOND * enhancing_seconds / _cores(final_seconds, context)


def _cores(final_seconds: float, context: float) -> float:
    """Of one session."""
    dearer = _SPEECH_TO_SOUND + _AND_A_SECOND_BEFORE * context
    return _FINALS_PER_SECOND * dearer * final_seconds + _REST


def _final_seconds(recognizer: Recognizer) -> float:
    able = recognizer.capabilities
    language = "en" if "en" in able.languages else min(able.languages)
    request = Request(_sound(), (language,), final=True)
    return _quickest(lambda: recognizer.recognize(request))


def _quickest(action: Callable[[], object]) -> float:
    took: list[float] = []
    # The first time is the warm-up, and all there is if the model is slow.
    while len(took) < _TIMES and sum(took) < _LONGEST_MEASURING:
        # Of this thread: that others are busy while the server starts does not make a final dearer.
        began = time.thread_time()
        action()
        took.append(time.thread_time() - began)
    return min(took)


def _sound() -> NDArray[np.float32]:
    """Noise that swells four times a second, as syllables do; always the same."""
    times = np.arange(round(_UTTERANCE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(1).standard_normal(len(times)) * (1 + np.sin(2 * np.pi * 4 * times))
    return np.asarray(0.3 * noise / np.abs(noise).max(), np.float32)
