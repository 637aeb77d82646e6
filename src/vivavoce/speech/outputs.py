"""What a track says and asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import Draft, Partial, SpeechEnd, SpeechStart, Utterance


@dataclass(frozen=True, slots=True, eq=False)
class Decode:
    """A request for words. `audio` is float32, shape (samples,), 16 kHz, and starts at sample `start`.

    `slack` is how many windows may pass before a final is needed: an early decode runs while the pause lasts.
    `voiced` is in which share of `audio` somebody seems to speak, `expected` which of the `languages` was
    heard so far, `draft` what was heard in the beginning of `audio` last, and `state` what the recogniser
    made of it. `before`, `said_before` and `after` are what a pause or a cut parts it from on either side, as
    in the recognisers' `Request`.
    """

    channel: int
    utterance: int
    segment: int
    start: int
    audio: NDArray[np.float32]
    languages: tuple[str, ...]
    final: bool
    voiced: float = 0.0
    expected: str | None = None
    slack: int = 0
    draft: Draft | None = None
    before: NDArray[np.float32] | None = None
    said_before: Draft | None = None
    after: NDArray[np.float32] | None = None
    state: object = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """The answer to `decode` is not needed any more; it does no harm if it comes."""

    decode: Decode


@dataclass(frozen=True, slots=True)
class Settled:
    """The utterance is final. All audio before sample `resume` has been dealt with.

    `draft` is that of its last segment, for a decode that goes on from there.
    """

    utterance: Utterance
    resume: int
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class Hasten:
    """The answer to `decode` is needed now: it was asked for early, and the pause is over before its time."""

    decode: Decode


Output = SpeechStart | SpeechEnd | Partial | Settled | Decode | Cancel | Hasten
