"""How many entities of a list are found, what is found in ordinary speech, and at what cost.

    python bench/entities.py [--speech manifest.jsonl] [--misses]

A mention counts if one of its type on exactly its words is found. The parts of a person's name are not
counted.
Every third utterance of the list is held out: the rules were not written with it in view.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vivavoce.intelligence.base import Mention
from vivavoce.intelligence.entities.finder import Entities
from vivavoce.protocol.stream import Word

LABELLED = Path(__file__).with_suffix(".txt")
_MARK = re.compile(r"\{(\w+)\|([^}]*)\}")
_PARTS = {"NAME_GIVEN", "NAME_FAMILY"}


@dataclass(frozen=True, slots=True)
class Example:
    words: tuple[Word, ...]
    expected: frozenset[tuple[str, range]]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


def words_of(text: str) -> tuple[Word, ...]:
    """One word each half second."""
    return tuple(Word(f" {word}", i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))


def examples(lines: Sequence[str]) -> list[Example]:
    found = []
    for line in lines:
        plain, expected, at = "", set(), 0
        for match in _MARK.finditer(line):
            plain += line[at : match.start()]
            first = len(plain.split())
            plain += match[2]
            expected.add((match[1], range(first, len(plain.split()))))
            at = match.end()
        found.append(Example(words_of(plain + line[at:]), frozenset(expected)))
    return found


def bare(example: Example) -> Example:
    """As a recogniser writes it that knows neither capitals nor punctuation."""
    texts = (word.text.lower().rstrip(".,?!:") for word in example.words)
    words = tuple(replace(word, text=text) for word, text in zip(example.words, texts, strict=True))
    return replace(example, words=words)


def keyed(mentions: Sequence[Mention]) -> frozenset[tuple[str, range]]:
    return frozenset((m.entity_type, m.words) for m in mentions if m.entity_type not in _PARTS)


def report(name: str, finder: Entities, chosen: Sequence[Example], misses: bool) -> None:
    expected = right = found = 0
    for example in chosen:
        mentions = keyed(finder.find(example.words, "en"))
        expected += len(example.expected)
        right += len(example.expected & mentions)
        found += len(mentions)
        if misses and mentions != example.expected:
            print(f"  {example.text}")
            for mark, only in (("-", example.expected - mentions), ("+", mentions - example.expected)):
                for kind, which in sorted(only, key=lambda one: one[1].start):
                    print(f"    {mark} {kind}: {''.join(example.words[i].text for i in which)}")
    print(
        f"{name}: {right} of {expected} found ({right / expected:.1%}); {found - right} of {found} are false"
    )


def speech(manifest: Path, finder: Entities) -> None:
    """What is found in the transcripts of ordinary recordings, to be judged by eye."""
    words = count = 0
    for line in manifest.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if item["language"] == "en" and item["reference"] and item["kind"] != "digits":
            said = words_of(item["reference"])
            mentions = finder.find(said, "en")
            words += len(said)
            count += len(keyed(mentions))
            for mention in mentions:
                if mention.entity_type not in _PARTS:
                    part = said[max(0, mention.words.start - 4) : mention.words.stop + 3]
                    near = "".join(word.text for word in part)
                    print(f"  {mention.entity_type:20} {mention.text!r:40} {near}")
    print(f"ordinary speech: {count} mentions in {words} words, {1000 * count / words:.1f} per 1,000 words")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, help="recordings' transcripts, a line of JSON each")
    parser.add_argument("--misses", action="store_true", help="show what is missed and what is false")
    parser.add_argument("--held-out", action="store_true", help="show that of the part held out too")
    arguments = parser.parse_args()
    before = resident(), time.perf_counter()
    finder = Entities()
    finder.load("en")
    print(f"loading: {time.perf_counter() - before[1]:.1f} s, {resident() - before[0]:.0f} MB")
    lines = [line for line in LABELLED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    labelled = examples(lines)
    seen = [example for index, example in enumerate(labelled) if index % 3 != 2]
    report("in view", finder, seen, arguments.misses)
    report("held out", finder, labelled[2::3], arguments.misses and arguments.held_out)
    report("all", finder, labelled, False)
    report("all, in lower case and without punctuation", finder, [bare(one) for one in labelled], False)
    spent = sorted(cost(finder, example) for example in labelled)
    mean, p95 = sum(spent) / len(spent), spent[len(spent) * 95 // 100]
    length = sum(len(example.words) for example in labelled) / len(labelled)
    print(f"CPU per utterance of {length:.0f} words: {mean * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms")
    if arguments.speech:
        speech(arguments.speech, finder)


def cost(finder: Entities, example: Example) -> float:
    before = time.process_time()
    finder.find(example.words, "en")
    return time.process_time() - before


def resident() -> float:
    """Of this process, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = re.search(r"VmRSS:\s+(\d+)", status)
    return int(match[1]) / 1024 if match else 0.0


if __name__ == "__main__":
    main()
