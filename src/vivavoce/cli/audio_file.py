"""Audio files as the raw stream that a session takes: whatever soundfile reads, piece by piece."""

from __future__ import annotations

import os
import re
import sys
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

_STDERR = 2
_NO_REGULAR_FILE = 7  # of libsndfile's errors

# In libsndfile's notes on a WAV file: what its header promises, and what is there, in bytes.
_PROMISED = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_SIZE = 0x7FFF_0000
"""Who writes a header before the audio is there puts this or more."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioFile:
    """An open file. `sample_rate` and `channels` are those of the stream; `duration` is seconds."""

    sample_rate: int
    channels: int
    duration: float
    _file: soundfile.SoundFile
    _whole: Samples | None
    """All of it, where it cannot be read piece by piece."""

    @property
    def missing(self) -> float:
        """Seconds that the header of a WAV file promises beyond its end."""
        found = _PROMISED.search(self._file.extra_info)
        promised, present = map(int, found.groups()) if found else (0, 0)
        return self.duration * (promised / present - 1) if 0 < present < promised < _UNKNOWN_SIZE else 0.0

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
        """16 bit little-endian PCM, interleaved, in pieces of `seconds` of the file.

        Raises InvalidAudio where the file is damaged.
        """
        frames = round(seconds * self._file.samplerate)
        blocks: Iterable[Any] = self._blocks(frames)
        if self.channels == 1:
            blocks = (block.mean(axis=1, keepdims=True) for block in blocks)
        if self.sample_rate != self._file.samplerate:
            blocks = resampled(blocks, self._file.samplerate, self.sample_rate)
        for block in blocks:
            yield np.rint(block * 32_768).clip(-32_768, 32_767).astype("<i2").tobytes()

    def _blocks(self, frames: int) -> Iterator[Any]:
        if self._whole is not None:
            yield from (self._whole[start : start + frames] for start in range(0, len(self._whole), frames))
            return
        try:
            yield from self._file.blocks(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise InvalidAudio(f"it cannot be read to its end: {_said(error)}") from error


@contextmanager
def open_audio(path: Path, split_channels: bool = False) -> Iterator[AudioFile]:
    """Open a file; its channels are mixed into one, or kept apart. Raises InvalidAudio saying why not."""
    try:
        # Here, since later there may be captions, and nothing must be silenced then.
        with _silenced():
            file = soundfile.SoundFile(path)
            # soundfile seeks after every read, which MPEG decoders cannot do exactly: so there is only one.
            is_mpeg = file.format in ("MP3", "MPEG")
            whole: Any = file.read(dtype="float32", always_2d=True) if is_mpeg else None
    except (OSError, soundfile.LibsndfileError) as error:
        raise InvalidAudio(_reason(path, error)) from error
    with file:
        if split_channels and file.channels > MOST_CHANNELS:
            many = f"{path} has {file.channels} channels, and a session takes {MOST_CHANNELS} at most"
            raise InvalidAudio(f"{many}; without --split-channels they are mixed into one")
        yield AudioFile(
            sample_rate=file.samplerate if file.samplerate in RATES else RESAMPLED_RATE,
            channels=file.channels if split_channels else 1,
            duration=(file.frames if whole is None else len(whole)) / file.samplerate,
            _file=file,
            _whole=whole,
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


@contextmanager
def _silenced() -> Iterator[None]:
    """What libraries in C write to standard error, as libmpg123 does of every odd MP3, goes nowhere."""
    if sys.__stderr__ is None:
        yield
        return
    sys.__stderr__.flush()
    kept = os.dup(_STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def _said(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")


def _reason(path: Path, error: OSError | soundfile.LibsndfileError) -> str:
    if not path.exists():
        return f"there is no file {path}"
    if path.is_dir():
        return f"{path} is a directory; name the files in it"
    if not os.access(path, os.R_OK):
        return f"{path} may not be read: it belongs to somebody else"
    if path.stat().st_size == 0:
        return f"{path} is empty"
    # What might be MP3 and is not is said to be no regular file.
    why = ""
    if isinstance(error, soundfile.LibsndfileError) and error.code != _NO_REGULAR_FILE:
        why = f" ({_said(error)})"
    return f"{path} cannot be read as audio{why}: give WAV, FLAC, MP3, Ogg, AIFF or another common format"
