"""How good chapters and summaries are: on talks with marked chapters and facts, in `bench/talks`.

    .venv/bin/python bench/summaries.py [--texts] [--part tuned] [NAME ...]

Boundaries: precision and recall of where chapters begin, within one sentence, and WindowDiff (L. Pevzner
and M. Hearst, 2002; 0 is perfect), beside that of cuts at equal distances, as many as there are. Facts: how
many of those marked the summary tells, beside the first sentences of the talk of the same length. Read the
texts too: no figure tells whether they are good to read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vivavoce.intelligence.base import SummaryKind
from vivavoce.intelligence.chapters import ExtractiveChapterizer
from vivavoce.intelligence.embeddings import Embedder
from vivavoce.intelligence.passages import passages_of
from vivavoce.intelligence.summaries import ExtractiveSummarizer
from vivavoce.live.sentences import timed_sentences
from vivavoce.protocol.responses import Chapter
from vivavoce.protocol.stream import Utterance, Word

TALKS = Path(__file__).parent / "talks"
PARTS = ("tuned", "seen", "fresh")
_SECONDS_A_WORD = 0.35
_PAUSE = 0.6
_KINDS: tuple[SummaryKind, ...] = ("general", "concise", "bullet_points")


@dataclass(frozen=True)
class Talk:
    """`begins`: seconds at which chapters begin. `facts`: each several alternatives of words that are all
    there.
    """

    name: str
    part: str
    utterances: tuple[Utterance, ...]
    begins: tuple[float, ...]
    titles: tuple[str, ...]
    facts: tuple[tuple[tuple[str, ...], ...], ...]


def read(file: Path) -> Talk:
    head: dict[str, str] = {}
    utterances: list[Utterance] = []
    begins: list[float] = []
    titles: list[str] = []
    facts = []
    now = 0.0
    channels: dict[str, int] = {}
    for line in file.read_text("utf-8").splitlines():
        before, _, after = line.partition(": ")
        if line.startswith("== "):
            begins.append(now)
            titles.append(line[3:])
        elif line.startswith("* "):
            facts.append(_fact(line.rpartition(": ")[2]))
        elif len(before) == 1:
            channel = channels.setdefault(before, len(channels))
            words = []
            for text in after.split():
                words.append(Word(f" {text}", now, now + 0.8 * _SECONDS_A_WORD, 0.9))
                now += _SECONDS_A_WORD
            language = head["language"]
            utterances.append(
                Utterance(
                    f"{channel:02}_{now}", channel, words[0].start, words[-1].end, language, tuple(words)
                )
            )
            now += _PAUSE
        else:
            head[before] = after
    return Talk(file.stem, head["part"], tuple(utterances), tuple(begins), tuple(titles), tuple(facts))


def _fact(text: str) -> tuple[tuple[str, ...], ...]:
    alternatives = text.split(", ") if "," in text else [text]
    return tuple(tuple(word.split("|")) for word in alternatives)


def told(talk: Talk, text: str) -> int:
    """Facts of which each word, or another word for it, is in the text."""
    said = text.lower()
    return sum(all(any(one.lower() in said for one in words) for words in fact) for fact in talk.facts)


def first_words(talk: Talk, length: int) -> str:
    """Whole sentences from the beginning, at least as many words as `length`."""
    found: list[str] = []
    for passage in passages_of(talk.utterances):
        if len(" ".join(found).split()) >= length:
            break
        found.append(passage.text)
    return " ".join(found)


def sentence_numbers(talk: Talk, begins: Sequence[float]) -> set[int]:
    """Of the first sentence that begins at each time or after it, without the talk's first."""
    starts = [sentence.start for sentence in timed_sentences(talk.utterances)]
    numbers = (next(n for n, start in enumerate(starts) if start >= begin - 0.01) for begin in begins)
    return {number for number in numbers if number}


def found_within_one(wanted: set[int], found: set[int]) -> int:
    left = set(found)
    hits = 0
    for boundary in sorted(wanted):
        near = next((each for each in (boundary, boundary - 1, boundary + 1) if each in left), None)
        if near is not None:
            left.remove(near)
            hits += 1
    return hits


def window_diff(wanted: set[int], found: set[int], length: int) -> float:
    """Windows of half a chapter's mean length in which the numbers of boundaries differ."""
    window = max(2, round(length / (len(wanted) + 1) / 2))
    windows = range(length - window)

    def inside(boundaries: set[int], begin: int) -> int:
        return sum(begin < each <= begin + window for each in boundaries)

    return sum(inside(wanted, n) != inside(found, n) for n in windows) / max(1, len(windows))


