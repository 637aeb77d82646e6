"""Speech, and recognisers without a model, for tests of the engine."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

import speech
from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.stream import StreamSettings
from vivavoce.engine.vad import SileroVad, silero_path
from vivavoce.protocol.stream import Context, Final, Word
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer

MONO = AudioFormat("wav/pcm", 16, 16_000, 1)


@cache
def vad() -> SileroVad:
    return SileroVad(silero_path())


@cache
def reading(seconds: float = 44.0, rate: int = 16_000) -> bytes:
    """The first `seconds` of somebody reading, with pauses, as 16 bit mono."""
    return speech.two_cities().pcm(rate, seconds)


def silence(seconds: float) -> bytes:
    return bytes(2 * round(16_000 * seconds))


def settings(
    *,
    format: AudioFormat = MONO,
    endpointing: float = 0.2,
    maximum: float = 5.0,
    languages: tuple[str, ...] = ("en",),
    partials: bool = False,
    known: dict[str, Final] | None = None,
) -> StreamSettings:
    return StreamSettings(
        format=format,
        endpointing=endpointing,
        maximum_duration=maximum,
        speech_threshold=0.6,
        languages=languages,
        code_switching=False,
        partials=partials,
        known=known or {},
        context=Context(8.0, 100),
    )


def fingerprint(audio: NDArray[np.float32]) -> tuple[Word, ...]:
    """One word that depends on every sample."""
    return (Word(f" {zlib.crc32(audio.tobytes()):08x}", 0.0, len(audio) / 16_000, 1.0),)


def exact() -> ScriptedRecognizer:
    """A recogniser for which no two stretches of audio sound alike."""
    return ScriptedRecognizer(fingerprint)


def is_loud(request: Request) -> bool:
    return bool(np.abs(request.audio).max() > 0.99)
