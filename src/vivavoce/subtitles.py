"""Finals as subtitles: cues of few lines, broken where readers expect it, shown long enough. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.cells import cell_len, chop_cells

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.responses import UtteranceModel, WordModel

CHARACTERS_PER_SECOND = 20.0
PAUSE = 1.0
"""Seconds of silence between words that begin a new cue."""
CUT = 0.1
"""Seconds between utterances that are one stretch of speech, cut because it was long."""
GAP = 0.08
"""Seconds that the eye needs to see that one cue follows another."""
BLINK = 0.1
"""Seconds that a cue lasts at the very least, whatever the word times say."""

ENDS_SENTENCE = tuple(".?!…。？！؟۔।")
ENDS_CLAUSE = (*ENDS_SENTENCE, *",;:，；：、،؛")
HIRAGANA = re.compile(r"[ぁ-ゟ]")
"""What ends most Japanese phrases; the next one mostly begins otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a cue may be; as they stand, the usual limits of broadcasters' style guides.

    `width` is in characters, of which those of double width count twice. A cue is shorter than `shortest`
    seconds only where the next one begins sooner. Only a character that is wider than a line exceeds it.
    """

    shortest: float = 1.0
    longest: float = 7.0
    width: int = 42
    rows: int = 2


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle; seconds from the start of the audio."""

    start: float
    end: float
    lines: tuple[str, ...]


def cues_of(utterances: Iterable[UtteranceModel], limits: Limits = USUAL) -> list[Cue]:
    """Cues by start; those of one channel do not overlap, those of people who speak at once may."""
    ordered = sorted(utterances, key=lambda utterance: (utterance.channel, utterance.start))
    cues: list[Cue] = []
    for _, of_channel in groupby(ordered, key=lambda utterance: utterance.channel):
        groups = [group for words in _stretches(of_channel) for group in _groups(words, limits)]
        cues += _timed(groups, limits)
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


def _stretches(utterances: Iterable[UtteranceModel]) -> Iterator[list[WordModel]]:
    """The words of one channel, those together through which speech goes on: a cut alone is no break."""
    before: UtteranceModel | None = None
    words: list[WordModel] = []
    for utterance in filter(lambda one: one.words, utterances):
        first, *rest = utterance.words
        if before and before.language == utterance.language and first.start - words[-1].end <= CUT:
            between = "" if utterance.language in WRITTEN_WITHOUT_SPACES else " "
            first = first.model_copy(update={"word": between + first.word.lstrip()})
        elif words:
            yield words
            words = []
        words += [first, *rest]
        before = utterance
    if words:
        yield words


def _groups(words: Sequence[WordModel], limits: Limits) -> Iterator[list[WordModel]]:
    """The words of one stretch, a group for each cue."""
    full: list[list[WordModel]] = []  # since a sentence or a pause ended
    group: list[WordModel] = []
    for word in _narrow(words, limits.width):
        if group and _is_complete(group, word, limits, goes_on=bool(full)):
            yield from _evened([*full, group], limits)
            full, group = [], []
        elif group and not _fits([*group, word], limits):
            full.append(group)
            group = []
        group.append(word)
    yield from _evened([*full, group], limits)


def _is_complete(group: Sequence[WordModel], following: WordModel, limits: Limits, *, goes_on: bool) -> bool:
    """Whether the next word begins a new cue, room or not. `goes_on`: the sentence began before the group."""
    ends = group[-1].word.endswith(ENDS_SENTENCE)
    is_long = goes_on or cell_len(_joined(group)) > limits.width / 2
    return (ends and is_long) or following.start - group[-1].end > PAUSE


def _fits(group: Sequence[WordModel], limits: Limits) -> bool:
    is_short = group[-1].end - group[0].start <= limits.longest
    return is_short and _rows_needed(group, limits.width) <= limits.rows


def _evened(groups: list[list[WordModel]], limits: Limits) -> list[list[WordModel]]:
    """The same, but that the last one gets words of the one before where it is short.

    Where cues part matters more than that they are even.
    """
    if len(groups) < 2 or not _is_brief(groups[-1], limits):
        return groups
    words = [*groups[-2], *groups[-1]]
    splits = range(1, len(groups[-2]) + 1)
    fitting = [split for split in splits if split == splits[-1] or _fits(words[split:], limits)]

    def cost(split: int) -> tuple[float, int]:
        upper, lower = _joined(words[:split]), _joined(words[split:])
        return abs(cell_len(upper) - cell_len(lower)) - 3 * _ease(upper, lower), -split

    split = min(fitting, key=cost)
    return [*groups[:-2], words[:split], words[split:]]


def _is_brief(group: Sequence[WordModel], limits: Limits) -> bool:
    is_short = group[-1].end - group[0].start < limits.shortest
    return is_short or cell_len(_joined(group)) <= limits.width / 2


def _ease(upper: str, lower: str) -> float:
    """How welcome a break is between two texts, in characters that it may be out of the middle."""
    if upper.endswith(ENDS_CLAUSE):
        return 10
    phrase_ends = HIRAGANA.match(upper[-1:]) and not HIRAGANA.match(lower)
    return 5 if phrase_ends else 0


def _narrow(words: Iterable[WordModel], width: int) -> Iterator[WordModel]:
    """The words, those that are wider than a line cut into pieces."""
    for word in words:
        if cell_len(word.word.strip()) <= width:
            yield word
        else:
            for piece in filter(None, chop_cells(word.word.strip(), width)):
                yield word.model_copy(update={"word": piece})


def _rows_needed(words: Sequence[WordModel], width: int) -> int:
    rows, row = 1, ""
    for word in words:
        grown = row + word.word
        if row and cell_len(grown.strip()) > width:
            rows, row = rows + 1, word.word
        else:
            row = grown
    return rows


def _lines(words: Sequence[WordModel], width: int) -> tuple[str, ...]:
    """As few lines as can be, as even as can be, broken at a clause's end if one is near."""
    rows = _rows_needed(words, width)
    if rows == 1:
        return (_joined(words),)
    best: tuple[float, int] | None = None
    for split in range(1, len(words)):
        upper, lower = _joined(words[:split]), words[split:]
        upper_width = cell_len(upper)
        if best and upper_width > width:
            break
        if _rows_needed(lower, width) < rows:
            uneven = abs(upper_width - cell_len(_joined(lower)) / (rows - 1))
            cost = uneven - _ease(upper, _joined(lower))
            if best is None or cost < best[0]:
                best = cost, split
    assert best is not None, "filling one line after the other is one way"
    split = best[1]
    return (_joined(words[:split]), *_lines(words[split:], width))


def _timed(groups: Sequence[Sequence[WordModel]], limits: Limits) -> Iterator[Cue]:
    shown_until = 0.0
    for group, following in pairwise([*groups, None]):
        if group is None:
            return
        start = max(group[0].start, shown_until)
        latest = start + limits.longest
        spoken_until = min(max(group[-1].end, start + BLINK), latest)
        readable_until = start + max(limits.shortest, cell_len(_joined(group)) / CHARACTERS_PER_SECOND)
        free_until = following[0].start - GAP if following else readable_until
        shown_until = max(spoken_until, min(readable_until, free_until, latest))
        yield Cue(start, shown_until, _lines(group, limits.width))


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
