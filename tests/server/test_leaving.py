"""A server that is told to end does, whatever hangs, and what it left is finished by the next one."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from scripted_server import scripted_process, scripted_server
from server.harness import Server, create, record, serving
from server.peers import EVERYTHING, PATIENCE, STOP, connected, finals, recorded, speech, stored, stored_texts

AUDIO = speech()


@contextmanager
def held(lock: Path) -> Iterator[None]:
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def done(url: str, session_id: str) -> list[str]:
    """The finals of a session, when it has ended."""
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=url) as http:
        while (await stored(http, session_id))["status"] != "done":
            pass
        assert await recorded(http, session_id) == AUDIO
        return await stored_texts(http, session_id)


async def undisturbed(url: str) -> list[str]:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=url) as http:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(AUDIO, STOP)
            return [final["utterance"]["text"] for final in finals(await peer.rest())]


async def stopped_while_finals_are_held(url: str) -> str:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=url) as http:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(AUDIO, STOP)
            await peer.until(type="stop_recording")
            # Who looks at a session finds, and so has stored, all that was sent.
            await stored(http, created["id"])
            return str(created["id"])


@pytest.mark.parametrize("kind", ["killed", "told twice"])
def test_a_session_that_was_stopping_is_finished_by_the_next_server_though_its_client_never_returns(
    tmp_path: Path, kind: str
) -> None:
    lock = tmp_path / "hold"
    with held(lock), scripted_process(tmp_path / "data", hold=lock) as (url, process):
        session_id = asyncio.run(stopped_while_finals_are_held(url))
        process.send_signal(signal.SIGTERM if kind == "told twice" else signal.SIGKILL)
        if kind == "told twice":
            with suppress(httpx.TransportError):
                while httpx.get(f"{url}/readyz").status_code == 200:
                    pass
            # Nothing but another signal ends it: a decode is under way that will not end.
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        assert process.returncode == (128 + signal.SIGTERM if kind == "told twice" else -signal.SIGKILL)
    # No time limit ends it, but that its recording had been stopped.
    with scripted_server(tmp_path / "data", idle_timeout=3600) as url:
        assert asyncio.run(done(url, session_id)) == asyncio.run(undisturbed(url))


def test_a_session_that_was_in_post_processing_is_finished_by_the_next_server(tmp_path: Path) -> None:
    session_id = ""
    texts: list[str] = []

    async def before(server: Server) -> None:
        nonlocal session_id, texts
        created = await create(server.http, **EVERYTHING)
        await record(server, created["url"], AUDIO)
        session_id, texts = created["id"], await stored_texts(server.http, created["id"])

    serving(tmp_path, before)
    with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
        # All that is stored last.
        database.execute("UPDATE sessions SET status = 'processing', completed_at = NULL, audio_duration = 0")

    async def after(server: Server) -> None:
        async with asyncio.timeout(PATIENCE):
            status = ""
            while status != "done":
                await asyncio.sleep(0)
                status = (await stored(server.http, session_id))["status"]
        assert await stored_texts(server.http, session_id) == texts
        assert await recorded(server.http, session_id) == AUDIO

    serving(tmp_path, after, idle_timeout=3600.0)


def test_once_it_is_told_to_end_it_creates_no_more_sessions(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        server.services.leaving = True
        refused = await server.http.post("/v2/live")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert "going down" in refused.json()["message"]
        assert (await server.http.get("/readyz")).status_code == 503
        assert (await server.http.get("/v2/live")).status_code == 200

    serving(tmp_path, body)
