"""How often sentiment and emotion are right, on labelled sentences, and what they cost.

    .venv/bin/python bench/sentiment.py [--misses]

bench/sentiment.tsv has sentences with much feeling, of which a third, chosen by a checksum, is held out.
bench/sentiment_talks.tsv has every second sentence of bench/talks, ordinary speech that was written for
another purpose; half of them are held out. Of what is held out only the rates were ever looked at.

Emotions are counted right if they are the first of the list (`emotion`) or any of it (`accepted`), and
`valence` if the emotion is at least of the sentiment's kind: anger for sadness, say. Of ordinary speech only
sentiments are labelled, some with a second that is right too.

`--misses` prints what was wrong, of the parts that are not held out.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vivavoce.intelligence.embeddings import Embedder
from vivavoce.intelligence.sentiment import (
    NEGATIVE,
    POSITIVE,
    SENTIMENTS,
    EmbeddedSentimentAnalyser,
    Feeling,
)
from vivavoce.protocol.stream import Utterance, Word

_LABELLED = Path(__file__).with_suffix(".tsv")
_TALKS = _LABELLED.with_stem("sentiment_talks")
_WORDS = 5, 15, 25
_TIMES = 40
_SPOKEN = (
    "so the colleague that I had on the phone this morning told me that you would send a new one by Friday "
    "but nothing has come and now the old one makes a strange noise whenever it starts and I wonder who pays"
)


class Labelled(NamedTuple):
    language: str
    sentiment: str
    emotions: list[str]
    text: str

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0


class Judged(NamedTuple):
    wanted: Labelled
    found: Feeling


def labelled() -> Iterator[Labelled]:
    for line in _LABELLED.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            language, sentiment, emotions, text = line.split("\t")
            yield Labelled(language, sentiment, emotions.split("|"), text)


def talks() -> Iterator[tuple[bool, str, list[str], str]]:
    """Whether a sentence is held out, its language, the sentiments that are right, its text."""
    for line in _TALKS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            part, language, sentiments, text = line.split("\t")
            yield part == "held out", language, sentiments.split("|"), text


def report(title: str, judged: Sequence[Judged]) -> None:
    rates = {
        "sentiment": [one.wanted.sentiment == one.found.sentiment for one in judged],
        "emotion": [one.wanted.emotions[0] == one.found.emotion for one in judged],
        "accepted": [one.found.emotion in one.wanted.emotions for one in judged],
        "valence": [_kind(one.found.emotion) in map(_kind, one.wanted.emotions) for one in judged],
    }
    shares = "  ".join(f"{name} {sum(right) / len(right):6.1%}" for name, right in rates.items())
    print(f"{title:16} {len(judged):4}  {shares}")


def _kind(emotion: str) -> str:
    return "positive" if emotion in POSITIVE else "negative" if emotion in NEGATIVE else "neither"


def confusion(judged: Sequence[Judged]) -> None:
    counts = Counter((one.wanted.sentiment, one.found.sentiment) for one in judged)
    print(f"\n{'wanted, found':16}" + "".join(f"{found:>10}" for found in SENTIMENTS))
    for wanted in SENTIMENTS:
        print(f"{wanted:16}" + "".join(f"{counts[wanted, found]:10}" for found in SENTIMENTS))


def cost(analyser_of: Callable[[], EmbeddedSentimentAnalyser]) -> None:
    before = _resident()
    began = time.process_time()
    analyser = analyser_of()
    analyser.feelings(["One."], "en")
    print(f"\nloading: {time.process_time() - began:.2f} s of CPU, {_resident() - before:.0f} MB")
    for count in _WORDS:
        spent = [_timed(analyser, _utterance(count, salt)) for salt in range(_TIMES)]
        highest = statistics.quantiles(spent, n=20)[-1]
        print(f"{count:3} words: {statistics.median(spent):5.1f} ms of CPU, p95 {highest:5.1f}")
    print(f"resident after that: {_resident() - before:.0f} MB more than before loading")


def _timed(analyser: EmbeddedSentimentAnalyser, utterance: Utterance) -> float:
    began = time.thread_time()
    analyser.analyse(utterance)
    return 1000 * (time.thread_time() - began)


def _utterance(count: int, salt: int) -> Utterance:
    """Words that have not been seen together."""
    spoken = _SPOKEN.split()
    chosen = [spoken[(salt + index) % len(spoken)] for index in range(count)]
    words = tuple(Word(f" {word}", index / 3, (index + 1) / 3, 1.0) for index, word in enumerate(chosen))
    return Utterance("u", 0, 0.0, count / 3, "en", words)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    cost(lambda: EmbeddedSentimentAnalyser(Embedder()))
    analyser = EmbeddedSentimentAnalyser(Embedder())
    judged = [Judged(one, analyser.feelings([one.text], one.language)[0]) for one in labelled()]
    seen = [one for one in judged if not one.wanted.held_out]
    held_out = [one for one in judged if one.wanted.held_out]
    print()
    report("tuned", seen)
    report("held out", held_out)
    by_language = defaultdict[str, list[Judged]](list)
    for one in held_out:
        by_language[
            one.wanted.language if one.wanted.language in {"en", "de", "fr", "es"} else "others"
        ].append(one)
    for language, some in by_language.items():
        report(f"held out: {language}", some)
    confusion(held_out)
    print()
    for held_out_part, title in ((False, "talks, tuned"), (True, "talks, held out")):
        rows = [(one, analyser.feelings([one[3]], one[1])[0]) for one in talks() if one[0] == held_out_part]
        first = sum(wanted[0] == found.sentiment for (_, _, wanted, _), found in rows) / len(rows)
        accepted = sum(found.sentiment in wanted for (_, _, wanted, _), found in rows) / len(rows)
        print(f"{title:16} {len(rows):4}  sentiment {first:6.1%}  accepted {accepted:6.1%}")
        if arguments.misses and not held_out_part:
            for (_, language, wanted, text), found in rows:
                if found.sentiment not in wanted:
                    print(language, "|".join(wanted), "->", *found, ":", text)
    if arguments.misses:
        for one, found in seen:
            if one.sentiment != found.sentiment or found.emotion not in one.emotions:
                print(one.language, one.sentiment, "|".join(one.emotions), "->", *found, ":", one.text)


if __name__ == "__main__":
    main()
