"""WAV headers, written for recordings and read at the start of a stream.

Sources: Microsoft's "Multiple channel audio data and WAVE files" (RIFF, WAVE_FORMAT_EXTENSIBLE) and
EBU Tech 3306 (RF64, for more than 4 GiB).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vivavoce.audio.formats import AudioFormat
from vivavoce.errors import InvalidAudio

MAX_HEADER_BYTES = 64 * 1024
"""A header whose audio starts later than this is refused."""

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_TAGS = {"wav/pcm": _PCM, "wav/alaw": _ALAW, "wav/ulaw": _ULAW}
_ENCODINGS = {tag: encoding for encoding, tag in _TAGS.items()}
_TAG_NAMES = {
    _PCM: "PCM",
    2: "Microsoft ADPCM",
    _FLOAT: "float",
    _ALAW: "A-law",
    _ULAW: "µ-law",
    0x11: "IMA ADPCM",
    0x31: "GSM 6.10",
    0x55: "MP3",
}
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_SPEAKERS = {1: 0b100, 2: 0b11}
"""Front centre; left and right. More channels are at no known place."""
_UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV header says, and where it ends.

    The size it gives for the audio is not kept: who writes a header before the audio is there puts 0,
    the maximum or a guess.
    """

    tag: int
    bit_depth: int
    sample_rate: int
    channels: int
    length: int

    @property
    def encoding(self) -> str | None:
        """The session's name for the encoding, None if a session cannot have it."""
        return _ENCODINGS.get(self.tag)

    def __str__(self) -> str:
        name = _TAG_NAMES.get(self.tag, f"codec {self.tag:#06x}")
        depth = f"{self.bit_depth}-bit " if self.tag in (_PCM, _FLOAT) else ""
        plural = "" if self.channels == 1 else "s"
        return f"{depth}{name}, {self.sample_rate} Hz, {self.channels} channel{plural}"


def is_wav(data: bytes) -> bool:
    """Whether `data` (at least 12 bytes) starts as a WAV file."""
    return data[:4] in (b"RIFF", b"RF64", b"BW64") and data[8:12] == b"WAVE"


def read_wav_header(data: bytes) -> WavHeader | int:
    """The header at the start of `data`, for which `is_wav` holds, or how many bytes are needed to go on.

    Raises `InvalidAudio` if there is no usable header within `MAX_HEADER_BYTES`.
    """
    form: bytes | None = None
    position = 12
    while position + 8 <= MAX_HEADER_BYTES:
        if len(data) < position + 8:
            return position + 8
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8
        if name == b"data":
            if form is None:
                raise InvalidAudio("the WAV header has no format ('fmt ' chunk): write a whole one")
            return _parse_format(form, position)
        end = position + size + size % 2
        if name == b"fmt ":
            if len(data) < min(end, MAX_HEADER_BYTES):
                return min(end, MAX_HEADER_BYTES)
            form = data[position : position + size]
        position = end
    raise InvalidAudio(
        f"the WAV header is longer than {MAX_HEADER_BYTES // 1024} KiB: "
        "leave pictures and other metadata out of it, or send the audio without a header"
    )


def _parse_format(form: bytes, length: int) -> WavHeader:
    if len(form) < 16:
        raise InvalidAudio("the format in the WAV header is cut short ('fmt ' chunk): write a whole one")
    tag, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 40:
        tag = struct.unpack_from("<H", form, 24)[0]
    return WavHeader(tag, bits, sample_rate, channels, length)


def wav_header(format: AudioFormat, n_bytes: int) -> bytes:
    """The header of a WAV file that holds `n_bytes` of `format`: RIFF, and RF64 from 4 GiB on.

    PCM of more than 16 bits or 2 channels gets WAVE_FORMAT_EXTENSIBLE, as its specification asks. A
    pad byte after an odd number of bytes is neither counted nor needed by any known reader.
    """
    fmt = _chunk(b"fmt ", _format(format))
    if format.encoding != "wav/pcm":
        frames = n_bytes // format.frame_bytes
        fmt += _chunk(b"fact", struct.pack("<I", min(frames, _UNKNOWN_SIZE)))
    riff_size = 4 + len(fmt) + 8 + n_bytes
    if riff_size < _UNKNOWN_SIZE:
        return b"RIFF" + struct.pack("<I", riff_size) + b"WAVE" + fmt + b"data" + struct.pack("<I", n_bytes)
    ds64_bytes = 8 + 28
    ds64 = struct.pack("<QQQI", riff_size + ds64_bytes, n_bytes, n_bytes // format.frame_bytes, 0)
    unknown = struct.pack("<I", _UNKNOWN_SIZE)
    return b"RF64" + unknown + b"WAVE" + _chunk(b"ds64", ds64) + fmt + b"data" + unknown


def _format(format: AudioFormat) -> bytes:
    tag = _TAGS[format.encoding]
    bits = 8 * format.sample_bytes
    extensible = tag == _PCM and (bits > 16 or format.channels > 2)
    common = struct.pack(
        "<HHIIHH",
        _EXTENSIBLE if extensible else tag,
        format.channels,
        format.sample_rate,
        format.bytes_per_second,
        format.frame_bytes,
        bits,
    )
    if extensible:
        speakers = _SPEAKERS.get(format.channels, 0)
        return common + struct.pack("<HHIH", 22, bits, speakers, tag) + _SUBFORMAT_TAIL
    return common if tag == _PCM else common + struct.pack("<H", 0)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body
