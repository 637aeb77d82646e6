"""The ordered stream between a live session and its speech tracks: audio down, what was heard up.

In one process it is a pair of queues; across machines it can be a message bus. Either way these are
the only types that cross, and their order is their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Audio:
    """Raw bytes as the client sent them; `offset` is their place in the session's audio log, in bytes."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Flush:
    """No audio follows for now: finish what is open, then answer with `Flushed(marker)`."""

    marker: int


Down = Audio | Flush


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the recogniser wrote it, its leading space kept. Times are seconds of session audio."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What the recogniser named `model` heard, as its own tokens: where to begin with a longer stretch.

    `words` says of each word at which token it begins, and when: seconds from the start of the stretch.
    """

    model: str
    tokens: tuple[int, ...]
    words: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """How much of what was said before helps to hear a final: so many `seconds`, as far as the recogniser
    wrote at most so many `tokens` there.
    """

    seconds: float
    tokens: int


NO_CONTEXT = Context(0.0, 0)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a recogniser heard in a stretch of audio. Word times are seconds from the start of that stretch.

    No words means that there was no speech. `language_probability` is 1.0 where the language was given.
    `draft` and `state` may be given with a longer stretch that begins alike; a state is the recogniser's own,
    never stored, and may be left away.
    """

    language: str
    language_probability: float
    words: tuple[Word, ...]
    draft: Draft | None = None
    state: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech of one channel; partials and the final of one utterance share its `id`."""

    id: str
    channel: int
    start: float
    end: float
    language: str
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean word confidence, 0 to 1."""
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 0.0


@dataclass(frozen=True, slots=True)
class SpeechStart:
    channel: int
    time: float


@dataclass(frozen=True, slots=True)
class SpeechEnd:
    channel: int
    time: float


@dataclass(frozen=True, slots=True)
class Partial:
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Final:
    """The last word on an utterance.

    `resume_offset` is the byte of the audio log before which no utterance begins that is not final yet.
    `draft` is for a decode that goes on from this utterance.
    """

    utterance: Utterance
    resume_offset: int
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything before `time`, in seconds of session audio, has been dealt with on every channel."""

    time: float


@dataclass(frozen=True, slots=True)
class Flushed:
    marker: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Something about the audio that its sender should know; recognition goes on. Each code comes once."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Recognition cannot go on for this session; what was final stays."""

    message: str


Up = SpeechStart | SpeechEnd | Partial | Final | Progress | Flushed | Diagnosis | Failed
