"""How well redaction works: what is redacted of what should be, what else is, what it costs.

    .venv/bin/python bench/redaction.py [--misses]

Redacts the utterances of bench/redaction.txt for GDPR and PCI, finals as a session's. A mention counts as
found when none of its words stands, and a redacted stretch as right when it has words of a mention. `leaked`
counts the words of mentions that some partial showed, while the utterance grew word by word. Then each
mention is cut at each place within it, into two utterances: with one label, with another language's for the
second, and with a restart between them; a cut is wrong if a word stands that is redacted without it. And
utterances without a mention are cut everywhere. The part that is held out was written before the rules were
tried. What it showed led to more rules, of no use to its lines alone; the `new` part was written after them,
and looked at once. So was `cut`, after the rules for cuts.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from vivavoce.intelligence.base import EntityFinder
from vivavoce.intelligence.markers import is_redacted
from vivavoce.intelligence.redaction import Redactor
from vivavoce.intelligence.spelled import bare
from vivavoce.protocol.redaction import redacted_types
from vivavoce.protocol.stream import Utterance, Word
from vivavoce.server.redacting import Redaction

SECTIONS = ("tried", "held out", "new", "cut")
_LIST = Path(__file__).with_suffix(".txt")
_PIECE = re.compile(r"\[([A-Z_]+): ([^]]*)\]([.,;:!?'s]*)|(\S+)")
_TYPES = redacted_types(["GDPR", "PCI"])
_WORD_SECONDS = 0.4
CUTS = ("same label", "another label", "restart")
_ANOTHER = "nl"


@dataclass(frozen=True, slots=True)
class Line:
    """One speech: its words, of each the mention that it is part of, and where utterances end in it."""

    language: str
    words: tuple[str, ...]
    mentions: tuple[tuple[str, int] | None, ...]
    ends: tuple[int, ...]


@dataclass(slots=True)
class Tally:
    mentions: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    redacted: int = 0
    right: int = 0
    leaked: int = 0
    leaks: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    final_ms: list[float] = field(default_factory=list)
    partial_ms: list[float] = field(default_factory=list)
    cuts: int = 0
    wrong_cuts: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)
    ordinary: int = 0
    hidden: Counter[str] = field(default_factory=Counter)


def lines(section: str) -> Iterator[Line]:
    """The lines of a section of the list."""
    for text in _LIST.read_text(encoding="utf-8").partition(f"## {section}\n")[2].split("##")[0].splitlines():
        language, tab, said = text.partition("\t")
        if tab:
            yield _line(language, said)


def _line(language: str, said: str) -> Line:
    words: list[str] = []
    mentions: list[tuple[str, int] | None] = []
    ends: list[int] = []
    for number, piece in enumerate(_PIECE.finditer(said)):
        inside = piece[2] is not None
        for part, text in enumerate((f"{piece[2]}{piece[3]}" if inside else piece[4]).split("|")):
            if part:
                ends.append(len(words))
            words += text.split()
            mentions += [(piece[1], number) if inside else None] * len(text.split())
    return Line(language, tuple(words), tuple(mentions), (*ends, len(words)))


def tried(line: Line, redactor: Redactor, tally: Tally) -> None:
    """Redact the line as a session would, partials first, and count."""
    gone: set[int] = set()
    for first, end in pairwise((0, *line.ends)):
        texts = line.words[first:end]
        secret = {bare(line.words[i]) for i in range(first, end) if line.mentions[i]}
        secret -= {bare(line.words[i]) for i in range(first, end) if not line.mentions[i]}
        for count in range(1, len(texts) + 1):
            began = time.thread_time()
            shown = redactor.partial(_utterance(line.language, texts[:count], first)).text
            tally.partial_ms.append(1000 * (time.thread_time() - began))
            leaked = secret & set(map(bare, shown.split()))
            tally.leaked += len(leaked)
            tally.leaks += [f"{' '.join(sorted(leaked))}  in: {shown}"] if leaked else []
        began = time.thread_time()
        final = redactor.final(_utterance(line.language, texts, first))
        tally.final_ms.append(1000 * (time.thread_time() - began))
        for word in final.words:
            if is_redacted(word.text):
                stretch = {i for i in range(first, end) if word.start <= i * _WORD_SECONDS < word.end}
                gone |= stretch
                tally.redacted += 1
                tally.right += any(line.mentions[i] for i in stretch)
                if not any(line.mentions[i] for i in stretch):
                    said = " ".join(line.words[i] for i in sorted(stretch))
                    tally.wrong.append(f"{said}  ({word.text.strip()})  in: {' '.join(line.words)}")
    for mention in dict.fromkeys(filter(None, line.mentions)):
        places = {i for i, each in enumerate(line.mentions) if each == mention}
        tally.mentions[mention[0]] += 1
        tally.found[mention[0]] += places <= gone
        if not places <= gone:
            tally.missed.append(f"{mention[0]}: {' '.join(line.words[i] for i in sorted(places))}")


def cut(line: Line, finder: EntityFinder, tally: Tally) -> None:
    """Cut the line at each place where that may matter, and count."""
    whole = _gone(line, finder, None, "")
    for place in range(1, len(line.words)):
        mention = line.mentions[place]
        if mention and mention == line.mentions[place - 1] and place not in line.ends:
            tally.cuts += 1
            within = {i for i, each in enumerate(line.mentions) if each == mention}
            for kind in CUTS:
                if shown := within & whole - _gone(line, finder, place, kind):
                    tally.wrong_cuts[kind] += 1
                    words = " ".join(line.words[i] for i in sorted(shown))
                    said = f"{' '.join(line.words[:place])} | {' '.join(line.words[place:])}"
                    tally.shown.append(f"{words}  ({mention[0]}, {kind})  in: {said}")
        elif not any(line.mentions):
            tally.ordinary += len(line.words)
            for kind in CUTS:
                tally.hidden[kind] += len(_gone(line, finder, place, kind))


def _gone(line: Line, finder: EntityFinder, place: int | None, kind: str) -> set[int]:
    """Which words are redacted in finals, where the line is cut at that place, too."""
    redactor = Redactor(finder, _TYPES)
    finals: list[Utterance] = []
    for first, end in pairwise(sorted({0, *line.ends} | ({place} if place else set()))):
        is_after = place is not None and first >= place
        language = _ANOTHER if is_after and kind == "another label" else line.language
        if first == place and kind == "restart":
            redactor = Redactor(finder, _TYPES)
            redactor.resume(finals)
        finals.append(redactor.final(_utterance(language, line.words[first:end], first)))
    hidden = [word for final in finals for word in final.words if is_redacted(word.text)]
    places = range(len(line.words))
    return {i for word in hidden for i in places if word.start <= i * _WORD_SECONDS < word.end}


def _utterance(language: str, texts: tuple[str, ...], first: int) -> Utterance:
    words = tuple(
        Word(f" {text}", _WORD_SECONDS * i, _WORD_SECONDS * (i + 1) - 0.05, 0.9)
        for i, text in enumerate(texts, start=first)
    )
    return Utterance(f"00_{first:08d}", 0, words[0].start, words[-1].end, language, words)


def report(section: str, tally: Tally, misses: bool) -> None:
    found, total = tally.found.total(), tally.mentions.total()
    precision = tally.right / max(1, tally.redacted)
    print(f"{section}: recall {found}/{total} = {found / total:.1%}, ", end="")
    print(f"precision {tally.right}/{tally.redacted} = {precision:.1%}, ", end="")
    print(f"words of mentions in partials: {tally.leaked}")
    for kind, times in (("final", tally.final_ms), ("partial", tally.partial_ms)):
        cuts = quantiles(times, n=20)
        print(f"  CPU of a {kind}: median {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms")
    for kind in CUTS:
        print(f"  cut within a mention, {kind}: {tally.wrong_cuts[kind]} of {tally.cuts} show a word of it")
    for kind in CUTS if tally.ordinary else ():
        print(f"  cut elsewhere, {kind}: {tally.hidden[kind]} of {tally.ordinary} words redacted")
    for name, count in sorted(tally.mentions.items()):
        print(f"  {name}: {tally.found[name]}/{count}")
    if misses:
        print(*(f"  missed  {each}" for each in tally.missed), sep="\n")
        print(*(f"  leaked  {each}" for each in tally.leaks), sep="\n")
        print(*(f"  wrong   {each}" for each in tally.wrong), sep="\n")
        print(*(f"  shown   {each}" for each in tally.shown), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="show what was missed and what was wrong")
    parser.add_argument("--section", choices=SECTIONS, help="that part alone")
    arguments = parser.parse_args()
    redaction = Redaction()
    redaction.load(())
    for section in SECTIONS:
        if arguments.section in (None, section):
            tally = Tally()
            for line in lines(section):
                # A session of its own: who was named in one line is not known in the next.
                tried(line, Redactor(redaction.finder, _TYPES), tally)
                cut(line, redaction.finder, tally)
            report(section, tally, arguments.misses)
    redaction.close()


if __name__ == "__main__":
    main()
