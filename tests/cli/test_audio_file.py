"""Audio files as raw streams: any format, any rate, the same samples."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vivavoce.cli.audio_file import open_audio, resampled
from vivavoce.errors import InvalidAudio

Stream = tuple[dict[str, str | int], bytes]


def tone(hertz: float, rate: int, seconds: float = 0.4) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def stream(
    path: Path, split_channels: bool = False, seconds: float = 0.1
) -> tuple[dict[str, str | int], bytes]:
    with open_audio(path, split_channels) as audio:
        return audio.format, b"".join(audio.pieces(seconds))


def test_sixteen_bit_samples_pass_unchanged(tmp_path: Path) -> None:
    samples = np.array([-32_768, -1, 0, 1, 12_345, 32_767], "<i2")
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    audio_format, data = stream(tmp_path / "a.wav")
    assert data == samples.tobytes()
    assert audio_format == {"encoding": "wav/pcm", "bit_depth": 16, "sample_rate": 16_000, "channels": 1}


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3", "a.aiff", "a.w64", "a.caf"])
def test_whatever_soundfile_reads_is_read(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, tone(440, 44_100, seconds=1), 44_100)
    audio_format, data = stream(tmp_path / name)
    spectrum = np.abs(np.fft.rfft(np.frombuffer(data, "<i2")[:22_050]))
    assert audio_format["sample_rate"] == 44_100
    assert spectrum.argmax() == 220  # of half a second


def test_channels_are_mixed_unless_they_are_to_be_kept_apart(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "two.wav", np.array([[100, 300], [-200, 0]], "<i2"), 8000)
    assert stream(tmp_path / "two.wav")[1] == np.array([200, -100], "<i2").tobytes()
    audio_format, data = stream(tmp_path / "two.wav", split_channels=True)
    assert data == np.array([100, 300, -200, 0], "<i2").tobytes()
    assert audio_format["channels"] == 2


def test_loud_floats_are_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loud.wav", np.array([2.0, -2.0]), 16_000, subtype="FLOAT")
    assert stream(tmp_path / "loud.wav")[1] == np.array([32_767, -32_768], "<i2").tobytes()


@pytest.mark.parametrize("rate", [11_025, 22_050, 24_000, 96_000])
def test_a_rate_that_no_session_takes_is_resampled(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "odd.wav", tone(1000, rate), rate, subtype="FLOAT")
    audio_format, data = stream(tmp_path / "odd.wav")
    heard = np.frombuffer(data, "<i2") / 32_768
    assert audio_format["sample_rate"] == 16_000
    assert len(heard) == 6400
    middle = slice(200, -200)
    assert np.abs(heard - tone(1000, 16_000))[middle].max() < 1e-3


def test_resampling_removes_what_the_new_rate_cannot_hold() -> None:
    heard = np.concatenate(list(resampled([tone(12_000, 96_000)[:, None]], 96_000, 16_000)))
    assert np.abs(heard[200:-200]).max() < 1e-3


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=12),
    st.sampled_from([(22_050, 16_000), (96_000, 16_000), (11_025, 16_000)]),
)
def test_resampling_does_not_depend_on_the_cutting(lengths: list[int], rates: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).normal(size=(sum(lengths), 2)).astype(np.float32)
    blocks = np.split(noise, np.cumsum(lengths)[:-1])
    cut = np.concatenate([np.empty((0, 2)), *resampled(blocks, *rates)])
    whole = np.concatenate([np.empty((0, 2)), *resampled([noise], *rates)])
    assert len(cut) == round(sum(lengths) * rates[1] / rates[0])
    np.testing.assert_allclose(cut, whole, atol=1e-5)


def test_what_is_no_audio_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "nothing.wav").touch()
    (tmp_path / "cut.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    for path, reason in [
        (tmp_path / "missing.wav", "there is no file"),
        (tmp_path, "is a directory; name the files in it"),
        (tmp_path / "notes.txt", r"cannot be read as audio \(Format not recognised\): give WAV"),
        (tmp_path / "cut.wav", r"cannot be read as audio \(Error in WAV file. No 'data' chunk marker\)"),
        (tmp_path / "nothing.wav", "is empty"),
    ]:
        with pytest.raises(InvalidAudio, match=reason), open_audio(path):
            pass


def damaged(path: Path) -> Path:
    """A recording with something else in its middle."""
    soundfile.write(path, np.random.default_rng(1).normal(scale=0.1, size=48_000), 16_000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3] + bytes(range(256)) * 8 + data[len(data) // 2 :])
    return path


def test_a_damaged_recording_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidAudio, match=r"to its end: .*flac decoder"):
        stream(damaged(tmp_path / "a.flac"))


@pytest.mark.parametrize(("promised", "missing"), [(32_000, 0.25), (24_000, 0), (0xFFFF_FFFF, 0)])
def test_what_the_header_of_a_wav_file_promises_and_is_not_there_is_known(
    tmp_path: Path, promised: int, missing: float
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(12_000), 16_000)
    data = path.read_bytes()
    path.write_bytes(data[:40] + promised.to_bytes(4, "little") + data[44:])
    with open_audio(path) as audio:
        assert audio.missing == pytest.approx(missing)


def test_decoders_write_nothing_beside_the_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.mp3").write_text("hello " * 500)
    with pytest.raises(InvalidAudio, match="cannot be read as audio: give WAV"):
        stream(tmp_path / "notes.mp3")
    with pytest.raises(InvalidAudio, match="cannot be read as audio"):
        stream(damaged(tmp_path / "a.mp3"))
    assert capfd.readouterr() == ("", "")
    os.write(2, b"still heard")
    assert capfd.readouterr().err == "still heard"


def test_more_channels_than_a_session_takes_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nine.wav", np.zeros((10, 9)), 16_000)
    with pytest.raises(InvalidAudio, match="has 9 channels, and a session takes 8"):
        stream(tmp_path / "nine.wav", split_channels=True)
    assert stream(tmp_path / "nine.wav")[0]["channels"] == 1
