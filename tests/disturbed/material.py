"""Real speech in every format, the way in which a client cuts it, and what is to be heard in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.encoding import raw
from disturbed import add_ons
from speech import clips, two_cities
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

FORMATS = (
    AudioFormat("wav/pcm", 16, 16_000, 1),
    AudioFormat("wav/ulaw", 8, 8_000, 1),
    AudioFormat("wav/pcm", 24, 48_000, 1),
    AudioFormat("wav/pcm", 8, 16_000, 2),
    AudioFormat("wav/alaw", 8, 8_000, 2),
    AudioFormat("wav/pcm", 32, 32_000, 1),
    AudioFormat("wav/pcm", 16, 44_100, 4),
    AudioFormat("wav/pcm", 16, 8_000, 3),
)
# Seconds: a voice counts up to ten after the long reading.
_NUMBER_AT = 44.4
# So much of it is taken for a number, and not for words.
_OF_A_NUMBER = 3.5


@dataclass(frozen=True, slots=True)
class Take:
    """Some seconds of speech: where they begin in the reading, and the format.

    A `muted` stretch of digital silence is in the middle of it; `headed` audio begins with a WAV header.
    Its session may ask for `add_ons`, and to have its words `redacted`.
    """

    start: float
    seconds: float
    format: AudioFormat
    muted: float = 0.0
    headed: bool = False
    add_ons: bool = False
    redacted: bool = False

    def request(self) -> dict[str, Any]:
        return {
            "encoding": self.format.encoding,
            "bit_depth": 8 * self.format.sample_bytes,
            "sample_rate": self.format.sample_rate,
            "channels": self.format.channels,
            "endpointing": 0.3,
            "language_config": {"languages": ["en"]},
            "messages_config": {"receive_lifecycle_events": True, "receive_acknowledgments": True},
            **(add_ons.asking(redacted=self.redacted) if self.add_ons else {}),
        }

    def audio(self) -> bytes:
        """All that a client sends."""
        return self.header() + self.recorded()

    def header(self) -> bytes:
        return wav_header(self.format, len(self.recorded())) if self.headed else b""

    def empty_file(self) -> bytes:
        """The header of a recording."""
        return wav_header(self.format, 0)

    def recorded(self) -> bytes:
        """What the recording is to hold."""
        return _recorded(self.start, self.seconds, self.format, self.muted)


@cache
def _reading(rate: int) -> NDArray[np.float32]:
    others = [clip.samples(rate) for clip in clips() if clip.language == "en"]
    return np.concatenate([two_cities().samples(rate), *others])


@cache
def _recorded(start: float, seconds: float, format: AudioFormat, muted: float) -> bytes:
    rate = format.sample_rate
    reading = _reading(rate)
    channels = []
    for channel in range(format.channels):
        at = int((start + 7.3 * channel) * rate) % len(reading)
        spoken = np.take(reading, range(at, at + int(seconds * rate)), mode="wrap")
        half = len(spoken) // 2
        pause = np.zeros(int(muted * rate), np.float32)
        channels.append(np.concatenate([spoken[:half], pause, spoken[half:]]))
    return raw(np.stack(channels, axis=1), format)


def any_take(chance: random.Random, seconds: float, formats: Sequence[AudioFormat] = FORMATS) -> Take:
    return Take(
        start=round(chance.uniform(0, 40), 1),
        seconds=round(chance.uniform(0.6, 1.4) * seconds, 1),
        format=chance.choice(formats),
        headed=chance.random() < 0.15,
    )


def any_redacted_take(chance: random.Random, seconds: float) -> Take:
    """One in which a number is said, with words before it or after it.

    On one channel: who was named, and with which number, is known on all of them, and which of two finals is
    first on different ones is chance.
    """
    take = any_take(chance, seconds, [format for format in FORMATS if format.channels == 1])
    seconds = max(take.seconds, _OF_A_NUMBER)
    start = round(_NUMBER_AT - chance.uniform(0, 1) * (seconds - _OF_A_NUMBER), 1)
    return replace(take, start=start, seconds=seconds, add_ons=True, redacted=True)


def any_pieces(chance: random.Random, audio: bytes, format: AudioFormat) -> list[bytes]:
    """The audio as a client may cut it: evenly, at random (samples too), or in large pieces."""
    tenth = format.bytes_per_second // 10
    how = chance.choice(["even", "even", "odd", "large"])
    pieces, start = [], 0
    while start < len(audio):
        size = {
            "even": tenth,
            "odd": chance.randint(tenth // 8, tenth * 2) | 1,
            "large": tenth * chance.randint(5, 15),
        }[how]
        pieces.append(audio[start : start + size])
        start += size
    return pieces
