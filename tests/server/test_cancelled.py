"""Who waits for the disk may be cancelled: the write ends all the same, and its session knows of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from live.shell import NOISE
from server.harness import Server, connected, create, serving
from server.peers import EVERYTHING, PATIENCE, STOP, Message, recorded


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


def test_a_log_is_closed_when_its_last_write_has_ended_though_nobody_waits_for_that(tmp_path: Path) -> None:
    kept: Message = {}

    async def before(server: Server) -> None:
        disk = _Held()
        server.services.storage.audio._executor = disk
        kept.update(await create(server.http, **EVERYTHING))
        async with asyncio.timeout(PATIENCE), connected(server, kept["url"]):
            assert server.services.recognition
            while not (runtime := server.services.recognition.live.get(kept["id"])):
                await server.http.get("/v2/live")
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
        async with connected(server, kept["url"] + "&resume_from=3200") as socket:
            await socket.send_audio(NOISE[3200:9600])
            await socket.send_text(STOP)
            while "closed" not in (message := await socket.receive()):
                pass
            assert message == {"closed": 1000}
        assert await recorded(server.http, kept["id"]) == NOISE[:9600]

    serving(tmp_path, before, fsync=True)
    serving(tmp_path, after)
