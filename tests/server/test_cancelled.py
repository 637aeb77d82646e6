"""Who waits for storage may be cancelled: what was begun ends all the same, and the session knows of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from live.shell import NOISE
from server.harness import Server, connected, create, record, serving
from server.peers import EVERYTHING, PATIENCE, Message, recorded, stored
from vivavoce.server.runtime import SessionRuntime


class _Held(ThreadPoolExecutor):
    """Threads that go on, once `begun`, when they are told to."""

    def __init__(self) -> None:
        super().__init__(1)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def submit(self, step: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        def wait() -> Any:
            self.begun.set()
            self.go_on.wait(PATIENCE)
            return step(*arguments, **named)

        return super().submit(wait)


async def _running(server: Server, session_id: str) -> SessionRuntime:
    assert server.services.recognition
    while not (runtime := server.services.recognition.live.get(session_id)):
        await server.http.get("/v2/live")
    return runtime


def test_a_log_is_closed_when_its_last_write_has_ended_though_nobody_waits_for_that(tmp_path: Path) -> None:
    kept: Message = {}

    async def before(server: Server) -> None:
        disk = _Held()
        server.services.storage.audio._executor = disk
        kept.update(await create(server.http, **EVERYTHING))
        async with asyncio.timeout(PATIENCE), connected(server, kept["url"]):
            runtime = await _running(server, kept["id"])
            writing = asyncio.create_task(runtime.receive_audio(1, NOISE[:3200]))
            await asyncio.to_thread(disk.begun.wait, PATIENCE)
            writing.cancel()
            closing = asyncio.create_task(runtime.close(1012, "the server is restarting"))
            # Time enough to close a log that nobody keeps open.
            assert (await server.http.get(f"/v2/live/{kept['id']}")).json()["status"] == "queued"
            disk.go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await writing
            await closing
        disk.shutdown()

    async def after(server: Server) -> None:
        assert await record(server, kept["url"] + "&resume_from=3200", NOISE[3200:9600]) == {"closed": 1000}
        assert await recorded(server.http, kept["id"]) == NOISE[:9600]

    serving(tmp_path, before, fsync=True)
    serving(tmp_path, after)


def test_a_stop_is_stored_though_nobody_waits_for_that(tmp_path: Path) -> None:
    kept: Message = {}

    async def before(server: Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with asyncio.timeout(PATIENCE), connected(server, kept["url"]) as socket:
            await socket.send_audio(NOISE[:3200])
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            runtime = await _running(server, kept["id"])
            async with server.services.storage.database.write():  # what is to be stored waits for this
                stopping = asyncio.create_task(runtime.receive_stop(1))
                assert (await server.http.get("/v2/live")).status_code == 200
                stopping.cancel()
                closing = asyncio.create_task(runtime.close(1012, "the server is restarting"))
                assert (await server.http.get("/v2/live")).status_code == 200
            with pytest.raises(asyncio.CancelledError):
                await stopping
            await closing

    async def after(server: Server) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await stored(server.http, kept["id"]))["status"] != "done":
                pass
        assert await recorded(server.http, kept["id"]) == NOISE[:3200]

    serving(tmp_path, before)
    # No time limit ends it, but that its recording had been stopped.
    serving(tmp_path, after, idle_timeout=3600.0)
