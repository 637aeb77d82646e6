"""More recordings for `vivavoce eval`: telephone prompts in Spanish, French, Italian and Russian, 46 minutes.

    apt-get download asterisk-core-sounds-{es,fr,it,ru}{,-g722}
    .venv/bin/python bench/prompts.py DIRECTORY_OF_THE_PACKAGES DIRECTORY
    vivavoce eval DIRECTORY

Debian packages the prompts of the Asterisk project (CC BY-SA 3.0), spoken by one person for each language,
with their text. Those of at least four words without figures are joined, about 20 s to a recording, with
pauses of 0.05 to 1.5 s between them: the same recordings at each call. Where prompt and text differ in how
long they are, they are left out. Spanish is written without
accents there, which counts as wrong offline and streamed alike.

Needs the development set-up (docs/benchmarks.md) and dpkg-deb.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

_VOICES = {"es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo", "ru": "ru_RU_f_IvrvoiceRU"}
RATE = 16_000
_SECONDS = 20
_PAUSES = (0.05, 0.2, 0.4, 0.6, 1.0, 1.5)
_FEWEST_WORDS = 4
# Characters in a second: beyond, something else is said than is written.
_SLOWEST, _FASTEST = 7, 28
_FIGURES_AND_NOTES = re.compile(r"[\d\[\](){}<>@]|www")

Sound = NDArray[np.float32]


def unpack(packages: Path, name: str, directory: Path) -> None:
    found = sorted(packages.glob(f"{name}_*.deb"))
    if not found:
        raise SystemExit(f"no {name}_*.deb in {packages}")
    subprocess.run(["dpkg-deb", "-x", str(found[-1]), str(directory)], check=True)


def prompts(directory: Path, language: str) -> Iterator[tuple[str, Sound]]:
    """Texts and what was said, trimmed, each text once."""
    name = f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    sounds = directory / "usr/share/asterisk/sounds" / _VOICES[language]
    seen = set[str]()
    for line in gzip.decompress((directory / name).read_bytes()).decode("utf-8-sig").splitlines():
        prompt, _, text = line.partition(":")
        text = text.strip(' ".')
        file = sounds / f"{prompt}.g722"
        if _FIGURES_AND_NOTES.search(text) or len(text.split()) < _FEWEST_WORDS:
            continue
        if text not in seen and file.is_file():
            sound = trimmed(decoded(file))
            if _SLOWEST < len(text) / (len(sound) / RATE) < _FASTEST:
                seen.add(text)
                yield text, sound


def decoded(file: Path) -> Sound:
    with av.open(str(file), format="g722") as container:
        parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(parts).astype(np.float32) / 32_768


def trimmed(sound: Sound) -> Sound:
    """With 0.1 s of quiet on either side at most."""
    step = RATE // 50
    level = np.sqrt(np.square(sound[: len(sound) // step * step]).reshape(-1, step).mean(axis=1))
    loud = np.flatnonzero(level > 0.01)
    return sound[max(0, loud[0] - 5) * step : (loud[-1] + 6) * step] if len(loud) else sound


def recordings(parts: list[tuple[str, Sound]], chance: random.Random) -> Iterator[tuple[str, Sound]]:
    chance.shuffle(parts)
    while parts:
        texts, sounds = [], [np.zeros(round(0.3 * RATE), np.float32)]
        while parts and sum(map(len, sounds)) < _SECONDS * RATE:
            text, sound = parts.pop()
            texts.append(text)
            sounds += [sound, np.zeros(round(chance.choice(_PAUSES) * RATE), np.float32)]
        # Where they meet there is no digital silence, as there is none on a line.
        whole = np.concatenate(sounds)
        hiss = np.random.default_rng(len(parts)).normal(0, 2e-4, len(whole))
        yield " ".join(texts), (whole + hiss).astype(np.float32)


def saved(
    directory: Path, name: str, language: str, kind: str, spoken: Iterable[tuple[str, Sound]]
) -> Iterator[str]:
    """Writes the recordings, and gives their lines of the manifest."""
    for number, (text, sound) in enumerate(spoken):
        file = f"{name}_{number:03}.flac"
        soundfile.write(directory / file, sound, RATE)
        about = {"file": file, "language": language, "reference": text, "duration_s": len(sound) / RATE}
        yield json.dumps(about | {"kind": kind}, ensure_ascii=False) + "\n"


def make_set(description: str, lines: Callable[[Path, Path], Iterator[str]]) -> None:
    """A script's run: `lines` gives those of the manifest, from packages into a directory."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", type=Path)
    parser.add_argument("directory", type=Path)
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    manifest = "".join(lines(given.packages, given.directory))
    (given.directory / "manifest.jsonl").write_text(manifest, encoding="utf-8")


def all_prompts(packages: Path, directory: Path) -> Iterator[str]:
    for language in _VOICES:
        with TemporaryDirectory() as unpacked:
            for suffix in ("", "-g722"):
                unpack(packages, f"asterisk-core-sounds-{language}{suffix}", Path(unpacked))
            parts = list(prompts(Path(unpacked), language))
        joined = recordings(parts, random.Random(language))
        yield from saved(directory, f"{language}_prompts", language, "telephone", joined)


if __name__ == "__main__":
    make_set(__doc__, all_prompts)
