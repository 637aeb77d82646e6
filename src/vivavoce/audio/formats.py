"""What the bytes of a stream mean: encoding, depth, rate and channels."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    frame_bytes: int = field(init=False, repr=False, compare=False)
    """Bytes of one sample of all channels."""
    bytes_per_second: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for several times with every frame that a client sends.
        object.__setattr__(self, "frame_bytes", self.sample_bytes * self.channels)
        object.__setattr__(self, "bytes_per_second", self.frame_bytes * self.sample_rate)

    @classmethod
    def of(cls, request: LiveRequest) -> Self:
        return cls(request.encoding, request.bit_depth, request.sample_rate, request.channels)

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return self.bit_depth // 8 if self.encoding == "wav/pcm" else 1

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
