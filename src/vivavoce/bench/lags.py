"""How late each word and each final was: pure, from what was said and what was heard.

All finals of a session, in order, are aligned with all words of its track (`words.align`): that gives
each spoken word its place in the final that has it. Each earlier hypothesis of that utterance is aligned
with its final. A word is *shown* by the first hypothesis that has the final's word in its place, and
*stable* from the first one since which every later one has it. A word that was misheard counts with what
was written for it, a word for which nothing was written is missing and counted as such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from vivavoce.bench.hearing import Hearing, Transcript
from vivavoce.bench.words import HeardWord, align, plain


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds, one figure for each word (`shown`, `stable`, `final`), utterance or turn.

    The words' count from the word's end; `close` from the end of the utterance's last word plus
    endpointing; `turn_end` from the end of a turn. `missing`: words without a final. `unheard`: turns
    of which nothing is final.
    """

    shown: list[float]
    stable: list[float]
    final: list[float]
    close: list[float]
    turn_end: list[float]
    missing: int
    unheard: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word is final: in which transcript, as its how-manieth word."""

    transcript: int
    word: int


def lags(hearing: Hearing, endpointing: float) -> Lags:
    words = hearing.track.words
    finals = hearing.finals
    places = [_Place(i, j) for i, final in enumerate(finals) for j in range(len(final.words))]
    heard = [word for final in finals for word in final.words]
    final_place = {said: places[index] for said, index in align(words, heard)}

    earlier = defaultdict[str, list[Transcript]](list)
    for transcript in hearing.transcripts:
        earlier[transcript.utterance].append(transcript)
    histories = [_history(earlier[final.utterance], final) for final in finals]

    sure = [(words[said], place) for said, place in final_place.items() if words[said].sure]
    last_words = {place.transcript: word for word, place in sure}
    ends = [(turn, _finals_of(turn, final_place)) for turn in _spans(hearing)]
    return Lags(
        shown=[histories[p.transcript][p.word][0] - word.end for word, p in sure],
        stable=[histories[p.transcript][p.word][1] - word.end for word, p in sure],
        final=[finals[p.transcript].at - word.end for word, p in sure if hearing.has_finals],
        close=[
            finals[i].at - word.end - endpointing
            for i, word in sorted(last_words.items())
            if hearing.has_finals
        ],
        turn_end=[
            max(finals[i].at for i in indices) - words[last].end
            for (_, last), indices in ends
            if hearing.has_finals and indices and words[last].sure
        ],
        missing=len(words) - len(final_place),
        unheard=sum(
            not indices and not _any_between(finals, words[first].start, words[last].end)
            for (first, last), indices in ends
        ),
    )


def _history(transcripts: Sequence[Transcript], final: Transcript) -> list[tuple[float, float]]:
    """For each word of the final: when it was first shown, and since when it was always there."""
    shown = [final.at] * len(final.words)
    stable = [final.at] * len(final.words)
    unbroken = set(range(len(final.words)))
    for one in reversed(transcripts):
        there = {i for i, j in align(final.words, one.words) if _same(final.words[i], one.words[j])}
        unbroken &= there
        for index in there:
            shown[index] = one.at
        for index in unbroken:
            stable[index] = one.at
    return list(zip(shown, stable, strict=True))


def _same(one: HeardWord, other: HeardWord) -> bool:
    return plain(one.text) == plain(other.text)


def _spans(hearing: Hearing) -> list[tuple[int, int]]:
    """The first and the last word of each turn, as indices of the track's words."""
    spans, first = [], 0
    for turn in hearing.track.turns:
        spans.append((first, first + len(turn.words) - 1))
        first += len(turn.words)
    return spans


def _finals_of(span: tuple[int, int], final_place: dict[int, _Place]) -> set[int]:
    return {final_place[said].transcript for said in range(span[0], span[1] + 1) if said in final_place}


def _any_between(finals: Sequence[Transcript], start: float, end: float) -> bool:
    ends = chain.from_iterable(final.words for final in finals)
    return any(word.end is not None and start <= word.end <= end + 1 for word in ends)
