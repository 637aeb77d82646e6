"""Clients of a real server over the network: one that may misbehave, one that must not notice."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from scripted_server import scripted_server
from speech import clip
from vivavoce import AsyncClient
from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import TranscriptMessage

Message = dict[str, Any]
Body = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]

RATE = 16_000
STOP = '{"type": "stop_recording"}'
PATIENCE = 60.0
EVERYTHING = {
    "endpointing": 0.3,
    "messages_config": {
        "receive_partial_transcripts": True,
        "receive_acknowledgments": True,
        "receive_lifecycle_events": True,
    },
}


@cache
def speech(rate: int = RATE) -> bytes:
    """Two sentences with a pause between them, about seven seconds of 16 bit PCM."""
    pause = bytes(rate)
    return clip("en", "quick_brown_fox").pcm(rate) + pause + clip("en", "counting").pcm(rate) + pause


def pieces(audio: bytes, size: int = 3333) -> Iterator[bytes]:
    """By default of a length that splits samples."""
    return (audio[start : start + size] for start in range(0, len(audio), size))


class Peer:
    """A WebSocket client that sends whatever it is told to; `heard` is all that came, word for word."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.heard: list[str] = []

    async def send(self, *frames: bytes | str) -> None:
        for frame in frames:
            await self._connection.send(frame)

    async def send_parts(self, *parts: bytes) -> None:
        """One message in fragments."""
        await self._connection.send(parts)

    async def receive(self) -> Message:
        text = await self._connection.recv(decode=True)
        assert isinstance(text, str)
        assert "Traceback" not in text
        self.heard.append(text)
        message: Message = json.loads(text)
        return message

    async def until(self, **fields: Any) -> Message:
        """Messages up to the first that has these fields, which is given."""
        while not fields.items() <= (message := await self.receive()).items():
            pass
        return message

    async def acknowledged(self, offset: int) -> None:
        """Messages up to the acknowledgement of all audio before `offset`."""
        while True:
            ack = await self.until(type="audio_chunk", acknowledged=True)
            if ack["data"]["byte_range"][1] >= offset:
                return

    @contextmanager
    def reading_nothing(self) -> Iterator[None]:
        """What comes meanwhile stays in the network: not even pings are answered."""
        self._connection.transport.pause_reading()
        yield
        self._connection.transport.resume_reading()

    async def rest(self) -> list[Message]:
        """All that comes until the server closes."""
        before = len(self.heard)
        try:
            while True:
                await self.receive()
        except ConnectionClosed:
            return [json.loads(text) for text in self.heard[before:]]

    @property
    def closed(self) -> tuple[int | None, str | None]:
        """The server's close code and its reason."""
        return self._connection.close_code, self._connection.close_reason

    async def leave_with(self, *frames: bytes, code: int = 1000) -> None:
        """Send frames and the close in one piece."""
        protocol = self._connection.protocol
        for frame in frames:
            protocol.send_binary(frame)
        protocol.send_close(code)
        self._connection.transport.write(b"".join(protocol.data_to_send()))
        await self._connection.wait_closed()

    async def send_as_text(self, data: bytes) -> None:
        """A text frame with this in it, whatever it is."""
        await self._connection.send(data, text=True)

    async def vanish(self) -> None:
        """Be gone without a goodbye, as when the power fails."""
        self._connection.transport.abort()
        await self._connection.wait_closed()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Peer]:
    async with connect(url, compression=None, max_size=None, max_queue=None) as connection:
        yield Peer(connection)


def of_type(messages: list[Message], *types: str) -> list[Message]:
    return [message for message in messages if message["type"] in types]


def finals(messages: list[Message]) -> list[Message]:
    """The data of every final."""
    return [message["data"] for message in of_type(messages, "transcript") if message["data"]["is_final"]]


async def stored(http: httpx.AsyncClient, session_id: str) -> Message:
    """The session as GET gives it."""
    response = await http.get(f"/v2/live/{session_id}")
    assert response.status_code == 200, response.text
    session: Message = response.json()
    return session


async def stored_texts(http: httpx.AsyncClient, session_id: str) -> list[str]:
    utterances = (await stored(http, session_id))["result"]["transcription"]["utterances"]
    return [utterance["text"] for utterance in utterances]


async def recorded(http: httpx.AsyncClient, session_id: str) -> bytes:
    """The audio of the recording, its header checked and cut off."""
    response = await http.get(f"/v2/live/{session_id}/file")
    assert response.status_code == 200, response.text
    with wave.open(io.BytesIO(response.content)) as file:
        return file.readframes(file.getnframes())


class Server:
    """A server process with the scripted recogniser."""

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def texts(self) -> list[str]:
        """The finals of `speech` in a session that nothing disturbs."""

        async def nothing() -> None:
            return

        async def stream() -> list[str]:
            async with AsyncClient(base_url=self.url) as client:
                return await _stream(client, nothing)

        texts = asyncio.run(stream())
        assert len(texts) == 2
        return texts

    def run(self, body: Body, patience: float = PATIENCE) -> None:
        """Run with an HTTP client of this server, for so many seconds at most."""

        async def bounded() -> None:
            async with asyncio.timeout(patience), httpx.AsyncClient(base_url=self.url) as http:
                await body(http)

        asyncio.run(bounded())

    def run_beside_another_session(self, body: Body, patience: float = PATIENCE) -> None:
        """Run while another client's session is under way, which must end with nothing missing."""
        expected = self.texts

        async def both(http: httpx.AsyncClient) -> None:
            async with AsyncClient(base_url=self.url) as client:
                assert await _stream(client, lambda: body(http)) == expected

        self.run(both, patience)


@contextmanager
def network_server(data: Path, port: int = 0, **settings: Any) -> Iterator[Server]:
    """A server whose log must hold no traceback in the end."""
    with scripted_server(data, port, **settings) as url:
        yield Server(url)
    assert "Traceback" not in (data / "server.log").read_text(encoding="utf-8")


async def _stream(client: AsyncClient, meanwhile: Callable[[], Coroutine[Any, Any, None]]) -> list[str]:
    """The finals of one session, in the middle of which something else happens."""
    audio = speech()
    half = len(audio) // 2
    texts: list[str] = []

    def hear(message: AnyMessage) -> None:
        if isinstance(message, TranscriptMessage) and message.data.is_final:
            texts.append(message.data.utterance.text)

    async with client.live().start_session(endpointing=0.3) as session:
        session.on("message", hear)
        for piece in pieces(audio[:half]):
            await session.send_audio(piece)
        assert await session.wait_until_ready()
        await meanwhile()
        for piece in pieces(audio[half:]):
            await session.send_audio(piece)
    result = (await client.live().get(session.id)).result
    assert result
    assert result.transcription
    assert [utterance.text for utterance in result.transcription.utterances] == texts
    return texts
