"""What is encoded for a request: its own audio, alone or with the speech on either side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Request
from vivavoce.recognizers.whisper.context import BLOCK, FULL_CONTEXT

MOST_SAID = 216
"""Tokens of what was said before. With the prompt and as long a text they fit into the decoder's 448
positions."""

PIECE = 5 * SAMPLE_RATE
"""Samples of what is too much to be heard as a whole."""

_LONGEST = FULL_CONTEXT * BLOCK
# The width of a quiet place, in samples.
_QUIET = SAMPLE_RATE // 5


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """`audio` (samples,), of which those from `begin` to `end` are the request's own, voiced in that share.

    `said` are the tokens of what is heard before `begin`; without them all of it is to be written down.
    """

    audio: NDArray[np.float32]
    begin: int
    end: int
    voiced: float
    said: tuple[int, ...] = ()

    @property
    def heard_from(self) -> int:
        """The first sample that is to be written down."""
        return self.begin if self.said else 0

    @property
    def seconds(self) -> float:
        """Of the request's own audio."""
        return (self.end - self.begin) / SAMPLE_RATE

    def own(self, words: tuple[Word, ...]) -> tuple[range, tuple[Word, ...]]:
        """Those of the words whose middle is in the request's own audio: which, and with their times in it.

        Times count from `heard_from`. What is said on either side belongs to other utterances.
        """
        offset = (self.begin - self.heard_from) / SAMPLE_RATE
        middles = [(word.start + word.end) / 2 - offset for word in words]
        first = next((n for n, middle in enumerate(middles) if middle >= 0 or self.said), len(words))
        last = next((n for n, middle in enumerate(middles) if middle >= self.seconds), len(words))
        return range(first, max(first, last)), tuple(
            replace(word, start=max(0.0, word.start - offset), end=min(word.end - offset, self.seconds))
            for word in words[first:last]
        )


def going_on(request: Request, model: str) -> Stretch:
    """What is heard first: after what the `model` heard before, if that is known, and else by itself.

    Without what was said before a cut, what was heard there is of no use.
    """
    said = request.said_before
    usable = said is not None and said.model == model and len(said.tokens) <= MOST_SAID
    known = said.tokens if said and usable else ()
    stretch = _joined(request if known else replace(request, before=None), known)
    return stretch or Stretch(request.audio, 0, len(request.audio), request.voiced)


def around(request: Request) -> Stretch | None:
    """With all that was said around it, to be written down once more; None if nothing was, or too much."""
    if request.before is None or not len(request.before):
        return None
    return _joined(request, ())


def _joined(request: Request, said: tuple[int, ...]) -> Stretch | None:
    before, audio, after = request.heard
    if len(before) + len(audio) + len(after) > _LONGEST:
        return None
    whole = np.concatenate([before, audio, after])
    return Stretch(whole, len(before), len(before) + len(audio), request.voiced, said)


def pieces(request: Request, begin: int) -> Iterator[tuple[int, Request]]:
    """The request's audio from sample `begin` on, in pieces of about `PIECE` that are parted where it is
    quietest: each with the sample at which it begins, and with as much voice as it must have at least.
    """
    audio = request.audio
    rest = len(audio) - begin
    count = max(1, round(rest / PIECE))
    inner = (_quietest(audio, begin + round(rest * n / count), PIECE // 4) for n in range(1, count))
    for start, end in pairwise([begin, *inner, len(audio)]):
        length = end - start
        voiced = max(0.0, (request.voiced * len(audio) - (len(audio) - length)) / max(length, 1))
        after = audio[end : end + SAMPLE_RATE] if end < len(audio) else request.after
        yield start, replace(request, audio=audio[start:end], after=after, voiced=voiced, draft=None)


def _quietest(audio: NDArray[np.float32], around: int, reach: int) -> int:
    """The middle of the quietest 0.2 s within so many samples `around` one."""
    first = around - reach
    power = np.concatenate([[0.0], np.cumsum(np.square(audio[first : around + reach], dtype=np.float64))])
    return first + int(np.argmin(power[_QUIET:] - power[:-_QUIET])) + _QUIET // 2
