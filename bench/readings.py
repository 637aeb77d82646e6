"""More recordings for `vivavoce eval`: Russian sentences, read, and German, Spanish, Italian and French ones.

    apt-get download festvox-ru fortunes-{de,es,it} gimp-help-fr
    .venv/bin/pip install py-nanotts
    .venv/bin/python bench/readings.py DIRECTORY_OF_THE_PACKAGES DIRECTORY
    .venv/bin/vivavoce eval DIRECTORY

The Russian sentences, about 9 s each, are those that Debian packages with a voice of Festival: one speaker at
16 kHz; every third is taken, 33 minutes in all. No package has as much in the other languages with its text,
so sayings that Debian packages, and for French sentences of a manual, are spoken by SVOX Pico, an hour of
each, and joined as `prompts.py` does. Voices like these are clearer than people are, and always the same: the
figures are no measure of a language, only of what streaming costs. The same recordings at each call.

Needs the development set-up (docs/benchmarks.md) and dpkg-deb.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from prompts import RATE, Sound, make_set, recordings, saved, trimmed, unpack

_VOICE = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
_SENTENCE = re.compile(r'\(\s*(\w+)\s+"(.*)"\s*\)')
_EVERY = 3
_FORTUNES = "usr/share/games/fortunes"
_MANUAL = "usr/share/gimp/2.0/help/fr"
_PLAIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœß ,.!?;:’'-]+")
_FEWEST_WORDS, _MOST_WORDS = 5, 30
_SECONDS = 3_600
# Left untranslated, and names of files and of formats.
_NOT_FRENCH = re.compile(r"(?i:\b(?:the|this|of|is|to)\b)|[A-Z]{2}|\.\w")
_ACCENTS = str.maketrans("aeiou", "àèìòù")


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


def sayings(unpacked: Path, pattern: str) -> Iterator[str]:
    """Without who said them."""
    for file in sorted((unpacked / _FORTUNES).glob(pattern)):
        for entry in file.read_text("utf-8").split("\n%\n"):
            yield " ".join(re.split(r"\n\s*--|\n\t", entry)[0].split())


def german(unpacked: Path) -> Iterator[str]:
    for kind in ("sprichworte", "sprichwortev", "zitate"):
        yield from sayings(unpacked, f"de/{kind}")


def spanish(unpacked: Path) -> Iterator[str]:
    yield from sayings(unpacked, "es/*.fortunes")


def italian(unpacked: Path) -> Iterator[str]:
    """Accents are written as apostrophes there."""
    for text in sayings(unpacked, "it/*.u8"):
        yield re.sub(r"([aeiou])'(?!\w)", lambda found: found[1].translate(_ACCENTS), text)


def french(unpacked: Path) -> Iterator[str]:
    for page in sorted((unpacked / _MANUAL).glob("*.html")):
        for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text("utf-8"), re.DOTALL):
            text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", paragraph)).split())
            for sentence in re.split(r"(?<=[.!?]) ", text):
                if sentence.endswith(".") and not _NOT_FRENCH.search(sentence):
                    yield sentence


def spoken(language: str, voice: str, texts: Iterator[str]) -> Iterator[tuple[str, Sound]]:
    from py_nanotts import NanoTTS

    chosen = [
        text
        for text in dict.fromkeys(texts)
        if _PLAIN.fullmatch(text) and _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS
    ]
    chance = random.Random(language)
    chance.shuffle(chosen)
    engine = NanoTTS()
    parts: list[tuple[str, Sound]] = []
    seconds = 0.0
    for text in chosen:
        sound = np.frombuffer(engine.speak(text, voice=voice), "<i2").astype(np.float32) / 32_768
        parts.append((text, trimmed(sound)))
        seconds += len(parts[-1][1]) / RATE
        if seconds > _SECONDS:
            break
    yield from recordings(parts, chance)


_VOICES: dict[str, tuple[str, str, Callable[[Path], Iterator[str]]]] = {
    "de": ("de-DE", "fortunes-de", german),
    "es": ("es-ES", "fortunes-es", spanish),
    "it": ("it-IT", "fortunes-it", italian),
    "fr": ("fr-FR", "gimp-help-fr", french),
}


def readings(packages: Path, directory: Path) -> Iterator[str]:
    with TemporaryDirectory() as unpacked:
        for name in ("festvox-ru", *(package for _, package, _ in _VOICES.values())):
            unpack(packages, name, Path(unpacked))
        yield from saved(directory, "ru_readings", "ru", "read", russian(Path(unpacked)))
        for language, (voice, _, texts) in _VOICES.items():
            read = spoken(language, voice, texts(Path(unpacked)))
            yield from saved(directory, f"{language}_readings", language, "synthetic", read)


if __name__ == "__main__":
    make_set(__doc__, readings)