@dataclass(frozen=True)
class Judgement:
    """`right`: boundaries found within one sentence. Facts are told by each kind of summary, by chapters."""

    wanted: int
    found: int
    right: int
    window_diff: float
    of_equal_cuts: float
    facts: int
    told: tuple[int, ...]
    by_first_sentences: tuple[int, ...]
    seconds: float


def judged(
    talk: Talk, chapters: Sequence[Chapter], summaries: dict[SummaryKind, str], seconds: float
) -> Judgement:
    count = len(timed_sentences(talk.utterances))
    wanted = sentence_numbers(talk, talk.begins)
    found = sentence_numbers(talk, [chapter.start for chapter in chapters])
    equal = {round(count * n / (len(wanted) + 1)) for n in range(1, len(wanted) + 1)}
    texts = [*summaries.values(), " ".join(f"{each.headline} {each.summary}" for each in chapters)]
    return Judgement(
        len(wanted),
        len(found),
        found_within_one(wanted, found),
        window_diff(wanted, found, count),
        window_diff(wanted, equal, count),
        len(talk.facts),
        tuple(told(talk, text) for text in texts),
        tuple(told(talk, first_words(talk, len(text.split()))) for text in texts),
        seconds,
    )


def row_of(name: str, judgement: Judgement) -> str:
    facts = " ".join(
        f"{told}({first})" for told, first in zip(judgement.told, judgement.by_first_sentences, strict=True)
    )
    return (
        f"{name:20} {judgement.wanted} {judgement.found} {judgement.right} | {judgement.window_diff:.2f} "
        f"{judgement.of_equal_cuts:.2f} | {judgement.facts}: {facts} | {judgement.seconds:.1f} s"
    )


def summary_of(judgements: Sequence[Judgement]) -> str:
    """Of all talks together; WindowDiff is a mean."""
    wanted = sum(each.wanted for each in judgements)
    found = sum(each.found for each in judgements)
    right = sum(each.right for each in judgements)
    diff, equal = (
        sum(values) / len(judgements)
        for values in zip(*((each.window_diff, each.of_equal_cuts) for each in judgements), strict=True)
    )
    facts = sum(each.facts for each in judgements)
    told = [sum(column) / facts for column in zip(*(each.told for each in judgements), strict=True)]
    first = [
        sum(column) / facts for column in zip(*(each.by_first_sentences for each in judgements), strict=True)
    ]
    shares = ", ".join(
        f"{name} {share:.0%} ({of_first:.0%})"
        for name, share, of_first in zip((*_KINDS, "chapters"), told, first, strict=True)
    )
    return (
        f"boundaries: precision {right / max(found, 1):.2f}, recall {right / wanted:.2f}, "
        f"WindowDiff {diff:.2f} ({equal:.2f})\nfacts: {shares}\n"
    )


def print_texts(talk: Talk, chapters: Sequence[Chapter], summaries: dict[SummaryKind, str]) -> None:
    print(
        "  wanted:",
        "; ".join(f"{begin:.0f} s {title}" for begin, title in zip(talk.begins, talk.titles, strict=True)),
    )
    for chapter in chapters:
        print(f"  {chapter.start:4.0f}-{chapter.end:.0f} [{chapter.headline}] {', '.join(chapter.keywords)}")
        print(f"       gist: {chapter.gist}\n       summary: {chapter.summary}")
    for kind, text in summaries.items():
        print(f"  {kind} ({len(text.split())} words):\n    " + text.replace("\n", "\n    "))
    print()


def talks(names: Sequence[str]) -> Iterator[Talk]:
    for file in sorted(TALKS.glob("*.txt")):
        if not names or file.stem in names:
            yield read(file)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--texts", action="store_true", help="print what is to be read")
    options = parser.parse_args()
    embedder = Embedder()
    chapterizer, summarizer = ExtractiveChapterizer(embedder), ExtractiveSummarizer(embedder)
    for part in [options.part] if options.part else PARTS:
        print(f"{part}: boundaries wanted, found, right | WindowDiff (of equal cuts) | facts: told by each")
        print(f"kind of summary ({', '.join(_KINDS)}) and by chapters (by the first sentences) | CPU time")
        judgements = []
        for talk in (talk for talk in talks(options.names) if talk.part == part):
            begun = time.process_time()
            chapters = chapterizer.chapters(talk.utterances)
            summaries = {kind: summarizer.summarize(talk.utterances, kind) for kind in _KINDS}
            judgements.append(judged(talk, chapters, summaries, time.process_time() - begun))
            print(row_of(talk.name, judgements[-1]))
            if options.texts:
                print_texts(talk, chapters, summaries)
        if judgements:
            print(summary_of(judgements))


if __name__ == "__main__":
    main()
