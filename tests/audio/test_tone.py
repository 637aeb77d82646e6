"""The tone that is laid over speech: what it is in every encoding, and that all else stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio.codec import codec
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.tone import Stretch, covered, tone
from vivavoce.protocol.requests import Encoding

FORMATS: list[tuple[Encoding, int]] = [
    ("wav/pcm", 8),
    ("wav/pcm", 16),
    ("wav/pcm", 24),
    ("wav/pcm", 32),
    ("wav/alaw", 8),
    ("wav/ulaw", 8),
]


@pytest.mark.parametrize(("encoding", "depth"), FORMATS)
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_it_has_one_kilohertz_at_minus_twenty_decibels(encoding: Encoding, depth: int, rate: int) -> None:
    samples = codec(AudioFormat(encoding, depth, rate, 1))(
        tone(AudioFormat(encoding, depth, rate, 1), 0, rate).tobytes()
    )[0]
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 1000
    # Of a sine at full scale 0 dBFS.
    level = 20 * np.log10(samples.std() * np.sqrt(2))
    assert level == pytest.approx(-20, abs=0.2)
    # It is the tone, but for what the encoding rounds.
    assert np.sort(spectrum)[-2] < spectrum.max() / 20


@pytest.mark.parametrize(("encoding", "depth"), FORMATS)
@given(data=st.data())
def test_it_is_over_its_stretch_of_its_channel_and_nowhere_else(
    encoding: Encoding, depth: int, data: st.DataObject
) -> None:
    channels = data.draw(st.integers(1, 3))
    form = AudioFormat(encoding, depth, 8000, channels)
    sound = np.random.default_rng(1).integers(0, 256, 50 * form.frame_bytes, np.uint8).tobytes()
    channel = data.draw(st.integers(0, channels - 1))
    first, end = sorted((data.draw(st.integers(0, 80)), data.draw(st.integers(0, 80))))
    stretch = Stretch(channel, first, end)
    done = covered(sound, 20, form, [stretch])
    before = np.frombuffer(sound, np.uint8).reshape(50, channels, -1)
    after = np.frombuffer(done, np.uint8).reshape(50, channels, -1)
    inside = range(max(first, 20), max(20, min(end, 70)))
    for frame in range(20, 70):
        for each in range(channels):
            if each == channel and frame in inside:
                assert (after[frame - 20, each] == tone(form, frame, 1)[0]).all()
            else:
                assert (after[frame - 20, each] == before[frame - 20, each]).all()
    # Once more, and in pieces, it is the same.
    assert covered(done, 20, form, [stretch]) == done
    half = 25 * form.frame_bytes
    pieces = covered(sound[:half], 20, form, [stretch]) + covered(sound[half:], 45, form, [stretch])
    assert pieces == done
