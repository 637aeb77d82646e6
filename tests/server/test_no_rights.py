"""The right to write is taken from a running server: what it cannot store waits, and nothing else does.

The server may be root's, for whom the rights of a file mean nothing. So files are made immutable, which on
ext4 ends writing even where they are open.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scripted_server import scripted_process
from server.harness import create
from server.peers import EVERYTHING, PATIENCE, STOP, connected, pieces, recorded, stored_texts
from server.test_full_disk import not_ready
from server.test_socket_restart import FORMAT, Hearing, texts, undisturbed
from speech import two_cities
from vivavoce import Client
from vivavoce.audio.wav import wav_header
from vivavoce.protocol.close_codes import TRY_AGAIN

AUDIO = two_cities().pcm(seconds=10)
HALF = len(AUDIO) * 6 // 10 | 1


@contextmanager
def immutable(*paths: Path) -> Iterator[None]:
    """Nobody writes to these files, or makes files in these directories."""
    chattr = shutil.which("chattr")
    with ExitStack() as mutable:
        for path in paths:
            if not chattr or subprocess.run([chattr, "+i", path], capture_output=True).returncode:
                pytest.skip("files can be made immutable by root alone, and not on every file system")
            mutable.callback(subprocess.run, [chattr, "-i", path], check=True)
        yield


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    data: Path
    expected: list[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("data")
    with scripted_process(data) as (url, _):
        yield Served(url, data, undisturbed(url, AUDIO))
    assert "Traceback" not in (data / "server.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("everything", [False, True], ids=["its log", "everything"])
def test_a_session_that_may_not_be_written_acknowledges_nothing_and_goes_on_when_it_may_be(
    server: Served, everything: bool
) -> None:
    hearing, refused = Hearing(), threading.Event()
    with Client(base_url=server.url) as client:
        session = client.live().start_session(EVERYTHING)
        session.on("message", hearing)
        session.on("connecting", lambda it: refused.set() if it.code == TRY_AGAIN else None)
        for piece in pieces(AUDIO[:HALF]):
            session.send_audio(piece)
        assert hearing.heard_one.wait(PATIENCE)
        log = server.data / "audio" / f"{session.id}.raw"
        # But for the file that SQLite maps into memory: to write there would be a SIGBUS.
        database = [server.data / "vivavoce.db", server.data / "vivavoce.db-wal"]
        all_of_it = [*database, server.data / "audio", server.data]
        with immutable(log, *(all_of_it if everything else ())):
            written = log.stat().st_size
            for piece in pieces(AUDIO[HALF:]):
                session.send_audio(piece)
            assert refused.wait(PATIENCE)
            session.stop_recording()
            if everything:
                assert "nothing can be stored" in not_ready(server.url)
            else:
                assert undisturbed(server.url, AUDIO) == server.expected
            assert log.stat().st_size == written
            whole = written - written % 2
            audio = wav_header(FORMAT, whole) + AUDIO[:whole]
            assert client.live().get_file(session.id) == audio
            assert session.id in [each.id for each in client.live().list().items]
        session.join()
        stored = client.live().get(session.id)
        assert stored.status == "done"
        assert texts(stored) == server.expected
        assert [text for _, text in hearing.finals] == server.expected
        assert client.live().get_file(session.id) == wav_header(FORMAT, len(AUDIO)) + AUDIO
    written_log = (server.data / "server.log").read_text(encoding="utf-8").splitlines()
    again = [line for line in written_log if "storage_available_again" in line and session.id in line]
    assert everything or len(again) == 1, "that the database can be written tells nothing of the audio"
    while httpx.get(f"{server.url}/readyz").status_code != 200:
        pass


def test_where_no_log_may_be_made_sessions_wait_and_those_that_run_go_on(server: Served) -> None:
    async def body() -> None:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=server.url) as http:
            created, other = await create(http, **EVERYTHING), await create(http, **EVERYTHING)
            async with connected(other["url"]) as running:
                await running.send(AUDIO[:HALF])
                await running.acknowledged(HALF)
                with immutable(server.data / "audio"):
                    async with connected(created["url"]) as refused:
                        await refused.rest()
                    assert refused.closed == (1013, "the session could not be opened; try again")
                    await asyncio.to_thread(not_ready, server.url)
                    assert (await http.post("/v2/live")).status_code == 503
                    await running.send(AUDIO[HALF:], STOP)
                    await running.rest()
                    assert running.closed == (1000, "the session has ended")
                async with connected(created["url"]) as peer:
                    await peer.send(AUDIO, STOP)
                    await peer.rest()
            for each in (created, other):
                assert await recorded(http, each["id"]) == AUDIO
                assert await stored_texts(http, each["id"]) == server.expected

    asyncio.run(body())
