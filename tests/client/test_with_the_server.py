"""Both faces with the real server: whole sessions, cut networks, restarts, refusals."""

from __future__ import annotations

import asyncio
import io
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from disturbed.network import line_to
from scripted_server import free_port, scripted_server
from speech import two_cities
from vivavoce import ApiError, AsyncClient, AsyncSession, Client, NotFoundError
from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import TranscriptMessage

RATE = 16_000


@pytest.fixture(scope="module")
def audio() -> bytes:
    return two_cities().pcm(RATE, seconds=13)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scripted_server(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture(scope="module")
def expected(server: str, audio: bytes) -> list[str]:
    """The finals of an undisturbed session."""
    finals = stream(server, audio)[1]
    assert len(finals) > 2
    return finals


def pieces(audio: bytes) -> Iterator[bytes]:
    """Of a length that splits samples."""
    return (audio[start : start + 3333] for start in range(0, len(audio), 3333))


def texts(message: AnyMessage) -> list[str]:
    """The text of a final; nothing of anything else."""
    is_final = isinstance(message, TranscriptMessage) and message.data.is_final
    return [message.data.utterance.text] if is_final else []


def final_ids(message: AnyMessage) -> list[str]:
    return [message.data.id] if texts(message) else []


def stream(url: str, audio: bytes) -> tuple[str, list[str]]:
    """The session's id and its finals."""
    finals: list[str] = []
    with Client(base_url=url) as client, client.live().start_session(preset="live_subtitles") as session:
        session.on("message", lambda message: finals.extend(texts(message)))
        for piece in pieces(audio):
            session.send_audio(piece)
    return session.id, finals


def stored_finals(client: Client, session_id: str) -> list[str]:
    result = client.live().get(session_id).result
    assert result
    assert result.transcription
    return [utterance.text for utterance in result.transcription.utterances]


def recorded(url: str, session_id: str) -> bytes:
    with Client(base_url=url) as client:
        recording = io.BytesIO(client.live().get_file(session_id))
    with wave.open(recording) as wav:
        return wav.readframes(wav.getnframes())


def test_a_session_from_its_start_to_its_deletion(server: str, audio: bytes, expected: list[str]) -> None:
    session_id, finals = stream(server, audio)
    assert finals == expected
    assert recorded(server, session_id) == audio
    with Client(base_url=server) as client:
        assert client.live().get(session_id).status == "done"
        assert stored_finals(client, session_id) == finals
        page = client.live().list(limit=1, status="done")
        assert page.items[0].id == session_id
        assert page.next is None or client.live().list(url=page.next).items[0].id != session_id
        client.live().delete(session_id)
        with pytest.raises(NotFoundError):
            client.live().get(session_id)


def test_the_asynchronous_face_hears_the_same(server: str, audio: bytes, expected: list[str]) -> None:
    async def main() -> list[str]:
        async with (
            AsyncClient(base_url=server) as client,
            client.live().start_session(preset="live_subtitles") as session,
            asyncio.TaskGroup() as group,
        ):
            hearing = group.create_task(hear(session))
            for piece in pieces(audio):
                await session.send_audio(piece)
            await session.stop_recording()
        return hearing.result()

    async def hear(session: AsyncSession) -> list[str]:
        return [text async for message in session for text in texts(message)]

    assert asyncio.run(main()) == expected


@pytest.mark.parametrize("cuts", [1, 3])
def test_a_network_that_is_cut_costs_no_byte_and_no_final(
    server: str, audio: bytes, expected: list[str], cuts: int
) -> None:
    with line_to(server) as network, Client(base_url=network.url) as client:
        connected = threading.Semaphore(0)
        finals: list[str] = []
        with client.live().start_session(preset="live_subtitles") as session:
            session.on("connected", lambda _: connected.release())
            session.on("message", lambda message: finals.extend(texts(message)))
            part = len(audio) // (cuts + 1) + 1
            for start in range(0, len(audio), part):
                assert connected.acquire(timeout=30)
                for piece in pieces(audio[start : start + part]):
                    session.send_audio(piece)
                if start + part < len(audio):
                    network.cut()
        assert finals == expected
        assert recorded(server, session.id) == audio


def test_a_server_that_restarts_costs_no_byte_and_doubles_no_final(
    tmp_path: Path, audio: bytes, expected: list[str]
) -> None:
    port = free_port()
    heard: list[str] = []
    half = len(audio) // 2 + 1
    with scripted_server(tmp_path, port) as url:
        client = Client(base_url=url)
        session = client.live().start_session(preset="live_subtitles")
        session.on("message", lambda message: heard.extend(final_ids(message)))
        for piece in pieces(audio[:half]):
            session.send_audio(piece)
    with scripted_server(tmp_path, port) as url, client:
        with session:
            for piece in pieces(audio[half:]):
                session.send_audio(piece)
        assert recorded(url, session.id) == audio
        assert stored_finals(client, session.id) == expected
    assert len(heard) == len(set(heard)) > 0


def test_what_the_server_refuses_is_said_in_its_words(server: str) -> None:
    with Client(base_url=server) as client, pytest.raises(ApiError, match="bit_depth must be 8, 16"):
        client.live().start_session(bit_depth=12)


def test_who_misspelt_a_field_is_warned(server: str) -> None:
    async def start() -> None:
        async with AsyncClient(base_url=server) as client, client.live().start_session(end_pointing=1):
            pass

    with Client(base_url=server) as client:
        with pytest.warns(UserWarning, match="did you mean endpointing") as warned:
            session = client.live().start_session(end_pointing=1)
        session.end_session()
    assert [warning.filename for warning in warned] == [__file__]
    with pytest.warns(UserWarning, match="did you mean endpointing"):
        asyncio.run(start())
