"""How a stream may begin: WAV headers, whole and not, and the first bytes of what is no raw audio."""

from __future__ import annotations

import random

from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

MAGIC = (
    b"ID3\x04\0\0\0\0\0\0",
    b"OggS\0\x02" + bytes(22) + b"OpusHead",
    b"\x1aE\xdf\xa3\x9fB\x86\x81webm",
    b"fLaC\0\0\0\x22",
    b"\0\0\0\x20ftypM4A ",
    b"FORM\0\0\0\0AIFF",
    b".snd\0\0\0\x18",
    b"caff\0\x01",
    b"#!AMR\n",
    b"RIFX\0\0\0\0WAVE",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"RIFF\0\0\0\0AVI ",
    b"PK\x03\x04\x14\0",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b'{"type":"stop_recording"}',
    b"<!doctype html><html lang>",
    b"UklGRiQAAABXQVZFZm10",
    b"data:audio/wav;base64,",
    b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80\x02\x1f",
    b"RIFF",
    b"RIFF\0\0\0\0WAVE",
    b"RF64\xff\xff\xff\xffWAVE",
    b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
    b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff",
    b"RIFF\0\0\0\0WAVELIST\xf0\xff\0\0",
)


def beginning(rng: random.Random, format: AudioFormat) -> bytes:
    """Often nothing: then the stream begins with audio."""
    match rng.randrange(10):
        case 0 | 1:
            return wav_header(format, rng.choice([0, 1000, 2**32 - 1, 2**40]))
        case 2:
            other = AudioFormat(
                "wav/pcm", rng.choice([8, 16, 24, 32]), rng.choice([8000, 44100]), rng.randrange(1, 9)
            )
            return wav_header(other, 1000)
        case 3:
            header = bytearray(wav_header(format, 1000))
            for _ in range(rng.randrange(1, 4)):
                header[rng.randrange(len(header))] = rng.randrange(256)
            return bytes(header[: rng.choice([len(header), rng.randrange(1, len(header))])])
        case 4:
            extra = b"LIST" + (2000).to_bytes(4, "little") + rng.randbytes(2000)
            header = wav_header(format, 1000)
            return header[:12] + extra + header[12:]
        case 5 | 6:
            return rng.choice(MAGIC)
        case _:
            return b""
