"""Audio files as the raw stream that a session takes: whatever soundfile reads, piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, gcd
from pathlib import Path
from typing import Any, get_args

import numpy as np
import soundfile
from numpy.typing import NDArray

from vivavoce.errors import InvalidAudio
from vivavoce.protocol.requests import SampleRate

RATES: tuple[int, ...] = get_args(SampleRate)
RESAMPLED_RATE = 16_000
MOST_CHANNELS = 8
HALF_WIDTH = 24
"""Zero crossings of the resampling filter on each side."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioFile:
    """An open file. `sample_rate` and `channels` are those of the stream; `duration` is seconds."""

    sample_rate: int
    channels: int
    duration: float
    _file: soundfile.SoundFile

    @property
    def format(self) -> dict[str, Any]:
        """The fields of a request that say what `pieces` gives."""
        return {
            "encoding": "wav/pcm",
            "bit_depth": 16,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
        }

    def pieces(self, seconds: float) -> Iterator[bytes]:
        """16 bit little-endian PCM, interleaved, in pieces of `seconds` of the file."""
        frames = round(seconds * self._file.samplerate)
        blocks: Iterable[Any] = self._blocks(frames)
        if self.channels == 1:
            blocks = (block.mean(axis=1, keepdims=True) for block in blocks)
        if self.sample_rate != self._file.samplerate:
            blocks = resampled(blocks, self._file.samplerate, self.sample_rate)
        for block in blocks:
            yield np.rint(block * 32_768).clip(-32_768, 32_767).astype("<i2").tobytes()

    def _blocks(self, frames: int) -> Iterable[Any]:
        if self._file.format not in ("MP3", "MPEG"):
            return self._file.blocks(frames, dtype="float32", always_2d=True)
        # soundfile seeks after every read, which MPEG decoders cannot do exactly: so there is only one read.
        whole = self._file.read(dtype="float32", always_2d=True)
        return (whole[start : start + frames] for start in range(0, len(whole), frames))


@contextmanager
def open_audio(path: Path, split_channels: bool = False) -> Iterator[AudioFile]:
    """Open a file; its channels are mixed into one, or kept apart. Raises InvalidAudio saying why not."""
    try:
        file = soundfile.SoundFile(path)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InvalidAudio(_reason(path)) from error
    with file:
        if split_channels and file.channels > MOST_CHANNELS:
            many = f"{path} has {file.channels} channels, and a session takes {MOST_CHANNELS} at most"
            raise InvalidAudio(f"{many}; without --split-channels they are mixed into one")
        yield AudioFile(
            sample_rate=file.samplerate if file.samplerate in RATES else RESAMPLED_RATE,
            channels=file.channels if split_channels else 1,
            duration=file.frames / file.samplerate,
            _file=file,
        )


def resampled(blocks: Iterable[Samples], rate: int, new_rate: int) -> Iterator[Samples]:
    """Blocks of shape (samples, channels) at another rate: band-limited interpolation by a windowed sinc.

    The output has round(samples * new_rate / rate) samples, whatever the cutting into blocks.
    After J. O. Smith, Digital Audio Resampling.
    """
    cutoff = min(1.0, new_rate / rate)
    half = ceil(HALF_WIDTH / cutoff)
    around = np.arange(-half + 1, half + 1)
    divisor = gcd(rate, new_rate)
    distances = around - np.arange(0, new_rate, divisor)[:, None] / new_rate
    window = np.cos(distances * (np.pi / 2 / half)) ** 2
    filters = (cutoff * np.sinc(distances * cutoff) * window).astype(np.float32)
    held = np.empty((0, 0), np.float32)  # input from number `first` on
    first, made, received = -half, 0, 0

    def up_to(count: int) -> Samples:
        places, phases = np.divmod(np.arange(made, count) * rate, new_rate)
        taps = places[:, None] + around - first
        block: Samples = np.einsum("nt,ntc->nc", filters[phases // divisor], held[taps])
        return block

    for block in blocks:
        if not received:
            held = np.zeros((half, block.shape[1]), np.float32)
        held = np.concatenate([held, block])
        received += len(block)
        count = max(made, (received - half) * new_rate // rate)
        yield up_to(count)
        made = count
        drop = max(0, made * rate // new_rate - half - first)
        held, first = held[drop:], first + drop
    if received:
        held = np.concatenate([held, np.zeros((half + 1, held.shape[1]), np.float32)])
        yield up_to(round(received * new_rate / rate))


def _reason(path: Path) -> str:
    if not path.exists():
        return f"there is no file {path}"
    if path.is_dir():
        return f"{path} is a directory; name the files in it"
    if not os.access(path, os.R_OK):
        return f"{path} may not be read: it belongs to somebody else"
    if path.stat().st_size == 0:
        return f"{path} is empty"
    return f"{path} cannot be read as audio: give WAV, FLAC, MP3, Ogg, AIFF or another common format"
