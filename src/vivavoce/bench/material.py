"""Recordings with their transcripts: the speech that clients of the benchmark send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from vivavoce.audio.resampling import Resampler
from vivavoce.errors import ConfigurationError

SAMPLE_RATE = 16_000
FETCHED = Path(".cache/speech")
"""Where `make bench` puts recordings, in a checkout."""

MANIFEST = "manifest.jsonl"
_KINDS = ("read", "telephone", None)

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """English speech, one voice: float32, shape (samples,), 16 kHz, and the words that are said."""

    name: str
    samples: Samples
    reference: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def recordings(source: Path | None, longest: float = float("inf")) -> list[Recording]:
    """The English recordings with a sure transcript that a manifest lists, up to `longest` seconds each.

    `source` is a manifest (JSON lines: `file`, `language`, `reference`, `duration_s`; `kind` and
    `uncertain` if known) or the directory that holds it. Raises ConfigurationError if there are none.
    """
    path = source or FETCHED
    manifest = path / MANIFEST if path.is_dir() else path
    if not manifest.is_file():
        raise ConfigurationError(
            f"no recordings: there is no {manifest}. Run `make bench` in a checkout, which fetches some, or "
            f"give --material, a directory with a {MANIFEST}: a line for each recording such as "
            '{"file": "a.wav", "language": "en", "reference": "what is said", "duration_s": 4.2}'
        )
    entries = [entry for entry in _entries(manifest) if _is_usable(entry, longest)]
    if not entries:
        raise ConfigurationError(f"{manifest} lists no English recording with a sure transcript")
    return [
        Recording(Path(entry["file"]).stem, _samples(manifest.parent / entry["file"]), entry["reference"])
        for entry in entries
    ]


def _entries(manifest: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            entry["file"], entry["language"], entry["reference"], entry["duration_s"]
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"line {number} of {manifest} does not describe a recording") from error
        yield entry


def _is_usable(entry: dict[str, Any], longest: float) -> bool:
    return bool(
        entry["language"] == "en"
        and entry["reference"]
        and not entry.get("uncertain")
        and entry.get("kind") in _KINDS
        and entry["duration_s"] <= longest
    )


def _samples(path: Path) -> Samples:
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    mono = samples.mean(axis=1, keepdims=True).T
    if rate == SAMPLE_RATE:
        return np.ascontiguousarray(mono[0])
    resampler = Resampler(rate, 1)
    return np.concatenate([resampler.feed(mono)[0], resampler.flush()[0]])
