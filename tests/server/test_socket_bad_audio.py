"""Audio that is not what the session declared: refused by name, or reported once; nobody else notices."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from server.harness import create
from server.peers import (
    EVERYTHING,
    STOP,
    Server,
    connected,
    finals,
    network_server,
    of_type,
    pieces,
    recorded,
    stored,
)
from speech import clip, two_cities
from vivavoce import AsyncClient, SessionClosed
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

RATE = 16_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Server]:
    with network_server(data) as server:
        yield server


def samples() -> NDArray[np.float32]:
    return clip("en", "quick_brown_fox").samples(RATE)


def encoded(kind: str, subtype: str) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples(), RATE, subtype, format=kind)
    return out.getvalue()


def webm() -> bytes:
    """What browsers record: Opus in WebM."""
    out = io.BytesIO()
    with av.open(out, "w", "webm") as container:
        stream = container.add_stream("libopus", 48_000)
        frame = av.AudioFrame.from_ndarray(samples()[np.newaxis], "flt", "mono")
        frame.sample_rate = RATE
        for sound in (frame, None):
            container.mux(stream.encode(sound))
    return out.getvalue()


COMPRESSED = {
    "MP3": lambda: encoded("MP3", "MPEG_LAYER_III"),
    "Ogg Vorbis": lambda: encoded("OGG", "VORBIS"),
    "Ogg Opus": lambda: encoded("OGG", "OPUS"),
    "FLAC": lambda: encoded("FLAC", "PCM_16"),
    "WebM": webm,
}


async def refused(http: httpx.AsyncClient, audio: bytes) -> str:
    """Send what cannot be accepted; the complaint, after everything about the refusal was checked."""
    created = await create(http, **EVERYTHING)
    async with connected(created["url"]) as peer:
        await peer.send(*pieces(audio))
        messages = await peer.rest()
    refusal = of_type(messages, "audio_chunk")[-1]
    assert refusal["acknowledged"] is False
    assert refusal["data"] is None
    assert [message["type"] for message in messages][-2:] == ["audio_chunk", "end_session"]
    complaint: str = refusal["error"]["message"]
    code, reason = peer.closed
    assert code == 4400
    assert reason
    assert complaint.startswith(reason)
    session = await stored(http, created["id"])
    assert session["status"] == "error"
    assert session["error_code"] == 400
    assert session["post_session_metadata"] == {"error": complaint}
    assert session["result"]["transcription"]["utterances"] == []
    assert session["result"]["messages"] == peer.heard
    async with connected(created["url"]) as again:
        await again.rest()
    assert again.closed == (code, reason)
    return complaint


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_audio_is_refused_by_name(server: Server, name: str) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        complaint = await refused(http, COMPRESSED[name]())
        assert complaint.startswith(f"the stream is {name}, but the session was declared as raw audio")
        assert "decode it before sending" in complaint

    server.run_beside_another_session(body)


@pytest.mark.parametrize(
    ("header", "declare"),
    [
        (AudioFormat("wav/pcm", 16, 44_100, 1), "bit_depth 16, sample_rate 44100 and channels 1"),
        (AudioFormat("wav/pcm", 16, 16_000, 2), "bit_depth 16, sample_rate 16000 and channels 2"),
        (AudioFormat("wav/pcm", 24, 16_000, 1), "bit_depth 24, sample_rate 16000 and channels 1"),
        (AudioFormat("wav/ulaw", 8, 8_000, 1), "bit_depth 8, sample_rate 8000 and channels 1"),
    ],
    ids=str,
)
def test_a_wav_header_that_contradicts_the_session_is_refused_with_what_to_declare(
    server: Server, header: AudioFormat, declare: str
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        audio = bytes(64_000)
        complaint = await refused(http, wav_header(header, len(audio)) + audio)
        assert complaint.startswith(f"the WAV header says {header}, but the session was declared as 16-bit")
        assert f'create the session with encoding "{header.encoding}", {declare}, or convert' in complaint

    server.run_beside_another_session(body)


def test_a_header_of_an_encoding_that_no_session_can_have_is_refused_with_what_to_convert_to(
    server: Server,
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        complaint = await refused(http, encoded("WAV", "FLOAT"))
        assert "the WAV header says 32-bit float, 16000 Hz" in complaint
        assert complaint.endswith("convert the audio to 16-bit PCM, 16000 Hz, 1 channel")

    server.run_beside_another_session(body)


@pytest.mark.parametrize("lifecycle", [False, True])
def test_our_client_tells_its_user_why_the_audio_was_refused(server: Server, lifecycle: bool) -> None:
    async def body(_: httpx.AsyncClient) -> None:
        wanted = {"receive_lifecycle_events": lifecycle}
        async with AsyncClient(base_url=server.url) as client:
            with pytest.raises(SessionClosed, match="the stream is FLAC") as closed:
                async with client.live().start_session(messages_config=wanted) as session:
                    await session.send_audio(encoded("FLAC", "PCM_16"))
            assert closed.value.code == 4400

    server.run_beside_another_session(body)


@pytest.mark.parametrize(
    ("dtype", "name"), [("<f4", "32-bit float"), (">i2", "16-bit big-endian PCM"), ("<i4", "32-bit PCM")]
)
def test_audio_that_is_noise_as_declared_is_reported_once_and_recognition_goes_on(
    server: Server, data: Path, dtype: str, name: str
) -> None:
    spoken = two_cities().samples(RATE)[: 12 * RATE]
    scale = 1 if dtype == "<f4" else np.iinfo(dtype).max * 0.99
    wrong = (spoken.clip(-1, 1) * scale).astype(dtype).tobytes()
    right = clip("en", "quick_brown_fox").pcm() + bytes(RATE)

    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(wrong), *pieces(right), STOP)
            messages = await peer.rest()
        assert peer.closed == (1000, "the session has ended")
        assert all(ack["acknowledged"] for ack in of_type(messages, "audio_chunk"))
        session = await stored(http, created["id"])
        assert session["status"] == "done"
        [warning] = session["post_session_metadata"]["warnings"]
        assert warning["code"] == "format_mismatch"
        assert (
            f"the audio looks like {name}, but the session was declared as 16-bit PCM" in warning["message"]
        )
        assert finals(messages)[-1]["utterance"]["end"] > len(wrong) / 2 / RATE
        assert await recorded(http, created["id"]) == wrong + right
        logged = (data / "server.log").read_text(encoding="utf-8")
        assert sum(created["id"] in line and name in line for line in logged.splitlines()) == 1

    server.run_beside_another_session(body)
