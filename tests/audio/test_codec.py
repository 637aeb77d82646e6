"""Every encoding gives the samples that libsndfile gives."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from audio.encoding import SUBTYPES
from vivavoce.audio.codec import codec
from vivavoce.audio.formats import AudioFormat, Encoding

EVERY_ENCODING = list(SUBTYPES)


@pytest.mark.parametrize(("encoding", "bit_depth"), EVERY_ENCODING)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_samples_are_those_of_libsndfile(encoding: Encoding, bit_depth: int, channels: int) -> None:
    format = AudioFormat(encoding, bit_depth, 8000, channels)
    data = np.random.default_rng(0).bytes(512 * format.frame_bytes)
    subtype = SUBTYPES[encoding, bit_depth]
    expected, _ = soundfile.read(
        io.BytesIO(data),
        samplerate=8000,
        channels=channels,
        format="RAW",
        subtype=subtype,
        dtype="float32",
        always_2d=True,
    )

    samples = codec(format)(data)

    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, expected.T)


@pytest.mark.parametrize(("encoding", "bit_depth"), [("wav/pcm", 8), ("wav/alaw", 8), ("wav/ulaw", 8)])
def test_every_8_bit_code_has_the_value_of_libsndfile(encoding: Encoding, bit_depth: int) -> None:
    codes = bytes(range(256))
    expected, _ = soundfile.read(
        io.BytesIO(codes),
        samplerate=8000,
        channels=1,
        format="RAW",
        subtype=SUBTYPES[encoding, bit_depth],
        dtype="float32",
    )
    np.testing.assert_array_equal(codec(AudioFormat(encoding, bit_depth, 8000, 1))(codes)[0], expected)


@pytest.mark.parametrize(
    ("bit_depth", "lowest", "highest"),
    [
        (8, b"\x00", b"\xff"),
        (16, b"\x00\x80", b"\xff\x7f"),
        (24, b"\x00\x00\x80", b"\xff\xff\x7f"),
        (32, b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f"),
    ],
)
def test_full_scale_reaches_one_and_never_passes_it(bit_depth: int, lowest: bytes, highest: bytes) -> None:
    low, high = codec(AudioFormat("wav/pcm", bit_depth, 8000, 1))(lowest + highest)[0]
    assert low == -1
    assert 0.99 < high <= 1


def test_a_law_and_mu_law_have_8_bits_whatever_the_bit_depth() -> None:
    for encoding in ("wav/alaw", "wav/ulaw"):
        assert AudioFormat(encoding, 16, 8000, 2).frame_bytes == 2
        assert codec(AudioFormat(encoding, 16, 8000, 2))(b"\x00" * 6).shape == (2, 3)


def test_an_unknown_bit_depth_is_named() -> None:
    with pytest.raises(ValueError, match="bit_depth is 12"):
        codec(AudioFormat("wav/pcm", 12, 8000, 1))


def test_durations_follow_from_the_format() -> None:
    format = AudioFormat("wav/pcm", 24, 48000, 2)
    assert format.bytes_per_second == 288_000
    assert format.seconds(144_000) == 0.5
    assert str(format) == "24-bit PCM, 48000 Hz, 2 channels"
