"""Audio in every format that a session can declare, and in some that it cannot."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from vivavoce.audio.formats import AudioFormat

SUBTYPES = {
    ("wav/pcm", 8): "PCM_U8",
    ("wav/pcm", 16): "PCM_16",
    ("wav/pcm", 24): "PCM_24",
    ("wav/pcm", 32): "PCM_32",
    ("wav/alaw", 8): "ALAW",
    ("wav/ulaw", 8): "ULAW",
}
"""The names that soundfile has for the encodings and bit depths of a session."""

MONO = AudioFormat("wav/pcm", 16, 16000, 1)


def encoded(
    samples: NDArray[Any], rate: int, format: str, subtype: str | None = None, **options: Any
) -> bytes:
    """A file with `samples`, shape (frames,) or (frames, channels), as soundfile writes it."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=format, subtype=subtype, **options)
    return file.getvalue()


def raw(samples: NDArray[Any], format: AudioFormat) -> bytes:
    """The bytes of `samples` in `format`, without a header."""
    return encoded(samples, format.sample_rate, "RAW", SUBTYPES[format.encoding, 8 * format.sample_bytes])


class _Pipe(io.RawIOBase):
    """Takes bytes and cannot go back, like a socket."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += bytes(data)
        return len(data)


def muxed(samples: NDArray[Any], rate: int, container: str, codec: str, *, seekable: bool = True) -> bytes:
    """A file with mono `samples`, shape (frames,), as FFmpeg writes it."""
    file = io.BytesIO() if seekable else _Pipe()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue() if isinstance(file, io.BytesIO) else file.written


@cache
def voice(seconds: float, rate: int = 16000, level: float = 0.1, pitch: float = 120) -> NDArray[np.float64]:
    """Something like vowels: harmonics with two formants and vibrato, in syllables, over a faint noise."""
    noise = np.random.default_rng(round(pitch)).standard_normal(round(seconds * rate))
    time = np.arange(len(noise)) / rate
    phase = 2 * np.pi * pitch * time + 5 * np.sin(2 * np.pi * 1.7 * time)
    harmonics = np.arange(1, int(min(4000, rate / 2 - 200) / pitch))
    formants = 1 / (1 + ((pitch * harmonics - 600) / 150) ** 2)
    formants += 0.3 / (1 + ((pitch * harmonics - 1700) / 200) ** 2)
    vowel = np.sin(np.outer(phase, harmonics)) @ formants
    syllables = np.clip(np.sin(2 * np.pi * 3 * time) + 0.3, 0, None)
    return np.asarray(level * (vowel / np.max(np.abs(vowel)) * syllables + 0.01 * noise))
