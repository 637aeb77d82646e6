"""How well custom vocabulary works: names that are found, words that are replaced and should not be.

    .venv/bin/python bench/vocabulary.py [--manifest MANIFEST]

Has the sentences of bench/vocabulary.txt read by the four voices of flite (Debian's package `flite`), who are
told how the names are said. Recognises each with the default model, writes it with a vocabulary of all the
names, with and without their pronunciations, and counts the sentences in which the name then stands (`hits`)
and the other entries that were written (`wrong`). Then the same with ordinary speech, the English recordings
of a manifest as `vivavoce eval` takes it, in which every entry is `false`: with 5, 50 and 500 entries, the
last filled up with the names of places in the time zone database. Last, what it costs an utterance.

Needs the development set-up (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from vivavoce.bench.manifest import numbered_lines
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Recognizer, Request
from vivavoce.recognizers.phonemizer import Phonemizer
from vivavoce.server.models import DEFAULT_MODEL, load_models
from vivavoce.settings import Settings
from vivavoce.wording.vocabulary import CustomVocabulary, Entry

_NAMES = Path(__file__).with_suffix(".txt")
_VOICES = ("slt", "rms", "awb", "kal16")
_LONGEST = 20 * 16_000

Words = tuple[Word, ...]


def names() -> Iterator[tuple[str, str, list[str]]]:
    """What is to be written, how it is said, and sentences with it."""
    for line in _NAMES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, said, *sentences = line.split(" | ")
            yield name, said, sentences


def places() -> list[str]:
    zones = (zone.split("/") for zone in sorted(zoneinfo.available_timezones()))
    return list(dict.fromkeys(zone[-1].replace("_", " ") for zone in zones if len(zone) > 1))


def spoken(text: str, voice: str, directory: Path) -> NDArray[np.float32]:
    file = directory / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(file)], check=True)
    return samples(file)


def samples(file: Path) -> NDArray[np.float32]:
    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    resampled: NDArray[np.float32] = soxr.resample(audio[:, 0], rate, 16_000)
    return resampled


def heard(recognizer: Recognizer, audio: NDArray[np.float32]) -> Iterator[Words]:
    for start in range(0, len(audio), _LONGEST):
        yield recognizer.recognize(Request(audio[start : start + _LONGEST], ("en",), final=True)).words


def text(words: Words) -> str:
    return "".join(word.text for word in words)


def count(entry: str, words: Words) -> int:
    return len(re.findall(rf"(?<!\w){re.escape(entry)}(?!\w)", text(words)))


def measure_names(said: list[tuple[str, Words]], vocabulary: CustomVocabulary, entries: list[str]) -> str:
    hits = wrong = 0
    for name, words in said:
        written = vocabulary.apply(words, "en")
        hits += count(name, written) > 0
        wrong += sum(count(other, written) for other in entries if other != name)
    without = sum(count(name, words) > 0 for name, words in said) / len(said)
    return f"hits {hits / len(said):.1%} of {len(said)} ({without:.1%} without), wrong {wrong}"


def measure_ordinary(ordinary: list[Words], vocabulary: CustomVocabulary, entries: list[str]) -> str:
    false, took = 0, []
    for words in ordinary:
        start = time.perf_counter()
        written = vocabulary.apply(words, "en")
        took.append(1e3 * (time.perf_counter() - start))
        false += sum(count(entry, written) - count(entry, words) for entry in entries)
    total = sum(map(len, ordinary))
    cost = f"{np.mean(took):.1f} ms, p95 {np.quantile(took, 0.95):.1f} ({total / len(took):.0f} words)"
    return f"false {1000 * false / total:.2f} in 1,000 of {total} words; an utterance takes {cost}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--manifest", type=Path)
    manifest: Path | None = parser.parse_args().manifest
    recognizer = load_models(Settings.from_environment()).recognizers[DEFAULT_MODEL]
    listed = list(names())
    said: list[tuple[str, Words]] = []
    with tempfile.TemporaryDirectory() as directory:
        for name, how, sentences in listed:
            for sentence in sentences:
                for voice in _VOICES:
                    audio = spoken(sentence.replace(name, how), voice, Path(directory))
                    said += [(name, words) for words in heard(recognizer, audio)]
    lines = [line for _, line in numbered_lines(manifest)] if manifest else []
    english = [line for line in lines if line.language == "en" and line.reference and not line.derived]
    ordinary = [
        words
        for line in english
        for words in heard(recognizer, samples(Path(manifest or "").parent / line.file))
        if words
    ]
    phonemizer = Phonemizer()
    try:
        spelled = {name: (how,) for name, how, _ in listed}
        known = " ".join(line.reference or "" for line in english)
        entries = [*spelled, *(place for place in places() if place not in known)]
        for size, pronounced in ((5, True), (50, True), (50, False), (500, True)):
            chosen = entries[:size]
            given = [Entry(entry, spelled.get(entry, ()) if pronounced else ()) for entry in chosen]
            vocabulary = CustomVocabulary(given, phonemizer.sounds)
            vocabulary.prepare("en")
            print(f"{size} entries, {'with' if pronounced else 'without'} pronunciations")
            print("  names:", measure_names([one for one in said if one[0] in chosen], vocabulary, chosen))
            if ordinary:
                print("  ordinary speech:", measure_ordinary(ordinary, vocabulary, chosen))
    finally:
        phonemizer.close()


if __name__ == "__main__":
    main()
