"""What is not raw audio is called by its name; raw audio never is."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.encoding import MONO, SUBTYPES, encoded, muxed, raw, voice
from vivavoce.audio.containers import identify, identify_frames
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.errors import InvalidAudio

SPEECH = voice(1.0)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("speech.raw", raw(SPEECH, MONO))
    return file.getvalue()


def with_id3(mp3: bytes) -> bytes:
    return b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + mp3


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "MP3 without a tag": ("MP3", lambda: encoded(SPEECH, 16000, "MP3")),
    "MP3 of 44.1 kHz": ("MP3", lambda: encoded(voice(1.0, 44100), 44100, "MP3")),
    "MP3 of 8 kHz": ("MP3", lambda: encoded(voice(1.0, 8000), 8000, "MP3")),
    "MP3 of FFmpeg": ("MP3 (with an ID3 tag)", lambda: muxed(SPEECH, 16000, "mp3", "libmp3lame")),
    "MP3 with a tag": ("MP3 (with an ID3 tag)", lambda: with_id3(encoded(SPEECH, 16000, "MP3"))),
    "AAC": ("AAC (ADTS)", lambda: muxed(SPEECH, 16000, "adts", "aac")),
    "AAC of 48 kHz": ("AAC (ADTS)", lambda: muxed(voice(1.0, 48000), 48000, "adts", "aac")),
    "MP4": ("MP4 (M4A)", lambda: muxed(SPEECH, 16000, "mp4", "aac")),
    "M4A": ("MP4 (M4A)", lambda: muxed(SPEECH, 16000, "ipod", "aac")),
    "WebM": ("WebM", lambda: muxed(voice(1.0, 48000), 48000, "webm", "libopus")),
    "WebM as streamed": ("WebM", lambda: muxed(voice(1.0, 48000), 48000, "webm", "libopus", seekable=False)),
    "Matroska": ("Matroska", lambda: muxed(SPEECH, 16000, "matroska", "aac")),
    "Ogg Opus": ("Ogg Opus", lambda: muxed(voice(1.0, 48000), 48000, "ogg", "libopus")),
    "Ogg Vorbis": ("Ogg Vorbis", lambda: encoded(SPEECH, 16000, "OGG", "VORBIS")),
    "Ogg Speex": ("Ogg", lambda: b"OggS\0\2" + bytes(20) + b"\1\x50Speex   1.2.0" + bytes(64)),
    "FLAC": ("FLAC", lambda: encoded(SPEECH, 16000, "FLAC")),
    "AIFF": ("AIFF", lambda: encoded(SPEECH, 16000, "AIFF")),
    "AIFF-C": ("AIFF", lambda: encoded(SPEECH, 16000, "AIFF", "ULAW")),
    "AU": ("AU", lambda: encoded(SPEECH, 16000, "AU")),
    "CAF": ("CAF", lambda: encoded(SPEECH, 16000, "CAF")),
    "AMR": ("AMR", lambda: muxed(voice(1.0, 8000), 8000, "amr", "libopencore_amrnb")),
    "WMA": ("WMA (ASF)", lambda: bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(64)),
    "AVI": ("AVI", lambda: muxed(SPEECH, 16000, "avi", "pcm_s16le")),
    "RIFX": ("big-endian WAV (RIFX)", lambda: encoded(SPEECH, 16000, "WAV", "PCM_16", endian="BIG")),
    "gzip": ("a gzip file", lambda: gzip.compress(raw(SPEECH, MONO))),
    "zip": ("a ZIP file", zipped),
    "our own JSON": ("JSON text", lambda: b'{"type": "audio_chunk", "data": {"chunk": "AAAA"}}' + b" " * 20),
    "indented JSON": ("JSON text", lambda: json.dumps({"event": "media", "media": {}}, indent=4).encode()),
    "HTML": (
        "HTML or XML text",
        lambda: b"<!DOCTYPE html>\n<html><head><title>Not found</title></head></html>",
    ),
    "Base64": (
        "Base64 text of a WAV file",
        lambda: b"UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQ==",
    ),
    "data URL": ("a data URL", lambda: b"data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("size", [1, 100, 320, 1_000_000])
def test_it_is_refused_by_name_however_it_is_cut(kind: str, size: int) -> None:
    name, make = FILES[kind]
    data = make()
    head = StreamHead(MONO)
    given_out: list[bytes] = []

    def feed_all() -> None:
        given_out.extend(head.feed(data[start : start + size]) for start in range(0, len(data), size))
        head.flush()

    with pytest.raises(InvalidAudio) as caught:
        feed_all()
    assert f"the stream is {name}, but the session was declared as raw audio (16-bit PCM" in str(caught.value)
    assert not any(given_out)


def test_a_refused_stream_stays_refused() -> None:
    head = StreamHead(MONO)
    for piece in (FILES["FLAC"][1](), bytes(1000)):
        with pytest.raises(InvalidAudio, match="FLAC"):
            head.feed(piece)


@settings(deadline=None, max_examples=500)
@given(st.binary(min_size=64, max_size=512))
def test_random_bytes_are_audio(data: bytes) -> None:
    head = StreamHead(MONO)
    assert head.feed(data) + head.flush() == data


def test_no_place_in_a_long_noise_looks_like_the_start_of_a_file() -> None:
    starts, longest_wait = 200_000, 16_384
    data = np.random.default_rng(5).bytes(starts + longest_wait)
    # By their sync words alone, MP3 and AAC would be seen a hundred times.
    synchronised = [at for at in range(starts) if data[at] == 0xFF and data[at + 1] >= 0xE0]
    assert len(synchronised) > 80
    assert not [at for at in synchronised if isinstance(identify_frames(data[at : at + longest_wait]), str)]
    assert not [at for at in range(starts) if identify(data[at : at + 64]) is not None]


@pytest.mark.parametrize(("encoding", "bit_depth"), list(SUBTYPES))
@pytest.mark.parametrize("level", [0, 1e-4, 1e-3, 0.01, 0.1, 1.0])
def test_silence_speech_and_noise_of_every_level_are_audio_wherever_they_start(
    encoding: str, bit_depth: int, level: float
) -> None:
    format = AudioFormat(encoding, bit_depth, 8000, 1)  # type: ignore[arg-type]
    noise = np.random.default_rng(6).standard_normal(8000)
    for samples in (level * noise, voice(1.0, 8000, level), np.full(8000, -level / 3)):
        data = raw(np.clip(samples, -1, 1), format)
        for at in range(0, len(data) // 2, format.frame_bytes):
            assert identify(data[at : at + 64]) is None
            assert not isinstance(identify_frames(data[at : at + 4096]), str)


@pytest.mark.parametrize("byte", range(256))
def test_constant_bytes_are_audio(byte: int) -> None:
    data = bytes([byte]) * 20_000
    head = StreamHead(MONO)
    assert head.feed(data) + head.flush() == data


def test_a_lone_sync_word_only_waits_for_the_next_frame() -> None:
    frame = encoded(SPEECH, 16000, "MP3")[:4]
    head = StreamHead(MONO)
    audio = frame + bytes(100)
    assert head.feed(audio) == b""
    assert head.feed(bytes(2000)) == audio + bytes(2000)
