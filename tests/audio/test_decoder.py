"""From bytes to 16 kHz samples, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.encoding import SUBTYPES, raw, voice
from vivavoce.audio.codec import Samples, codec
from vivavoce.audio.decoder import StreamDecoder
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.errors import InvalidAudio

FORMATS = st.builds(
    lambda encoding, rate, channels: AudioFormat(*encoding, rate, channels),
    st.sampled_from(sorted(SUBTYPES)),
    st.sampled_from([8000, 16000, 32000, 44100, 48000]),
    st.integers(1, 8),
)


def decoded(format: AudioFormat, data: bytes, *cuts: int) -> Samples:
    decoder = StreamDecoder(format)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [decoder.feed(data[start:end]) for start, end in pairwise(edges)]
    return np.concatenate([*pieces, decoder.flush()], axis=1)


@settings(deadline=None)
@given(
    format=FORMATS,
    frames=st.integers(0, 1500),
    header=st.booleans(),
    cuts=st.lists(st.integers(0, 20_000), max_size=10),
)
def test_any_way_of_cutting_the_same_bytes_gives_the_same_samples(
    format: AudioFormat, frames: int, header: bool, cuts: list[int]
) -> None:
    data = np.random.default_rng(2).bytes(frames * format.frame_bytes)
    stream = wav_header(format, len(data)) + data if header else data

    samples = decoded(format, stream, *cuts)

    np.testing.assert_array_equal(samples, decoded(format, data))
    assert samples.shape == (format.channels, round(frames * 16000 / format.sample_rate))
    assert samples.dtype == np.float32
    assert np.all(np.abs(samples) <= 1)


@settings(deadline=None, max_examples=10)
@given(format=FORMATS)
def test_bytes_that_come_one_by_one_give_the_same_samples(format: AudioFormat) -> None:
    data = np.random.default_rng(3).bytes(150 * format.frame_bytes)
    np.testing.assert_array_equal(decoded(format, data, *range(len(data))), decoded(format, data))


def test_a_sample_split_across_frames_is_kept() -> None:
    format = AudioFormat("wav/pcm", 24, 16000, 2)
    decoder = StreamDecoder(format)
    audio = np.random.default_rng(4).bytes(100 * format.frame_bytes)

    first, second = decoder.feed(audio[:301]), decoder.feed(audio[301:])

    assert first.shape == (2, 50)
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), codec(format)(audio))


def test_bytes_of_a_last_unfinished_sample_are_dropped() -> None:
    format = AudioFormat("wav/pcm", 16, 16000, 1)
    assert decoded(format, bytes(201)).shape == (1, 100)


def test_audio_at_16_khz_is_not_touched() -> None:
    format = AudioFormat("wav/pcm", 16, 16000, 3)
    audio = np.random.default_rng(5).bytes(999 * format.frame_bytes)
    np.testing.assert_array_equal(decoded(format, audio), codec(format)(audio))


@pytest.mark.parametrize("rate", [8000, 32000, 44100, 48000])
def test_channels_stay_apart_and_in_order(rate: int) -> None:
    format = AudioFormat("wav/pcm", 16, rate, 4)
    frames = np.zeros((rate, 4))
    for channel in range(4):
        frames[(channel + 1) * rate // 5, channel] = 0.9

    samples = decoded(format, raw(frames, format))

    for channel in range(4):
        assert abs(int(np.argmax(samples[channel])) - (channel + 1) * 16000 // 5) <= 1


def test_the_wav_header_is_not_heard_and_its_length_known() -> None:
    format = AudioFormat("wav/pcm", 16, 8000, 1)
    audio = raw(voice(0.2, 8000), format)
    decoder = StreamDecoder(format)
    header = wav_header(format, len(audio))
    decoder.feed(header + audio)
    assert decoder.header_bytes == len(header)


def test_what_is_not_audio_is_refused() -> None:
    with pytest.raises(InvalidAudio, match="FLAC"):
        StreamDecoder(AudioFormat("wav/pcm", 16, 16000, 1)).feed(b"fLaC\0\0\0\x22" + bytes(100))


def test_an_empty_stream_has_no_samples() -> None:
    assert decoded(AudioFormat("wav/ulaw", 8, 8000, 2), b"").shape == (2, 0)
