"""WAV headers that every reader understands, and the reading of other people's."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio.encoding import SUBTYPES
from vivavoce.audio.codec import codec
from vivavoce.audio.formats import AudioFormat, Encoding
from vivavoce.audio.wav import WavHeader, is_wav, read_wav_header, wav_header

GIB = 2**30


@pytest.mark.parametrize(("encoding", "bit_depth"), list(SUBTYPES))
@pytest.mark.parametrize("channels", range(1, 9))
def test_a_header_and_the_bytes_are_a_file_that_libsndfile_reads(
    encoding: Encoding, bit_depth: int, channels: int
) -> None:
    format = AudioFormat(encoding, bit_depth, 44100, channels)
    data = np.random.default_rng(0).bytes(101 * format.frame_bytes)
    file = io.BytesIO(wav_header(format, len(data)) + data)

    info = soundfile.info(file)
    file.seek(0)
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)

    assert (info.subtype, rate, info.frames) == (SUBTYPES[encoding, bit_depth], 44100, 101)
    np.testing.assert_array_equal(samples.T, codec(format)(data))


@pytest.mark.parametrize(("encoding", "bit_depth"), list(SUBTYPES))
def test_a_header_is_read_back_as_it_was_written(encoding: Encoding, bit_depth: int) -> None:
    format = AudioFormat(encoding, bit_depth, 48000, 3)
    written = wav_header(format, 0)
    header = read_wav_header(written)
    assert isinstance(header, WavHeader)
    assert (header.encoding, header.bit_depth, header.sample_rate, header.channels) == (
        encoding,
        bit_depth,
        48000,
        3,
    )
    assert header.length == len(written)


def test_an_empty_recording_has_a_valid_header() -> None:
    file = io.BytesIO(wav_header(AudioFormat("wav/pcm", 16, 16000, 1), 0))
    assert soundfile.info(file).frames == 0


def test_the_sizes_add_up() -> None:
    for format in (AudioFormat("wav/pcm", 16, 8000, 1), AudioFormat("wav/ulaw", 8, 8000, 1)):
        header = wav_header(format, 1000)
        assert struct.unpack_from("<I", header, 4)[0] == len(header) + 1000 - 8
        assert struct.unpack_from("<I", header, len(header) - 4)[0] == 1000


def test_a_recording_of_more_than_4_gib_is_rf64(tmp_path: Path) -> None:
    format = AudioFormat("wav/pcm", 32, 48000, 8)
    n_bytes = 5 * GIB // format.frame_bytes * format.frame_bytes
    header = wav_header(format, n_bytes)
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + n_bytes)

    info = soundfile.info(path)

    assert (info.format, info.frames, info.channels) == ("RF64", n_bytes // format.frame_bytes, 8)


def test_the_last_riff_and_the_first_rf64_meet_at_4_gib() -> None:
    format = AudioFormat("wav/pcm", 8, 8000, 1)
    overhead = len(wav_header(format, 0)) - 8
    longest = 2**32 - 2 - overhead
    assert wav_header(format, longest)[:4] == b"RIFF"
    assert wav_header(format, longest + 1)[:4] == b"RF64"
    header = read_wav_header(wav_header(format, longest + 1))
    assert isinstance(header, WavHeader)
    assert header.length == len(wav_header(format, longest + 1))


def test_only_riff_with_wave_in_it_is_wav() -> None:
    assert is_wav(b"RIFF\0\0\0\0WAVEfmt ")
    assert is_wav(b"RF64\xff\xff\xff\xffWAVEds64")
    assert not is_wav(b"RIFF\0\0\0\0AVI LIST")
    assert not is_wav(b"RIFF\0\0\0\0")
