"""The recording: a WAV of exactly what was sent, whole or in parts."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import pytest

from server.harness import Server, connected, create, record, serving
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

AUDIO = bytes(range(256)) * 2500  # 20 s; larger than what is read at once
FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)


async def _recorded(server: Server, audio: bytes, **body: Any) -> str:
    created = await create(server.http, **body)
    await record(server, created["url"], audio)
    return f"/v2/live/{created['id']}/file"


def test_the_file_is_all_accepted_audio(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "audio/wav"
        assert response.headers["content-disposition"] == f'attachment; filename="{path.split("/")[3]}.wav"'
        assert int(response.headers["content-length"]) == len(response.content)
        assert response.headers["accept-ranges"] == "bytes"
        with wave.open(io.BytesIO(response.content)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
            assert file.readframes(file.getnframes()) == AUDIO

    serving(tmp_path, body)


def test_a_header_that_the_client_sent_is_not_there_twice(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, wav_header(FORMAT, len(AUDIO)) + AUDIO)
        assert (await server.http.get(path)).content == wav_header(FORMAT, len(AUDIO)) + AUDIO

    serving(tmp_path, body)


def test_a_file_has_whole_frames_only(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO[:1003], channels=2)
        stereo = AudioFormat("wav/pcm", 16, 16_000, 2)
        assert (await server.http.get(path)).content == wav_header(stereo, 1000) + AUDIO[:1000]

    serving(tmp_path, body)


@pytest.mark.parametrize("header", [b"", wav_header(FORMAT, 0)])
def test_a_recording_that_is_being_written_gives_what_is_there(tmp_path: Path, header: bytes) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        path = f"/v2/live/{created['id']}/file"
        assert (await server.http.get(path)).status_code == 404
        async with connected(server, created["url"]) as socket:
            for size, chunk in ((1000, header + AUDIO[:1000]), (3000, AUDIO[1000:3000])):
                await socket.send_audio(chunk)
                await socket.receive_until(type="audio_chunk")
                assert (await server.http.get(path)).content == wav_header(FORMAT, size) + AUDIO[:size]

    serving(tmp_path, body)


def test_a_session_without_audio_has_no_file(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, b"")
        response = await server.http.get(path)
        assert response.status_code == 404
        assert response.json()["message"] == "the session has no audio"

    serving(tmp_path, body)


def test_a_head_request_tells_the_size(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.head(path)
        assert (response.status_code, response.content) == (200, b"")
        assert int(response.headers["content-length"]) == len(AUDIO) + 44

    serving(tmp_path, body)


def test_the_common_mistake_is_told_the_right_path(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.get(path.replace("/file", "/audio"))
        assert response.status_code == 404
        assert response.json()["message"] == f"the recording is at {path}"

    serving(tmp_path, body)


WHOLE = wav_header(FORMAT, len(AUDIO)) + AUDIO
SIZE = len(WHOLE)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=10-49", 10, 50),
        ("bytes=44-", 44, SIZE),
        ("bytes=300000-600000", 300_000, 600_001),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=40-{SIZE * 2}", 40, SIZE),
    ],
)
def test_a_range_is_that_part_of_the_file(tmp_path: Path, asked: str, start: int, end: int) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.get(path, headers={"range": asked})
        assert response.status_code == 206
        assert response.content == WHOLE[start:end]
        assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
        assert int(response.headers["content-length"]) == end - start

    serving(tmp_path, body)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0"])
def test_a_range_beyond_the_file_gets_416(tmp_path: Path, asked: str) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.get(path, headers={"range": asked})
        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{SIZE}"
        assert response.json()["statusCode"] == 416

    serving(tmp_path, body)


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=0-1,4-5", "seconds=1-2", "bytes=", "bytes=a-b", "bytes=-"]
)
def test_a_range_that_is_none_gets_the_whole_file(tmp_path: Path, asked: str) -> None:
    async def body(server: Server) -> None:
        path = await _recorded(server, AUDIO)
        response = await server.http.get(path, headers={"range": asked})
        assert (response.status_code, response.content) == (200, WHOLE)

    serving(tmp_path, body)


def test_a_download_goes_on_only_in_the_same_file(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        path = f"/v2/live/{created['id']}/file"
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO[:1000])
            await socket.receive_until(type="audio_chunk")
            headers = {"range": "bytes=44-", "if-range": (await server.http.get(path)).headers["etag"]}
            assert (await server.http.get(path, headers=headers)).status_code == 206
            await socket.send_audio(AUDIO[1000:2000])
            await socket.receive_until(type="audio_chunk")
            response = await server.http.get(path, headers=headers)
            assert (response.status_code, len(response.content)) == (200, 2044)

    serving(tmp_path, body)
