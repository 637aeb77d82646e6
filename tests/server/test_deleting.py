"""Deleting a session, and what outlives it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from server.harness import Server, connected, create, record, scripted, serving
from storage.samples import final, new_session
from vivavoce.server.app import create_app
from vivavoce.server.limits import Admission, Caller
from vivavoce.server.models import Models
from vivavoce.server.services import Services
from vivavoce.settings import Settings
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import StoredSession

AUDIO = b"QUAGMIRE" * 4000


def _on_disk(directory: Path, *needles: bytes) -> list[bytes]:
    contents = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    return [needle for needle in needles if any(needle in content for content in contents)]


def test_a_deleted_session_is_gone_with_every_byte_of_it(tmp_path: Path) -> None:
    needles = (b"QUAGMIRE", b"zanzibar", b"heliotrope")

    async def body(server: Server) -> None:
        created = await create(server.http, custom_metadata={"secret": "heliotrope"})
        path = f"/v2/live/{created['id']}"
        await server.services.storage.sessions.add(Entry(created["id"], final=final(0, " zanzibar")))
        await record(server, created["url"], AUDIO)
        assert _on_disk(tmp_path, *needles) == [*needles]
        response = await server.http.delete(path)
        assert (response.status_code, response.content) == (202, b"")
        assert _on_disk(tmp_path, *needles) == []
        for method, part in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
            assert (await server.http.request(method, path + part)).status_code == 404
        assert (await server.http.get("/v2/live")).json()["items"] == []

    serving(tmp_path, body)


def test_a_live_session_is_not_deleted_until_it_has_ended(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        path = f"/v2/live/{created['id']}"
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            response = await server.http.delete(path)
            assert response.status_code == 403
            assert "still live" in response.json()["message"]
            assert (await server.http.get(f"{path}/file")).status_code == 200
        await record(server, created["url"], b"")
        assert (await server.http.delete(path)).status_code == 202

    serving(tmp_path, body)


def test_a_session_that_nobody_connected_to_can_be_deleted(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
        async with connected(server, created["url"]) as socket:
            assert (await socket.receive())["closed"] in (4401, 4404)

    serving(tmp_path, body)


def test_a_session_that_is_being_deleted_is_not_opened(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        async with server.services.storage.database.write():  # the deletion waits for this
            deleting = asyncio.create_task(server.http.delete(f"/v2/live/{created['id']}"))
            while not server.services.opening.deleting:
                await server.http.get("/v2/live")
            async with connected(server, created["url"]) as socket:
                assert await socket.receive() == {"closed": 4404}
        assert (await deleting).status_code == 202

    serving(tmp_path, body)
    assert list(tmp_path.rglob("*.raw")) == []


async def _queue(server: Server, length: int) -> None:
    """Wait until so many wait to open or to delete a session."""
    while len(server.services.opening.lock._waiters or ()) < length:  # type: ignore[attr-defined]
        await server.http.get("/v2/live")


@pytest.mark.parametrize(
    ("first", "outcome"), [("deletes", (202, {"closed": 4404})), ("opens", (403, "acknowledged"))]
)
def test_of_a_deletion_and_a_handshake_at_the_same_time_one_is_told_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, outcome: tuple[int, Any]
) -> None:
    owner = Admission.owner

    async def body(server: Server) -> None:
        created = await create(server.http)
        opening = server.services.opening

        async def slow_owner(self: Admission, stored: StoredSession) -> Caller | None:
            # A read that takes as long as the deletion.
            found = await owner(self, stored)
            while opening.deleting:
                await server.http.get("/v2/live")
            return found

        async def deletes() -> int:
            return (await server.http.delete(f"/v2/live/{created['id']}")).status_code

        async def opens() -> Any:
            async with connected(server, created["url"]) as socket:
                await socket.send_audio(AUDIO[:3200])
                told = await socket.receive()
                return "acknowledged" if told.get("acknowledged") else told

        monkeypatch.setattr(Admission, "owner", slow_owner)
        tasks: dict[str, asyncio.Task[Any]] = {}
        async with opening.lock:  # held while somebody else's session is opened
            for place, each in enumerate((deletes, opens) if first == "deletes" else (opens, deletes), 1):
                tasks[each.__name__] = asyncio.create_task(each())
                await _queue(server, place)
        assert (await tasks["deletes"], await tasks["opens"]) == outcome

    serving(tmp_path, body)
    assert len(list(tmp_path.rglob("*.raw"))) == (outcome[0] == 403)


def test_a_session_that_was_cut_off_by_a_restart_is_live_before_it_is_taken_up(tmp_path: Path) -> None:
    ids: list[str] = []

    async def before(server: Server) -> None:
        waiting, cut_off = await create(server.http), await create(server.http)
        async with connected(server, cut_off["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            await socket.leave(1006)
        ids.extend((waiting["id"], cut_off["id"]))

    serving(tmp_path, before)
    deleted, services = asyncio.run(_deleted_while_loading(tmp_path, ids))
    assert deleted == [202, 403]
    assert services.live(ids[1])


async def _deleted_while_loading(data_dir: Path, ids: list[str]) -> tuple[list[int], Services]:
    """What the deletions of these sessions are answered, by a server that then comes up."""
    release = threading.Event()

    def slow(settings: Settings) -> Models:
        release.wait()
        return scripted(settings)

    app = create_app(Settings(data_dir=data_dir, decoder_threads=1), slow)
    async with app.router.lifespan_context(app), Server(app, httpx.AsyncClient()).calling() as http:
        try:
            deleted = [(await http.delete(f"/v2/live/{each}")).status_code for each in ids]
        finally:
            release.set()
        assert await app.state.services.loaded() is None
        return deleted, app.state.services


@pytest.mark.parametrize("while_loading", [True, False])
def test_a_session_whose_row_is_damaged_can_be_deleted(tmp_path: Path, while_loading: bool) -> None:
    damaged = new_session()

    async def body(server: Server) -> None:
        await server.services.storage.sessions.create(damaged)
        async with server.services.storage.database.write() as database:
            await database.execute(text("UPDATE sessions SET request = '{', created_at = 'long ago'"))
        if not while_loading:
            assert (await server.http.delete(f"/v2/live/{damaged.id}")).status_code == 202

    serving(tmp_path, body)
    if while_loading:
        assert asyncio.run(_deleted_while_loading(tmp_path, [damaged.id]))[0] == [202]


def test_deleting_beside_a_live_session_leaves_no_trace_once_the_server_stops(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        other = await create(server.http)
        async with connected(server, other["url"]) as socket:
            for number in range(30):
                await socket.send_audio(b"neighbour!")
                await socket.receive_until(type="audio_chunk")
                created = await create(server.http, custom_metadata={"secret": "heliotrope" * (number + 1)})
                assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202

    serving(tmp_path, body)
    assert _on_disk(tmp_path, b"heliotrope") == []
    assert _on_disk(tmp_path, b"neighbour") == [b"neighbour"]


def test_deleting_gives_no_usage_back(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key("free")
        created = await create(http, channels=2)
        await record(server, created["url"], bytes(64_000))
        stored = await server.services.storage.sessions.get(created["id"])
        assert stored is not None
        assert stored.completed_at is not None
        used = server.services.storage.sessions.usage_seconds
        assert await used(key_id, stored.completed_at) == pytest.approx(2.0)
        assert (await http.delete(f"/v2/live/{created['id']}")).status_code == 202
        assert await used(key_id, stored.completed_at) == pytest.approx(2.0)

    serving(tmp_path, body)
