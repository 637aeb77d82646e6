"""A part of a recording is what recognition heard at that time."""

from __future__ import annotations

import numpy as np
import pytest

from audio.encoding import raw, voice
from vivavoce.audio.decoder import StreamDecoder
from vivavoce.audio.excerpt import excerpt, excerpt_bytes
from vivavoce.audio.formats import AudioFormat

_FORMATS = [
    AudioFormat("wav/pcm", 16, 16000, 2),
    AudioFormat("wav/pcm", 24, 44100, 2),
    AudioFormat("wav/ulaw", 8, 8000, 2),
]
# What a filter hears of the audio on either side, in samples.
_EDGE = 160


@pytest.mark.parametrize("format", _FORMATS, ids=lambda format: f"{format.encoding}-{format.sample_rate}")
def test_one_channel_for_a_while(format: AudioFormat) -> None:
    samples = np.stack([voice(4, format.sample_rate, pitch=pitch) for pitch in (120, 210)], axis=1)
    data = raw(samples, format)
    decoder = StreamDecoder(format)
    heard = np.concatenate([decoder.feed(data), decoder.flush()], axis=1)[1, 16_000:40_000]
    start, end = excerpt_bytes(format, 1.0, 2.5)
    part = excerpt(data[start:end], format, 1)
    assert len(part) == len(heard)
    assert np.allclose(part[_EDGE:-_EDGE], heard[_EDGE:-_EDGE], atol=1e-6)


def test_nothing_is_nothing() -> None:
    format = AudioFormat("wav/pcm", 16, 48000, 2)
    assert excerpt_bytes(format, 2.0, 1.0) == (384_000, 384_000)
    assert len(excerpt(b"", format, 1)) == 0
