"""Recognises at its first bytes what is not raw audio: compressed files, containers, text.

Every signature is long enough that raw audio does not have it by accident: all together match one in 10**11
random streams. Bare MP3 and AAC have but a short sync word, so three frames in a row must agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable

SIGNATURE_BYTES = 64
"""How much of a stream `identify` wants to see."""

_TEXT = rb"[\t\n\r -~]"

_SIGNATURES = [
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("MP3 (with an ID3 tag)", rb"ID3[\x02-\x04][\x00-\x0f].[\x00-\x7f]{4}"),
        ("Ogg Opus", rb"OggS\x00.{23}OpusHead"),
        ("Ogg Vorbis", rb"OggS\x00.{23}\x01vorbis"),
        ("Ogg", rb"OggS\x00[\x00-\x07]"),
        ("WebM", rb"\x1aE\xdf\xa3.{0,44}webm"),
        ("Matroska", rb"\x1aE\xdf\xa3.{0,44}matroska"),
        ("FLAC", rb"fLaC[\x00\x80]\x00\x00\x22"),
        ("MP4 (M4A)", rb"\x00\x00..ftyp"),
        ("AIFF", rb"FORM.{4}AIF[FC]"),
        ("AU", rb"\.snd\x00\x00"),
        ("CAF", rb"caff\x00\x01"),
        ("AMR", rb"#!AMR"),
        ("WMA (ASF)", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
        ("AVI", rb"RIFF.{4}AVI "),
        ("big-endian WAV (RIFX)", rb"RIFX.{4}WAVE"),
        ("a gzip file", rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]"),
        ("a ZIP file", rb"PK\x03\x04.\x00"),
        ("JSON text", rb'\{\s{0,8}"' + _TEXT + rb"{20}"),
        ("HTML or XML text", rb"(?i:<!doctype|<html|<\?xml)" + _TEXT + rb"{12}"),
        ("Base64 text of a WAV file", rb"UklGR[A-Za-z0-9+/]{15}"),
        ("a data URL", rb"data:audio/"),
    )
]

_FRAMES_IN_A_ROW = 3
_MP3_HEADER_BYTES, _ADTS_HEADER_BYTES = 4, 6
_LONGEST_ADTS_FRAME = 6144


def identify(data: bytes) -> str | None:
    """The name of what starts like `data` and is not raw audio, by its signature."""
    return next((name for name, pattern in _SIGNATURES if pattern.match(data)), None)


def identify_frames(data: bytes) -> str | int:
    """The name of the compressed format whose bare frames `data` begins with.

    Otherwise the number of bytes that it takes to tell, 0 if it is none.
    """
    mp3 = _follow_frames(data, "MP3", _MP3_HEADER_BYTES, _mp3_frame)
    return mp3 or _follow_frames(data, "AAC (ADTS)", _ADTS_HEADER_BYTES, _adts_frame)


def _follow_frames(
    data: bytes, name: str, header_bytes: int, parse: Callable[[int], tuple[int, int] | None]
) -> str | int:
    position = 0
    constant: int | None = None
    for _ in range(_FRAMES_IN_A_ROW):
        if len(data) < position + header_bytes:
            return position + header_bytes
        frame = parse(int.from_bytes(data[position : position + header_bytes]))
        if frame is None or constant not in (None, frame[1]):
            return 0
        length, constant = frame
        position += length
    return name


# Bit rates in kbit/s by index: MPEG-1 layer III, and that of MPEG-2 and 2.5 (ISO/IEC 11172-3, 13818-3).
_MP3_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mp3_frame(header: int) -> tuple[int, int] | None:
    """Bytes of the layer III frame with this 32-bit header, and the fields that all frames have in common."""
    version, layer = header >> 19 & 3, header >> 17 & 3
    rate_index, sample_rate_index = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer != 1:
        return None
    if rate_index in (0, 15) or sample_rate_index == 3 or header & 3 == 2:
        return None
    rates, samples = (_MP3_RATES_1, 1152) if version == 3 else (_MP3_RATES_2, 576)
    length = samples // 8 * 1000 * rates[rate_index] // _MP3_SAMPLE_RATES[version][sample_rate_index]
    return length + (header >> 9 & 1), header & 0xFFFF0CCF


def _adts_frame(header: int) -> tuple[int, int] | None:
    """Bytes of the ADTS frame that begins with these 48 bits (ISO/IEC 13818-7), and what all frames share."""
    sample_rate_index, channels, length = header >> 26 & 15, header >> 22 & 7, header >> 5 & 0x1FFF
    if header >> 36 != 0xFFF or header >> 33 & 3 or sample_rate_index > 12 or not channels:
        return None
    if not 7 < length <= _LONGEST_ADTS_FRAME:
        return None
    return length, header >> 20
