"""The start of a stream: WAV headers are skipped and checked, other files are refused by name."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.encoding import MONO, encoded, muxed, raw, voice
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.audio.wav import wav_header
from vivavoce.errors import InvalidAudio

SPEECH = voice(0.25)


def pcm_chunk(tag: int = 1, channels: int = 1, rate: int = 16000, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    return b"fmt " + struct.pack("<IHHIIHH", 16, tag, channels, rate, rate * frame, frame, bits)


def wav(*chunks: bytes, data_size: int = 0) -> bytes:
    return b"RIFF\0\0\0\0WAVE" + b"".join(chunks) + b"data" + struct.pack("<I", data_size)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def through(head: StreamHead, data: bytes, *cuts: int) -> bytes:
    edges = [0, *sorted(cuts), len(data)]
    pieces = [head.feed(data[start:end]) for start, end in pairwise(edges)]
    return b"".join(pieces) + head.flush()


def refusal(data: bytes, format: AudioFormat = MONO) -> str:
    with pytest.raises(InvalidAudio) as caught:
        through(StreamHead(format), data)
    return str(caught.value)


HEADERS = {
    "plain": wav(pcm_chunk(), data_size=1000),
    "written by ourselves": wav_header(MONO, 1000),
    "size unknown": wav(pcm_chunk(), data_size=0xFFFFFFFF),
    "size left at 0": wav(pcm_chunk(), data_size=0),
    "list before the data": wav(pcm_chunk(), chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0\0"), data_size=1000),
    "list before the format": wav(chunk(b"LIST", b"INFO"), pcm_chunk(), data_size=1000),
    "chunk of an odd size": wav(chunk(b"bext", b"odd"), pcm_chunk(), data_size=1000),
    "padding up to a sector": wav(chunk(b"JUNK", bytes(4000)), pcm_chunk(), data_size=1000),
    "long format chunk": wav(chunk(b"fmt ", pcm_chunk()[8:] + b"\0\0"), data_size=1000),
    "extensible": wav(
        chunk(
            b"fmt ",
            pcm_chunk(0xFFFE)[8:]
            + struct.pack("<HHIH", 22, 16, 4, 1)
            + bytes.fromhex("000000001000800000aa00389b71"),
        )
    ),
    "rf64": b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", bytes(28)) + pcm_chunk() + b"data\xff\xff\xff\xff",
    "of libsndfile": encoded(SPEECH, 16000, "WAV", "PCM_16")[:44],
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_wav_header_is_skipped(name: str) -> None:
    head = StreamHead(MONO)
    audio = raw(SPEECH, MONO)
    assert through(head, HEADERS[name] + audio) == audio
    assert head.header_bytes == len(HEADERS[name])


@settings(deadline=None)
@given(name=st.sampled_from(sorted(HEADERS)), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_a_wav_header_is_skipped_however_it_is_cut(name: str, cuts: list[int]) -> None:
    head = StreamHead(MONO)
    audio = raw(SPEECH, MONO)
    assert through(head, HEADERS[name] + audio, *cuts) == audio
    assert head.header_bytes == len(HEADERS[name])


def test_a_wav_header_is_skipped_when_it_comes_byte_by_byte() -> None:
    head = StreamHead(MONO)
    stream = HEADERS["padding up to a sector"] + b"\1\2\3\4"
    assert through(head, stream, *range(len(stream))) == b"\1\2\3\4"


def test_the_header_that_ffmpeg_streams_is_skipped() -> None:
    streamed = muxed(SPEECH, 16000, "wav", "pcm_s16le", seekable=False)
    assert b"data\xff\xff\xff\xff" in streamed
    head = StreamHead(MONO)
    assert through(head, streamed) == streamed[head.header_bytes :]
    assert streamed[head.header_bytes - 8 :].startswith(b"data")


@pytest.mark.parametrize(
    ("subtype", "encoding", "bit_depth"),
    [
        ("PCM_U8", "wav/pcm", 8),
        ("PCM_24", "wav/pcm", 24),
        ("PCM_32", "wav/pcm", 32),
        ("ALAW", "wav/alaw", 8),
        ("ULAW", "wav/ulaw", 8),
    ],
)
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
def test_headers_of_every_declarable_format_are_skipped(
    container: str, subtype: str, encoding: str, bit_depth: int
) -> None:
    stereo = np.stack([SPEECH, -SPEECH], axis=1)
    file = encoded(stereo, 44100, container, subtype)
    format = AudioFormat(encoding, bit_depth, 44100, 2)  # type: ignore[arg-type]
    payload = through(StreamHead(format), file)
    assert payload.startswith(raw(stereo, format))


def test_raw_audio_passes_unchanged_and_at_once() -> None:
    audio = raw(SPEECH, MONO)
    head = StreamHead(MONO)
    assert head.feed(audio) == audio
    assert head.feed(audio) is audio
    assert (head.flush(), head.header_bytes) == (b"", 0)


def test_what_is_shorter_than_any_signature_is_still_audio() -> None:
    head = StreamHead(MONO)
    assert head.feed(b"\1\2\3\4") == b""
    assert head.flush() == b"\1\2\3\4"


def test_an_empty_stream_has_nothing() -> None:
    assert through(StreamHead(MONO), b"") == b""


def test_a_stream_that_ends_within_its_header_has_no_audio() -> None:
    head = StreamHead(MONO)
    assert through(head, HEADERS["padding up to a sector"][:2000]) == b""
    assert head.header_bytes == 2000


def test_a_contradicting_header_names_both_sides_and_the_remedy() -> None:
    message = refusal(wav(pcm_chunk(channels=2, rate=48000, bits=24)) + bytes(1000))
    assert "the WAV header says 24-bit PCM, 48000 Hz, 2 channels" in message
    assert "declared as 16-bit PCM, 16000 Hz, 1 channel" in message
    assert 'encoding "wav/pcm", bit_depth 24, sample_rate 48000 and channels 2' in message
    assert "convert the audio to 16-bit PCM, 16000 Hz, 1 channel" in message


@pytest.mark.parametrize(
    "form",
    [pcm_chunk(channels=2), pcm_chunk(rate=8000), pcm_chunk(bits=32), pcm_chunk(tag=6, bits=8)],
)
def test_each_field_of_the_header_is_checked(form: bytes) -> None:
    assert "create the session with" in refusal(wav(form) + bytes(100))


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (pcm_chunk(tag=3, bits=32), "32-bit float, 16000 Hz, 1 channel"),
        (pcm_chunk(tag=0x11, bits=4), "IMA ADPCM"),
        (pcm_chunk(tag=0x1234), "codec 0x1234"),
        (pcm_chunk(rate=22050), "16-bit PCM, 22050 Hz"),
        (pcm_chunk(channels=9), "9 channels"),
    ],
)
def test_what_no_session_can_declare_is_to_be_converted(form: bytes, name: str) -> None:
    message = refusal(wav(form) + bytes(100))
    assert name in message
    assert "create the session" not in message
    assert "convert the audio to 16-bit PCM, 16000 Hz, 1 channel" in message


def test_an_extensible_header_of_floats_is_recognised_as_such() -> None:
    assert "32-bit float" in refusal(encoded(SPEECH, 16000, "WAVEX", "FLOAT"))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (wav(chunk(b"JUNK", bytes(70_000)), pcm_chunk()), "longer than 64 KiB"),
        (wav(*[chunk(b"JUNK", bytes(1000))] * 70, pcm_chunk()), "longer than 64 KiB"),
        (wav(b"JUNK\xff\xff\xff\xff"), "longer than 64 KiB"),
        (wav(), "has no format"),
        (wav(chunk(b"fmt ", bytes(8))), "cut short"),
    ],
)
def test_a_header_that_is_too_long_or_broken_is_refused(header: bytes, message: str) -> None:
    assert message in refusal(header + bytes(1000))


def test_no_more_than_the_longest_header_is_waited_for() -> None:
    endless = wav(pcm_chunk())[:-8] + b"JUNK\xff\xff\xff\x7f"
    assert "longer than 64 KiB" in refusal(endless + bytes(1000))


@settings(deadline=None)
@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_pass_unchanged_or_are_refused_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    def outcome(*cuts: int) -> bytes | str:
        try:
            return through(StreamHead(MONO), data, *cuts)
        except InvalidAudio as error:
            return str(error)

    assert outcome(*[cut for cut in cuts if cut <= len(data)]) == outcome()
