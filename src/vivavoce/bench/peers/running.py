"""Text that grows and changes without utterances, as hypotheses of one long utterance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from vivavoce.bench.hearing import Transcript
from vivavoce.bench.words import HeardWord


def running_text(texts: Sequence[tuple[float, str]], began: float) -> list[Transcript]:
    """The states of a text, each with the monotonic time of its arrival; the last one counts as final.

    A state that is like the one before says nothing new.
    """
    changes = [texts[0]] if texts else []
    changes += [later for earlier, later in pairwise(texts) if later[1].split() != earlier[1].split()]
    return [
        Transcript(at - began, "", at == changes[-1][0], tuple(map(HeardWord, text.split())), text)
        for at, text in changes
    ]
