"""What is decoded as one, and what is given with it of the speech that it goes on from.

Recognition is best where words are heard among their neighbours: a decode is given the audio before it, with
what was heard there, as far back as the same speech goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import Context, Draft, Hypothesis
from vivavoce.speech.endpointing import SAMPLE_RATE, WINDOW
from vivavoce.speech.outputs import Decode

MOST_AFTER = SAMPLE_RATE
"""Samples that a decode is given of what follows a cut, if they have been spoken when it is made."""

# With a decode's own audio so many times the context is heard: what is long by itself needs less around it,
# and would come late.
_HEARD = 1.25
# After a pause of at most so many samples (3 s) it is the same speech that goes on. The pause is heard, too:
# without it the words on either side are taken for neighbours.
LONGEST_PAUSE = 94 * WINDOW


@dataclass(slots=True)
class Segment:
    """`before` are those that lead on to this one, the latest last, and `pause` is what lies between; `audio`
    is complete at the end."""

    start: int
    before: tuple[Segment, ...] = ()
    pause: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    audio: NDArray[np.float32] | None = None
    speech_end: int | None = None
    decode: Decode | None = None
    heard: Hypothesis | None = None
    draft: Draft | None = None
    state: object = None


def lately(before: tuple[Segment, ...], last: Segment, context: Context) -> tuple[Segment, ...]:
    """What was said up to where `last` ends, as long as `context` at most, in whole segments: only of a
    whole one it is known what was said.
    """
    parts: list[Segment] = []
    length = 0
    for part in (last, *reversed(before)):
        assert part.audio is not None, "a segment's audio is complete before another one begins"
        length += len(part.audio)
        if length > context.seconds * SAMPLE_RATE:
            break
        parts.insert(0, part)
        length += len(part.pause)
    return tuple(parts)


def continuing(
    before: tuple[Segment, ...], pause: NDArray[np.float32], decode: Decode, context: Context
) -> Decode:
    """The same decode, going on from what was heard before the `pause`, as far back as there were words."""
    audio: list[NDArray[np.float32]] = []
    said: Draft | None = None
    language = decode.expected or decode.languages[0] if before else None
    length = len(decode.audio) + (0 if decode.after is None else len(decode.after))
    for segment in reversed(before):
        heard = segment.heard
        draft = heard.draft if heard and heard.language == language else None
        if segment.audio is None or draft is None or not draft.tokens:
            break
        length += len(segment.audio) + len(pause)
        tokens = draft.tokens + (said.tokens if said else ())
        if length > _HEARD * context.seconds * SAMPLE_RATE or len(tokens) > context.tokens:
            break
        if said and said.model != draft.model:
            break
        said = replace(draft, tokens=tokens)
        audio[:0] = segment.audio, pause
        pause = segment.pause
    if said is None:
        return decode
    return replace(decode, before=np.concatenate(audio), said_before=said)
