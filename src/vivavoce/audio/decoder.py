"""The bytes of a stream as 16 kHz samples."""

from __future__ import annotations

import numpy as np

from vivavoce.audio.codec import Samples, codec
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.audio.resampling import SAMPLE_RATE, Resampler


class StreamDecoder:
    """Skips a WAV header, decodes, resamples all channels to 16 kHz: float32, shape (channels, n), -1 to 1.

    However the same bytes are cut, the same samples come out. Both methods raise `InvalidAudio` when
    the start of the stream is not what `format` says.
    """

    def __init__(self, format: AudioFormat) -> None:
        self._head = StreamHead(format)
        self._decode = codec(format)
        self._frame_bytes = format.frame_bytes
        self._partial_frame = b""
        same_rate = format.sample_rate == SAMPLE_RATE
        self._resampler = None if same_rate else Resampler(format.sample_rate, format.channels)

    @property
    def header_bytes(self) -> int:
        """Bytes of the WAV header that was skipped, 0 if there was none."""
        return self._head.header_bytes

    def feed(self, data: bytes) -> Samples:
        """The samples that `data` completes; the first bytes of a sample wait for the others."""
        return self._samples(self._head.feed(data))

    def flush(self) -> Samples:
        """The rest: round(frames * 16000 / sample_rate) samples came out in all. Nothing may follow."""
        samples = self._samples(self._head.flush())
        if self._resampler is None:
            return samples
        return np.concatenate([samples, self._resampler.flush()], axis=1)

    def _samples(self, payload: bytes) -> Samples:
        if self._partial_frame:
            payload = self._partial_frame + payload
        whole = len(payload) - len(payload) % self._frame_bytes
        self._partial_frame = payload[whole:]
        samples = self._decode(payload if whole == len(payload) else payload[:whole])
        return samples if self._resampler is None else self._resampler.feed(samples)
