"""A server in this process: its REST calls over httpx, its sockets as plain ASGI, nothing on the network."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from vivavoce.engine.vad import SileroVad, silero_path
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.server.app import create_app
from vivavoce.server.models import Models, with_default
from vivavoce.server.redacting import Redaction
from vivavoce.server.services import Services
from vivavoce.settings import Settings
from vivavoce.storage.records import Plan

URL = "http://127.0.0.1:8080"
LANGUAGES = ("en", "fr", "de")
# Each begins with something that add-ons find, or redaction hides.
TOLD = (
    "Jonathan Meyers was late again, which is very disappointing.",
    "In Berlin we had a wonderful time, thank you.",
    "Call 415 555 0132 and ask for Helen Carter.",
    "Doctor Laura Bennett is angry about the delay.",
    "From Paris the parcel will come on Monday.",
)
Load = Callable[[Settings], Models]
Body = Callable[["Server"], Coroutine[Any, Any, None]]


@cache
def models() -> Models:
    recognizer = ScriptedRecognizer(word_every(0.5), languages=LANGUAGES)
    return Models(SileroVad(silero_path()), with_default({"base": recognizer}, "base"))


def scripted(_: Settings) -> Models:
    # What redacts is a server's own: its settings say what finds entities.
    return dataclasses.replace(models(), redaction=Redaction())


def telling(_: Settings) -> Models:
    """Its recogniser says `TOLD` again and again; how loud the first word is decides where it begins."""
    count = word_every(0.5)

    def script(audio: NDArray[np.float32]) -> tuple[Word, ...]:
        first = round(1000 * float(np.abs(audio[:8000]).max(initial=0.0))) % len(TOLD)
        words = " ".join((*TOLD[first:], *TOLD[:first])).split()
        return tuple(
            dataclasses.replace(word, text=f" {words[n % len(words)]}") for n, word in enumerate(count(audio))
        )

    recognizer = ScriptedRecognizer(script, languages=LANGUAGES)
    return dataclasses.replace(models(), recognizers=with_default({"base": recognizer}, "base"))


def held_by(lock: str) -> Load:
    """As `scripted`, but no final is ready while somebody has the file `lock` locked."""

    def wait(request: Request) -> bool:
        if request.final:
            with open(lock, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
        return False

    recognizer = ScriptedRecognizer(word_every(0.5), languages=LANGUAGES, fails=wait)
    return lambda _: dataclasses.replace(models(), recognizers=with_default({"base": recognizer}, "base"))


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `http` calls it from loopback, without a key."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def calling(self, url: str = URL, *, key: str = "", address: str = "127.0.0.1") -> httpx.AsyncClient:
        """Another client, from another address or with a key."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40_000))
        headers = {"x-gladia-key": key} if key else {}
        return httpx.AsyncClient(transport=transport, base_url=url, headers=headers)

    async def key(self, plan: Plan = "enterprise") -> tuple[str, httpx.AsyncClient]:
        """A new key's id, and a client that calls with it."""
        key, text = await self.services.storage.keys.create("test", plan)
        return key.id, self.calling(key=text)


@asynccontextmanager
async def running(data_dir: Path, load: Load = scripted, **settings: Any) -> AsyncIterator[Server]:
    """The server, its models loaded. Afterwards it is stopped, and can be run again on the same data."""
    values = {"data_dir": data_dir, "decoder_threads": 1, "capacity": 1000} | settings
    app = create_app(Settings(**values), load)
    async with app.router.lifespan_context(app):
        server = Server(app, httpx.AsyncClient())
        assert await server.services.loaded() is None
        async with server.calling() as http:
            yield Server(app, http)


def serving(data_dir: Path, body: Body, load: Load = scripted, **settings: Any) -> None:
    """Run the body against a server on `data_dir`."""

    async def run() -> None:
        async with running(data_dir, load, **settings) as server:
            await body(server)

    asyncio.run(run())


async def create(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """The answer to a POST that succeeds."""
    response = await http.post("/v2/live", json=body)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


class Socket:
    """A WebSocket client that speaks ASGI to the application."""

    def __init__(self) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=100)
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1000)

    async def send_audio(self, data: bytes) -> None:
        await self._to_app.put({"type": "websocket.receive", "bytes": data})

    async def send_text(self, text: str) -> None:
        await self._to_app.put({"type": "websocket.receive", "text": text})

    async def leave(self, code: int = 1000) -> None:
        await self._to_app.put({"type": "websocket.disconnect", "code": code})

    async def receive(self) -> dict[str, Any]:
        """The next message; `{"closed": code}` where the server closes."""
        event = await self._from_app.get()
        if event["type"] == "websocket.close":
            return {"closed": event["code"]}
        message: dict[str, Any] = json.loads(event["text"])
        return message

    async def receive_until(self, **fields: Any) -> dict[str, Any]:
        """Messages up to the first that has these fields, which is given."""
        while not fields.items() <= (message := await self.receive()).items():
            assert "closed" not in message, message
        return message

    async def rest(self) -> list[dict[str, Any]]:
        """All messages until the server closes; the last is `{"closed": code}`."""
        messages = [await self.receive()]
        while "closed" not in messages[-1]:
            messages.append(await self.receive())
        return messages


@asynccontextmanager
async def connected(server: Server, url: str, *, origin: str = "") -> AsyncIterator[Socket]:
    """The session's socket, open; left with code 1000 at the end unless it is closed by then.

    `origin`: of the web page that opens it.
    """
    parts = urlsplit(url)
    socket = Socket()
    scope = {
        "type": "websocket",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(b"host", parts.netloc.encode()), *([(b"origin", origin.encode())] if origin else [])],
        "scheme": parts.scheme,
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8080),
        "subprotocols": [],
    }
    await socket._to_app.put({"type": "websocket.connect"})
    async with asyncio.TaskGroup() as group:
        group.create_task(server.app(scope, socket._to_app.get, socket._from_app.put))
        assert (await socket._from_app.get())["type"] == "websocket.accept"
        yield socket
        await socket.leave()


async def record(server: Server, url: str, audio: bytes, *, stop: bool = True) -> dict[str, Any]:
    """Send audio to a session and wait for its end, or an acknowledgment; gives what came last."""
    async with connected(server, url) as socket:
        await socket.send_audio(audio)
        if stop:
            await socket.send_text('{"type": "stop_recording"}')
            return (await socket.rest())[-1]
        return await socket.receive_until(type="audio_chunk", acknowledged=True)
