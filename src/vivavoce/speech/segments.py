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
# But where it was cut off, some.
_LEAST = 0.25
# Seconds before a word at which what was said is given from that word on: a word is placed late rather than
# early, and its first sound belongs to it.
_LEAD = 0.1
_COMPLETE = "a segment's audio is complete before another one begins"
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
    """What was said up to where `last` ends: the fewest segments that reach back as far as `context` says."""
    parts: list[Segment] = []
    length = 0
    for part in (last, *reversed(before)):
        if length >= context.seconds * SAMPLE_RATE:
            break
        assert part.audio is not None, _COMPLETE
        parts.insert(0, part)
        length += len(part.audio) + len(part.pause)
    return tuple(parts)


def continuing(
    before: tuple[Segment, ...], pause: NDArray[np.float32], decode: Decode, context: Context
) -> Decode:
    """The same decode with what came before the `pause`: what was heard there, as far back as there were
    words, or else the sound alone.
    """
    room = most = _room(decode, context)
    audio: list[NDArray[np.float32]] = []
    said: Draft | None = None
    gap = pause
    language = decode.expected or decode.languages[0] if before else None
    for segment in reversed(before):
        heard = segment.heard
        draft = heard.draft if heard and heard.language == language else None
        assert segment.audio is not None, _COMPLETE
        if draft is None or (said and said.model != draft.model):
            break
        later = said.tokens if said else ()
        room -= len(gap)
        first, start = _since(draft, len(segment.audio), room, context.tokens - len(later))
        if first == len(draft.tokens):
            break
        said = replace(draft, tokens=draft.tokens[first:] + later, words=())
        audio[:0] = segment.audio[start:], gap
        room -= len(segment.audio) - start
        if first:
            break
        gap = segment.pause
    if said is None:
        return replace(decode, before=_sound(before, pause, most))
    return replace(decode, before=np.concatenate(audio), said_before=said)


def _room(decode: Decode, context: Context) -> int:
    """Samples that may be heard before a decode."""
    own = len(decode.audio) + (0 if decode.after is None else len(decode.after))
    most, whole, least = (round(share * context.seconds * SAMPLE_RATE) for share in (1, _HEARD, _LEAST))
    return max(least, min(most, whole - own))


def _since(draft: Draft, samples: int, room: int, tokens: int) -> tuple[int, int]:
    """The token and the sample from which a segment of so many `samples` is given: its first, or those of
    the first word from which on it fits into the `room` and `tokens`; after the last token if none does.
    """
    if samples <= room and len(draft.tokens) <= tokens:
        return 0, 0
    for first, seconds in draft.words:
        start = max(0, round((seconds - _LEAD) * SAMPLE_RATE))
        if samples - start <= room and len(draft.tokens) - first <= tokens:
            return first, start
    return len(draft.tokens), samples


def _sound(before: tuple[Segment, ...], pause: NDArray[np.float32], room: int) -> NDArray[np.float32] | None:
    """The last samples, of what was said before and the `pause`, for which there is room."""
    parts: list[NDArray[np.float32]] = []
    for segment in reversed(before):
        assert segment.audio is not None, _COMPLETE
        parts[:0] = segment.audio, pause
        pause = segment.pause
    if not parts or room <= 0:
        return None
    whole = np.concatenate(parts)
    return whole[max(0, len(whole) - room) :]
