"""Recordings with their transcripts: the speech that clients of the benchmark send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from vivavoce.audio.resampling import Resampler
from vivavoce.bench.manifest import MANIFEST, Line, numbered_lines
from vivavoce.errors import ConfigurationError

SAMPLE_RATE = 16_000
FETCHED = Path(".cache/speech")
"""Where `make bench` puts recordings, in a checkout."""

_KINDS = ("read", "telephone", None)

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Speech, one voice: float32, shape (samples,), 16 kHz, and the words that are said."""

    name: str
    samples: Samples
    reference: str
    language: str = "en"

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
    lines = [line for _, line in numbered_lines(manifest) if _is_usable(line, longest) and line.reference]
    if not lines:
        raise ConfigurationError(f"{manifest} lists no English recording with a sure transcript")
    return [
        Recording(
            Path(line.file).stem, read_audio(manifest.parent / line.file).mean(axis=0), line.reference or ""
        )
        for line in lines
    ]


def _is_usable(line: Line, longest: float) -> bool:
    return bool(
        line.language == "en" and not line.uncertain and line.kind in _KINDS and line.duration_s <= longest
    )


def read_audio(path: Path) -> Samples:
    """Shape (channels, samples), at 16 kHz. Raises ConfigurationError if the file cannot be read."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if rate % 100:
        raise ConfigurationError(f"{path} has {rate} samples per second; convert it to 16000")
    if rate == SAMPLE_RATE:
        return np.ascontiguousarray(samples.T)
    resampler = Resampler(rate, samples.shape[1])
    return np.concatenate([resampler.feed(np.ascontiguousarray(samples.T)), resampler.flush()], axis=1)
