"""The recordings whose words are counted, as a manifest lists them, and what is known about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import soundfile

from vivavoce.bench.manifest import MANIFEST, Line, numbered_lines
from vivavoce.bench.material import SAMPLE_RATE, Samples, read_audio
from vivavoce.errors import ConfigurationError
from vivavoce.protocol.requests import SampleRate


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end`, seconds of a recording."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Item:
    """A recording. `languages`: none where nobody speaks. `reference`: None where it is not known.

    `turns`: who speaks from when to when, where that is known and nobody interrupts. `derived`: it is made
    of other items, and counts for no total.
    """

    path: Path
    languages: tuple[str, ...]
    kind: str
    reference: str | None
    turns: tuple[Stretch, ...]
    derived: bool
    seconds: float
    is_mono: bool

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def language(self) -> str:
        """One code, several joined by "+", or "–"."""
        return "+".join(self.languages) or "–"

    @property
    def samples(self) -> Samples:
        """Shape (channels, samples), at 16 kHz."""
        return read_audio(self.path)

    def stream(self) -> tuple[dict[str, Any], bytes]:
        """What a session sends: the request's fields for the format, and the audio as it was recorded."""
        with soundfile.SoundFile(self.path) as file:
            rate, channels = file.samplerate, file.channels
            samples = file.read(dtype="float32", always_2d=True)
        if rate not in get_args(SampleRate):
            rate, samples = SAMPLE_RATE, self.samples.T
        form = {"encoding": "wav/pcm", "bit_depth": 16, "sample_rate": rate, "channels": channels}
        return form, np.rint(samples * 32_768).clip(-32_768, 32_767).astype("<i2").tobytes()


def read_items(
    source: Path, languages: Sequence[str] = (), kinds: Sequence[str] = (), limit: int | None = None
) -> list[Item]:
    """The recordings of a manifest, or of its directory, in these languages and of these kinds, if given.

    References that are uncertain count as not known. Raises ConfigurationError naming the line that is
    wrong or whose file is not there or no audio, and if nothing is left.
    """
    manifest = source / MANIFEST if source.is_dir() else source
    if not manifest.is_file():
        raise ConfigurationError(f"there is no {manifest}: give a manifest (JSON lines) or its directory")
    items = []
    for number, line in numbered_lines(manifest):
        path = manifest.parent / line.file
        if not path.is_file():
            raise ConfigurationError(f"line {number} of {manifest}: there is no file {path}")
        try:
            items.append(_item(path, line))
        except soundfile.LibsndfileError as error:
            reason = f"{path} cannot be read as audio"
            raise ConfigurationError(f"line {number} of {manifest}: {reason}") from error
    chosen = [
        item
        for item in items
        if (not languages or item.language in languages) and (not kinds or item.kind in kinds)
    ][:limit]
    if not chosen:
        known = ", ".join(sorted({f"{item.language} {item.kind}" for item in items}))
        raise ConfigurationError(f"{manifest} lists no such recording; it has {known or 'none at all'}")
    return chosen


def _item(path: Path, line: Line) -> Item:
    return Item(
        path=path,
        languages=tuple(line.language.split("+")) if line.language else (),
        kind=line.kind or "–",
        reference=None if line.uncertain else line.reference,
        turns=_turns(line),
        derived=line.derived,
        seconds=line.duration_s,
        is_mono=soundfile.info(path).channels == 1,
    )


def _turns(line: Line) -> tuple[Stretch, ...]:
    """None where one begins before the one before it has ended: no cut is right there."""
    turns = tuple(
        Stretch(turn.start, turn.end)
        for turn in line.speakers or ()
        if turn.start is not None and turn.end is not None
    )
    if any(later.start < earlier.end for earlier, later in pairwise(turns)):
        return ()
    return turns
