"""How well, how quickly and with how much memory English and Portuguese are translated by what is embedded.

    .venv/bin/python bench/translation.py [--models PLACE ...] [--show]

`translations.txt` has sentences in both languages. Prints for each direction chrF (0 to 100: characters that
are the same, by runs of up to six; M. Popović, "chrF: character n-gram F-score for automatic MT evaluation",
2015) of the lines that may be looked at and of those that are held out, milliseconds of CPU for a line and
what loading takes: seconds and MB. `--models` adds model directories (PAIR=DIRECTORY, or DIRECTORY), which
come first.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from vivavoce.intelligence.base import TranslationOptions
from vivavoce.intelligence.translation.directory import engines_at
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.translator import PairTranslator
from vivavoce.protocol.stream import Utterance, Word

_LIST = Path(__file__).with_name("translations.txt")
_LONGEST_RUN = 6
_BETA = 2


@dataclass(frozen=True)
class Translated:
    text: str
    reference: str
    milliseconds: float


def lines() -> list[tuple[str, str]]:
    texts = (line for line in _LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [
        (english.strip(), portuguese.strip()) for english, _, portuguese in (t.partition("|") for t in texts)
    ]


def chrf(pairs: Sequence[Translated]) -> float:
    """Of a whole list: precision and recall are those of all its runs of characters, spaces left away."""
    precisions, recalls = [], []
    for length in range(1, _LONGEST_RUN + 1):
        same = written = wanted = 0
        for pair in pairs:
            ours, theirs = (Counter(runs(text, length)) for text in (pair.text, pair.reference))
            same += (ours & theirs).total()
            written += ours.total()
            wanted += theirs.total()
        precisions.append(same / max(written, 1))
        recalls.append(same / max(wanted, 1))
    precision, recall = (sum(each) / _LONGEST_RUN for each in (precisions, recalls))
    weight = _BETA**2
    return 100 * (1 + weight) * precision * recall / max(weight * precision + recall, 1e-9)


def runs(text: str, length: int) -> Iterator[str]:
    letters = "".join(text.split())
    return (letters[at : at + length] for at in range(len(letters) - length + 1))


def resident() -> float:
    """MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def spoken(text: str, language: str) -> Utterance:
    words = tuple(Word(f" {word}", n / 3, (n + 1) / 3, 1.0) for n, word in enumerate(text.split()))
    return Utterance("", 0, 0.0, words[-1].end, language, words)


def translate(translator: PairTranslator, text: str, reference: str, pair: tuple[str, str]) -> Translated:
    begun = time.thread_time()
    utterance = translator.translate(spoken(text, pair[0]), pair[1], TranslationOptions())
    return Translated(utterance.text.strip(), reference, 1000 * (time.thread_time() - begun))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--show", action="store_true", help="print what was not held out")
    options = parser.parse_args()
    translator = PairTranslator([*engines_at(options.models), EmbeddedEngine()])
    texts = lines()
    for pair in (("en", "pt"), ("pt", "en")):
        before, begun = resident(), time.monotonic()
        translate(translator, "Yes." if pair[0] == "en" else "Sim.", "", pair)
        loading, memory = time.monotonic() - begun, resident() - before
        all_of_them = [
            translate(translator, *(line if pair[0] == "en" else line[::-1]), pair) for line in texts
        ]
        seen, held_out = all_of_them[::2], all_of_them[1::2]
        if options.show:
            for each in seen:
                print(f"  {each.text}\n  = {each.reference}\n")
        took = [each.milliseconds for each in all_of_them]
        slow = quantiles(took, n=20)[-1]
        print(f"{'-'.join(pair)}: chrF {chrf(seen):.1f} of {len(seen)} lines, {chrf(held_out):.1f} held out")
        print(f"  CPU {median(took):.0f} ms a line, p95 {slow:.0f}; loading {loading:.1f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
