"""Finals as subtitles: cues of at most two lines, broken where readers expect it, shown long enough. Pure.

The limits are the usual ones of broadcasters' style guides: 42 characters a line (21 where they are
double width), two lines, 1 to 7 seconds, 20 characters a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.cells import cell_len, chop_cells

from vivavoce.protocol.responses import UtteranceModel, WordModel

LINE_WIDTH = 42
LONGEST = 7.0
SHORTEST = 1.0
CHARACTERS_PER_SECOND = 20.0
PAUSE = 1.0
"""Seconds of silence between words that begin a new cue."""
GAP = 0.08
"""Seconds that the eye needs to see that one cue follows another."""
BLINK = 0.1
"""Seconds that a cue lasts at the very least, whatever the word times say."""

ENDS_SENTENCE = tuple(".?!…。？！")
ENDS_CLAUSE = (*ENDS_SENTENCE, *",;:，；：、")


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle, 1 or 2 lines; seconds from the start of the audio."""

    start: float
    end: float
    lines: tuple[str, ...]


def cues_of(utterances: Iterable[UtteranceModel]) -> list[Cue]:
    """Cues by start; those of one channel do not overlap."""
    ordered = sorted(utterances, key=lambda utterance: (utterance.channel, utterance.start))
    cues: list[Cue] = []
    for _, of_channel in groupby(ordered, key=lambda utterance: utterance.channel):
        groups = [group for utterance in of_channel for group in _groups(utterance.words)]
        cues += _timed(groups)
    return sorted(cues, key=lambda cue: cue.start)


def srt(cues: Sequence[Cue]) -> str:
    """SubRip."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_text(cue)}\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(_text(cue))}\n\n" for cue in cues
    )


def _groups(words: Sequence[WordModel]) -> Iterator[list[WordModel]]:
    """The words of one utterance, a group for each cue."""
    group: list[WordModel] = []
    for word in _narrow(words):
        if group and _begins_cue(group, word):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _begins_cue(group: Sequence[WordModel], word: WordModel) -> bool:
    first, last = group[0], group[-1]
    sentence_ended = last.word.endswith(ENDS_SENTENCE) and cell_len(_joined(group)) > LINE_WIDTH / 2
    return (
        sentence_ended
        or word.start - last.end > PAUSE
        or word.end - first.start > LONGEST
        or _lines([*group, word]) is None
    )


def _narrow(words: Iterable[WordModel]) -> Iterator[WordModel]:
    """The words, those that are wider than a line cut into pieces."""
    for word in words:
        if cell_len(word.word.strip()) <= LINE_WIDTH:
            yield word
        else:
            for piece in chop_cells(word.word.strip(), LINE_WIDTH):
                yield word.model_copy(update={"word": piece})


def _lines(words: Sequence[WordModel]) -> tuple[str, ...] | None:
    """One line, or two as even as can be, broken at a clause's end if one is near; None if it is too much."""
    whole = _joined(words)
    if cell_len(whole) <= LINE_WIDTH:
        return (whole,)
    best: tuple[float, tuple[str, ...]] | None = None
    for split in range(1, len(words)):
        upper, lower = _joined(words[:split]), _joined(words[split:])
        widths = cell_len(upper), cell_len(lower)
        if max(widths) <= LINE_WIDTH:
            cost = abs(widths[0] - widths[1]) - (10 if upper.endswith(ENDS_CLAUSE) else 0)
            if best is None or cost < best[0]:
                best = cost, (upper, lower)
    return best and best[1]


def _timed(groups: Sequence[Sequence[WordModel]]) -> Iterator[Cue]:
    shown_until = 0.0
    for group, following in pairwise([*groups, None]):
        if group is None:
            return
        start = max(group[0].start, shown_until)
        spoken_until = max(group[-1].end, start + BLINK)
        readable_until = start + max(SHORTEST, cell_len(_joined(group)) / CHARACTERS_PER_SECOND)
        free_until = following[0].start - GAP if following else readable_until
        shown_until = max(spoken_until, min(readable_until, free_until))
        yield Cue(start, shown_until, _lines(group) or ())


def _joined(words: Iterable[WordModel]) -> str:
    return "".join(word.word for word in words).strip()


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines).replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
