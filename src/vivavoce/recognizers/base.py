"""What the engine asks of a speech recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import NO_CONTEXT, Context, Draft, Hypothesis

__all__ = ["SAMPLE_RATE", "Capabilities", "Context", "Draft", "Hypothesis", "Recognizer", "Request"]

SAMPLE_RATE = 16_000
"""Recognisers take mono float32 at this rate, in hertz."""

_NOTHING = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a recogniser can do; requests outside of it are refused when the session is created.

    One that is `streaming` is quick enough for its own partials. All of them time every word. `context` is
    what is worth hearing with a final of what was said before.
    """

    languages: frozenset[str]
    detects_language: bool
    streaming: bool = False
    context: Context = NO_CONTEXT


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One stretch of speech to decode.

    `audio` is float32, shape (samples,), 16 kHz, -1 to 1, at most 30 s. `languages`: one code fixes the
    language, several restrict detection to them, none leaves all open; where one is `expected`, another is
    heard only if it is clearly that. `final` asks for the best answer; without it a quicker, rougher one (a
    partial) is welcome. `draft` is that of an earlier hypothesis about the beginning of `audio`: it may save
    time, and only changes the words where it was a close decision; recognisers pass over those of others.
    `state` is what the recogniser gave with an earlier hypothesis about the beginning of `audio`: it saves
    time and never changes the words.
    `voiced` is the share of `audio` in which voice activity detection hears somebody; 0 if nobody asked it.

    Where speech was cut, or went on after a pause, `before` and `after`, like `audio`, are the speech
    on either side, and `said_before` is the draft of what was heard before, if words were. They help to hear
    the words between and are not to be written: a word whose middle is in `after` belongs there. Recognisers
    may pass over them.
    """

    audio: NDArray[np.float32]
    languages: tuple[str, ...]
    final: bool
    expected: str | None = None
    draft: Draft | None = None
    before: NDArray[np.float32] | None = None
    said_before: Draft | None = None
    after: NDArray[np.float32] | None = None
    voiced: float = 0.0
    state: object = None

    @property
    def heard(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """What comes before, `audio` and what comes after; empty where there is nothing."""
        before = _NOTHING if self.before is None else self.before
        return before, self.audio, _NOTHING if self.after is None else self.after


class Recognizer(Protocol):
    """A loaded model. Methods are called from several decoder threads at once and must release the GIL."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def recognize(self, request: Request) -> Hypothesis:
        """What was said. Raises `RecognizerError` when the model fails."""
        ...


class Around:
    """What goes around a recogniser: to others it is that recogniser."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @property
    def name(self) -> str:
        return self._recognizer.name

    @property
    def capabilities(self) -> Capabilities:
        return self._recognizer.capabilities
