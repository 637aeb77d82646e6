"""The start of a stream: skips a WAV header, refuses what is not raw audio, lets the rest through."""

from __future__ import annotations

from typing import get_args

from vivavoce.audio.containers import SIGNATURE_BYTES, identify, identify_frames
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import WavHeader, is_wav, read_wav_header
from vivavoce.errors import InvalidAudio
from vivavoce.protocol.requests import BitDepth, SampleRate


class StreamHead:
    """Recognises how a stream begins, however it is cut.

    It decides at 64 bytes; later only within a WAV header (at most 64 KiB) or while every byte so far agrees
    with bare MP3 or AAC (at most 12 KiB; one random stream in ten thousand waits for more than the 64 bytes).
    """

    def __init__(self, format: AudioFormat) -> None:
        self._format = format
        self._held: bytes | None = b""
        self._needed = SIGNATURE_BYTES
        self.header_bytes = 0

    @property
    def decided(self) -> bool:
        """Whether all that comes from now on is audio."""
        return self._held is None

    def feed(self, data: bytes) -> bytes:
        """The audio in what came so far and was not given out yet; nothing while undecided.

        Raises `InvalidAudio` for compressed audio, other files and text, by name, and for a WAV header
        that contradicts the session's format.
        """
        if self._held is None:
            return data
        self._held = held = self._held + data
        if len(held) >= self._needed:
            self._needed = self._examine(held)
        if len(held) < self._needed:
            return b""
        self._held = None
        return held[self.header_bytes :]

    def flush(self) -> bytes:
        """What was held back when the stream ends undecided. Raises as `feed` does.

        A stream that ends within a WAV header has no audio.
        """
        held, self._held = self._held or b"", None
        if held and self._examine(held) > len(held) and is_wav(held):
            self.header_bytes = len(held)
        return held[self.header_bytes :]

    def _examine(self, held: bytes) -> int:
        """The number of bytes that it takes to know more, 0 when all is known; then `header_bytes` is set."""
        name = identify(held)
        if name is not None:
            raise self._refusal(name)
        if is_wav(held):
            header = read_wav_header(held)
            if isinstance(header, int):
                return header
            self._check(header)
            self.header_bytes = header.length
            return 0
        frames = identify_frames(held)
        if isinstance(frames, str):
            raise self._refusal(frames)
        return frames

    def _refusal(self, name: str) -> InvalidAudio:
        return InvalidAudio(
            f"the stream is {name}, but the session was declared as raw audio ({self._format}): "
            "decode it before sending, or send a WAV file"
        )

    def _check(self, header: WavHeader) -> None:
        declared = self._format
        same_samples = header.encoding == declared.encoding and header.bit_depth == 8 * declared.sample_bytes
        same_rate = header.sample_rate == declared.sample_rate
        if same_samples and same_rate and header.channels == declared.channels:
            return
        remedy = f"convert the audio to {declared}"
        if _can_be_declared(header):
            remedy = (
                f'create the session with encoding "{header.encoding}", bit_depth {header.bit_depth}, '
                f"sample_rate {header.sample_rate} and channels {header.channels}, or {remedy}"
            )
        contradiction = f"the WAV header says {header}, but the session was declared as {declared}"
        raise InvalidAudio(f"{contradiction}: {remedy}")


def _can_be_declared(header: WavHeader) -> bool:
    return (
        header.encoding is not None
        and header.bit_depth in get_args(BitDepth)
        and header.sample_rate in get_args(SampleRate)
        and 1 <= header.channels <= 8
    )
