"""More recordings for `vivavoce eval`: Russian sentences, read, and German ones, read by a synthetic voice.

    apt-get download festvox-ru fortunes-de
    .venv/bin/pip install py-nanotts
    .venv/bin/python bench/readings.py DIRECTORY_OF_THE_PACKAGES DIRECTORY
    .venv/bin/vivavoce eval DIRECTORY

The Russian sentences, about 9 s each, are those that Debian packages with a voice of Festival: one speaker at
16 kHz; every fifth is taken, 20 minutes in all. No package has German recordings with their text, so proverbs
and quotations that Debian packages as text are spoken by SVOX Pico and joined as `prompts.py` does. A voice
like that is clearer than people are: the figures are no measure of German, only of what streaming costs. The
same recordings at each call.

Needs the development set-up (docs/benchmarks.md) and dpkg-deb.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from prompts import RATE, Sound, make_set, recordings, saved, trimmed, unpack

_VOICE = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
_SENTENCE = re.compile(r'\(\s*(\w+)\s+"(.*)"\s*\)')
_EVERY = 5
_TEXTS = "usr/share/games/fortunes/de"
_KINDS = ("sprichworte", "sprichwortev", "zitate")
_PLAIN = re.compile(r"[A-Za-zÄÖÜäöüß ,.!?;:-]+")
_FEWEST_WORDS, _MOST_WORDS = 5, 30
_GERMAN_SECONDS = 720


def russian(unpacked: Path) -> Iterator[tuple[str, Sound]]:
    """Stress is marked by a plus in the text, and pauses by commas."""
    voice = unpacked / _VOICE
    lines = (voice / "etc/txt.done.data").read_text("utf-8").splitlines()
    sentences = [match for line in lines if (match := _SENTENCE.match(line))]
    for name, text in (match.groups() for match in sentences[::_EVERY]):
        samples, rate = soundfile.read(voice / f"wav/{name}.wav", dtype="float32")
        if rate != RATE:
            raise SystemExit(f"{name}.wav has {rate} Hz, not {RATE}")
        yield text.replace("+", ""), samples


def german(unpacked: Path) -> Iterator[tuple[str, Sound]]:
    from py_nanotts import NanoTTS

    texts = [
        " ".join(entry.partition("\n\t")[0].split())
        for kind in _KINDS
        for entry in (unpacked / _TEXTS / kind).read_text("utf-8").split("\n%\n")
    ]
    chosen = [
        text
        for text in dict.fromkeys(texts)
        if _PLAIN.fullmatch(text) and _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS
    ]
    chance = random.Random("de")
    chance.shuffle(chosen)
    voice = NanoTTS()
    parts: list[tuple[str, Sound]] = []
    seconds = 0.0
    for text in chosen:
        spoken = np.frombuffer(voice.speak(text, voice="de-DE"), "<i2").astype(np.float32) / 32_768
        parts.append((text, trimmed(spoken)))
        seconds += len(parts[-1][1]) / RATE
        if seconds > _GERMAN_SECONDS:
            break
    yield from recordings(parts, chance)


def readings(packages: Path, directory: Path) -> Iterator[str]:
    with TemporaryDirectory() as unpacked:
        for name in ("festvox-ru", "fortunes-de"):
            unpack(packages, name, Path(unpacked))
        for language, kind, read in (("ru", "read", russian), ("de", "synthetic", german)):
            yield from saved(directory, f"{language}_readings", language, kind, read(Path(unpacked)))


if __name__ == "__main__":
    make_set(__doc__, readings)
