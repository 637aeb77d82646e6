"""What of a session is stored before it is said, and what was said before a restart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.effects import Post
from vivavoce.live.message import posts
from vivavoce.live.outgoing import Outgoing
from vivavoce.protocol.add_ons import END_RECORDING, AddOnResult
from vivavoce.protocol.stream import Final, Flushed, Up

Said = Up | AddOnDone | AllDone
"""What recognition and add-ons say to a session."""


@dataclass(frozen=True, slots=True)
class Record:
    """Stored in one transaction before it is said: it is posted once, and not made anew after a restart."""

    posts: Sequence[Post]
    final: Final | None = None
    result: AddOnResult | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A message that a connection took before a restart, in the words in which it was said.

    `type` is what it says there. `until`: the second of session audio up to which it speaks, None for what
    is said at the end.
    """

    type: str
    text: str
    until: float | None = None


class Recorder:
    """`results` are recorded already."""

    def __init__(self, out: Outgoing, results: Iterable[AddOnResult]) -> None:
        self._out = out
        self._recorded = {result.key for result in results}

    def record_of(self, said: Said, end: float | None, now: float) -> Record | None:
        """What is to be stored before `said` is; None where nothing is. `end`: seconds of audio of a
        recording that has been stopped."""
        match said:
            case Final(utterance) if utterance.words:
                return Record(posts(self._out.transcript(utterance, now, final=True)), final=said)
            case Flushed() if end is not None:
                result, message = AddOnResult(END_RECORDING), self._out.end_recording(now, end)
            case AddOnDone(result, message):
                pass
            case _:
                return None
        return None if result.key in self._recorded else Record(posts(message), result=result)
