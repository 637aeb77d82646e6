"""What the bytes of a stream mean: encoding, depth, rate and channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from vivavoce.protocol.requests import Encoding, LiveRequest


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The format that a session declares for its audio; samples of all channels are interleaved.

    PCM is little-endian, 8 bit unsigned, deeper ones signed. A-law and µ-law have 8 bits a sample,
    whatever `bit_depth` says.
    """

    encoding: Encoding
    bit_depth: int
    sample_rate: int
    channels: int

    @classmethod
    def of(cls, request: LiveRequest) -> Self:
        return cls(request.encoding, request.bit_depth, request.sample_rate, request.channels)

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return self.bit_depth // 8 if self.encoding == "wav/pcm" else 1

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.sample_bytes * self.channels

    @property
    def bytes_per_second(self) -> int:
        return self.frame_bytes * self.sample_rate

    def seconds(self, n_bytes: int) -> float:
        return n_bytes / self.bytes_per_second

    def __str__(self) -> str:
        plural = "s" if self.channels > 1 else ""
        return f"{self.sample_name}, {self.sample_rate} Hz, {self.channels} channel{plural}"

    @property
    def sample_name(self) -> str:
        """How people call one sample of it, such as "16-bit PCM" or "A-law"."""
        match self.encoding:
            case "wav/pcm":
                return f"{self.bit_depth}-bit PCM"
            case "wav/alaw":
                return "A-law"
            case "wav/ulaw":
                return "µ-law"
