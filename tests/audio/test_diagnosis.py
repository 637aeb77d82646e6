"""Audio in another format than the declared one is noticed; audio as declared never is, however odd."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import speech
from audio.encoding import SUBTYPES, encoded, raw, voice
from vivavoce.audio.diagnosis import FormatDoctor
from vivavoce.audio.formats import AudioFormat, Encoding
from vivavoce.audio.wav import wav_header
from vivavoce.protocol.stream import Diagnosis

DECLARABLE = list(SUBTYPES)
TRUE_FORMATS = {
    "8-bit PCM": ("PCM_U8", "FILE"),
    "16-bit PCM": ("PCM_16", "FILE"),
    "16-bit big-endian PCM": ("PCM_16", "BIG"),
    "24-bit PCM": ("PCM_24", "FILE"),
    "32-bit PCM": ("PCM_32", "FILE"),
    "32-bit float": ("FLOAT", "FILE"),
    "A-law": ("ALAW", "FILE"),
    "µ-law": ("ULAW", "FILE"),
}


def diagnosed(data: bytes, format: AudioFormat, size: int = 6400) -> Diagnosis | None:
    doctor = FormatDoctor(format)
    said = [doctor.feed(data[start : start + size]) for start in range(0, len(data), size)]
    found = [diagnosis for diagnosis in said if diagnosis is not None]
    assert len(found) <= 1
    return found[0] if found else None


def true_bytes(samples: NDArray[Any], rate: int, name: str) -> bytes:
    subtype, endian = TRUE_FORMATS[name]
    return encoded(samples, rate, "RAW", subtype, endian=endian)


@cache
def read_speech() -> NDArray[np.float64]:
    return speech.two_cities().samples(8000)[: 8 * 8000].astype(np.float64)


@pytest.mark.parametrize("make", [lambda: voice(8.0, 8000, 0.5), read_speech], ids=["synthetic", "read"])
@pytest.mark.parametrize(("encoding", "bit_depth"), DECLARABLE)
@pytest.mark.parametrize("name", TRUE_FORMATS)
def test_each_true_format_is_named_whatever_was_declared(
    name: str, encoding: Encoding, bit_depth: int, make: Any
) -> None:
    declared = AudioFormat(encoding, bit_depth, 8000, 1)
    data = true_bytes(np.tile(make(), 4), 8000, name)

    diagnosis = diagnosed(data, declared)

    if name == declared.sample_name:
        assert diagnosis is None
    else:
        assert diagnosis is not None
        assert diagnosis.code == "format_mismatch"
        assert (
            f"the audio looks like {name}, but the session was declared as {declared}:" in diagnosis.message
        )


def test_the_remedy_is_one_that_a_session_can_declare() -> None:
    declared = AudioFormat("wav/pcm", 16, 16000, 1)
    floats = diagnosed(true_bytes(voice(4.0), 16000, "32-bit float"), declared)
    companded = diagnosed(true_bytes(voice(6.0), 16000, "µ-law"), declared)
    assert floats is not None
    assert companded is not None
    assert floats.message.endswith(
        'send 16-bit integers, and create the session with encoding "wav/pcm" and bit_depth 16'
    )
    assert companded.message.endswith('create the session with encoding "wav/ulaw"')


def test_the_wav_header_is_not_taken_for_audio() -> None:
    format = AudioFormat("wav/pcm", 24, 16000, 1)
    audio = raw(voice(4.0), format)
    assert diagnosed(wav_header(format, len(audio)) + audio, format) is None


@pytest.mark.parametrize("size", [1, 777, 10_000_000])
def test_the_finding_does_not_depend_on_the_cutting(size: int) -> None:
    format = AudioFormat("wav/pcm", 16, 8000, 1)
    assert diagnosed(true_bytes(voice(4.0, 8000), 8000, "16-bit big-endian PCM"), format, size) is not None


@pytest.mark.parametrize("channels", [2, 3, 8])
def test_it_works_on_every_number_of_channels(channels: int) -> None:
    frames = np.stack([voice(4.0, pitch=100 + 20 * channel) for channel in range(channels)], axis=1)
    declared = AudioFormat("wav/pcm", 16, 16000, channels)
    assert diagnosed(true_bytes(frames, 16000, "16-bit PCM"), declared) is None
    found = diagnosed(true_bytes(frames, 16000, "32-bit float"), declared)
    assert found is not None
    assert "32-bit float" in found.message


def test_speech_after_a_long_silence_is_still_examined() -> None:
    declared = AudioFormat("wav/pcm", 16, 8000, 1)
    samples = np.concatenate([np.zeros(20 * 8000), voice(4.0, 8000)])
    assert diagnosed(true_bytes(samples, 8000, "16-bit big-endian PCM"), declared) is not None


def test_what_goes_wrong_late_is_not_its_business() -> None:
    declared = AudioFormat("wav/pcm", 16, 8000, 1)
    data = raw(voice(11.0, 8000), declared) + true_bytes(voice(6.0, 8000), 8000, "µ-law")
    assert diagnosed(data, declared) is None


@cache
def odd_signals() -> dict[str, NDArray[np.float64]]:
    noise = np.random.default_rng(8)
    time = np.arange(4 * 8000) / 8000
    white = noise.standard_normal(len(time))
    return {
        "silence": np.zeros(len(time)),
        "faint noise": 1e-4 * white,
        "noise": 0.1 * white,
        "loud noise": 0.5 * white,
        "clipped noise": np.clip(5 * white, -1, 1),
        "brown noise": np.clip(np.cumsum(white) * 0.01, -1, 1),
        "bright noise": np.clip(0.3 * np.diff(white, prepend=0), -1, 1),
        "test tone": 0.9 * np.sin(2 * np.pi * 1000 * time),
        "dial tone": 0.3 * np.sin(2 * np.pi * 350 * time) + 0.3 * np.sin(2 * np.pi * 440 * time),
        "chirp": 0.5 * np.sin(2 * np.pi * (100 + 450 * time) * time),
        "clicks": (noise.random(len(time)) < 0.01).astype(float),
        "faint voice": voice(4.0, 8000, 0.002),
        "loud voice": voice(4.0, 8000, 1.0),
        "overdriven voice": np.clip(voice(4.0, 8000, 30.0), -1, 1),
        "voice off centre": voice(4.0, 8000, 0.05) + 0.3,
    }


@pytest.mark.parametrize("signal", odd_signals())
@pytest.mark.parametrize(("encoding", "bit_depth"), DECLARABLE)
def test_odd_audio_that_is_as_declared_is_left_alone(signal: str, encoding: Encoding, bit_depth: int) -> None:
    format = AudioFormat(encoding, bit_depth, 8000, 1)
    assert diagnosed(raw(odd_signals()[signal], format), format) is None


def test_no_recording_as_declared_is_suspected() -> None:
    """Speech, music, noise, telephone lines, of all levels."""
    for recording in speech.collection() or speech.clips():
        samples, rate = soundfile.read(recording.path, dtype="int16", always_2d=True, frames=12 * 16000)
        format = AudioFormat("wav/pcm", 16, rate, samples.shape[1])
        assert diagnosed(raw(samples, format), format) is None, recording.path.name


@pytest.mark.parametrize("name", [name for name in TRUE_FORMATS if name != "16-bit PCM"])
def test_most_recordings_declared_as_16_bit_by_mistake_are_noticed(name: str) -> None:
    missed = []
    recordings = speech.clips()
    for recording in recordings:
        samples, rate = soundfile.read(recording.path, always_2d=True)
        data = true_bytes(np.tile(samples[:, 0], 4), rate, name)
        found = diagnosed(data, AudioFormat("wav/pcm", 16, rate, 1))
        if found is None or f"looks like {name}," not in found.message:
            missed.append(recording.path.name)
    assert len(missed) <= len(recordings) // 20
