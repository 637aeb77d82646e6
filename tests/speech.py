"""Recorded speech with its words: packaged clips, one long reading, a larger collection if at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = ROOT / ".cache" / "speech"
COLLECTION = ROOT.parent / "shared" / "audio"

# Charles Dickens, A Tale of Two Cities, its first paragraph; the recording holds exactly this.
TWO_CITIES = (ROOT / "tools" / "two_cities.txt").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording, the language spoken in it (ISO 639-1) and its words; no words means that nobody speaks."""

    path: Path
    language: str
    text: str

    def samples(self, rate: int = 16_000) -> NDArray[np.float32]:
        """The first channel, float32, shape (samples,), -1 to 1, resampled to `rate` hertz."""
        samples, recorded_rate = soundfile.read(self.path, dtype="float32", always_2d=True)
        resampled: NDArray[np.float32] = soxr.resample(samples[:, 0], recorded_rate, rate)
        return resampled

    def pcm(self, rate: int = 16_000, seconds: float | None = None) -> bytes:
        """The first channel (or its first `seconds`) as 16 bit little-endian PCM without a header."""
        samples = self.samples(rate)[: None if seconds is None else round(seconds * rate)]
        return (samples.clip(-1, 1) * 32_767).astype("<i2").tobytes()


def two_cities() -> Clip:
    """A man reads for 44 seconds, at a natural pace, with pauses between the clauses."""
    return Clip(_packaged("two_cities.wav"), "en", " ".join(TWO_CITIES.split()))


def clip(language: str, name: str) -> Clip:
    """One of the short packaged clips, for example `clip("en", "quick_brown_fox")`."""
    path = _packaged(f"{language}/{name}.wav")
    return Clip(path, language, path.with_suffix(".txt").read_text(encoding="utf-8").strip())


def clips() -> list[Clip]:
    """All short packaged clips: clear voices, one sentence each, nine languages."""
    return [clip(path.parent.name, path.stem) for path in sorted(_packaged("").glob("*/*.wav"))]


def collected(identifier: str) -> Clip:
    """A recording of the larger collection; skips the calling test where the collection is not at hand."""
    entries = _collection()
    if not entries:
        pytest.skip(f"the collection of recordings is not at hand ({COLLECTION})")
    return entries[identifier]


def collection() -> list[Clip]:
    """Every recording of the larger collection with a known transcript; empty where it is not at hand."""
    return list(_collection().values())


@cache
def _collection() -> dict[str, Clip]:
    manifest = COLLECTION / "manifest.jsonl"
    if not manifest.exists():
        return {}
    entries = map(json.loads, manifest.read_text(encoding="utf-8").splitlines())
    return {
        entry["id"]: Clip(COLLECTION / entry["file"], entry["language"] or "", entry["reference"])
        for entry in entries
        if entry["reference"] is not None
    }


def _packaged(name: str) -> Path:
    path = PACKAGED / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: 'make test' fetches it")
    return path
