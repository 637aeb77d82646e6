"""A client that takes nothing of what it is sent: who replaces it or ends its session waits for nobody."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

from scripted_server import scripted_process
from server import harness
from server.harness import create
from server.peers import EVERYTHING, PATIENCE, STOP, connected, pieces, recorded, speech, stored_texts
from server.test_leaving import held
from server.test_pressure import figure

AUDIO = speech() + bytes(3000)
BUFFER = 64 * 1024  # what a socket may leave unsent before those who send on it wait


@asynccontextmanager
async def unread(http: httpx.AsyncClient, url: str, lock: Path) -> AsyncIterator[None]:
    """A client sends `AUDIO` and reads nothing, and its session waits for it. `lock` holds finals back."""
    address = urlsplit(url)
    made = socket.create_connection((address.hostname, address.port))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with connect(url, sock=made, compression=None, max_queue=1) as client:
        with held(lock):
            await client.send(AUDIO[:-3000])
            for piece in pieces(AUDIO[-3000:], 2):
                await client.send(piece)
            while await figure(http, "send_buffer_bytes") < BUFFER:
                pass
        while not await figure(http, "events_waiting"):
            pass
        yield
        client.transport.abort()


def test_who_comes_back_does_not_wait_for_the_old_connection_and_neither_does_the_end_of_the_server(
    tmp_path: Path,
) -> None:
    async def comes_back(url: str) -> None:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=url) as http:
            created = await create(http, **EVERYTHING)
            again = f"{created['url']}&resume_from=0"
            async with unread(http, created["url"], lock), connected(again) as peer:
                await peer.send(AUDIO, STOP)
                await peer.rest()
                assert peer.closed == (1000, "the session has ended")
                assert await figure(http, 'connections_ended_total{reason="code 4409"}') == 1
            assert await recorded(http, created["id"]) == AUDIO
            assert len(await stored_texts(http, created["id"])) == 2

    async def is_told_to_end(url: str) -> None:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=url) as http:
            created = await create(http, **EVERYTHING)
            async with unread(http, created["url"], lock):
                process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(process.wait)

    lock = tmp_path / "hold"
    lock.touch()
    with scripted_process(tmp_path / "data", hold=lock, client_timeout=3600) as (url, process):
        asyncio.run(comes_back(url))
        asyncio.run(is_told_to_end(url))
    # Not by the thread that ends whatever hangs.
    assert process.returncode == -signal.SIGTERM


class _Stuck:
    """A connection whose client takes nothing any more when the session has ended."""

    ready = False

    def __init__(self) -> None:
        self.waits, self.closed = asyncio.Event(), asyncio.Event()
        self.code = 0

    async def send(self, text: str) -> bool:
        if json.loads(text)["type"] == "end_session":
            self.waits.set()
            await self.closed.wait()
        return not self.closed.is_set()

    def send_now(self, text: str) -> None: ...

    def ask(self, number: int) -> None: ...

    async def close(self, code: int, reason: str) -> None:
        if not self.closed.is_set():
            self.code = code
        self.closed.set()


def test_who_deletes_a_session_does_not_wait_for_its_client(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, **EVERYTHING)
        async with asyncio.timeout(PATIENCE), harness.connected(server, created["url"]) as socket_:
            await socket_.send_audio(AUDIO)
            await socket_.receive_until(type="audio_chunk", acknowledged=True)
            assert server.services.recognition
            runtime = server.services.recognition.live.get(created["id"])
            assert runtime
            stuck = _Stuck()
            number = await runtime.connect(stuck, None, 1000)
            stopping = asyncio.create_task(runtime.receive_stop(number))
            await stuck.waits.wait()
            assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
            await stopping
            assert stuck.code == 4404
            assert (await server.http.get(f"/v2/live/{created['id']}")).status_code == 404
            async with harness.connected(server, created["url"]) as late:
                assert await late.receive() == {"closed": 4401}

    harness.serving(tmp_path, body)
    assert list(tmp_path.rglob("*.raw")) == []
