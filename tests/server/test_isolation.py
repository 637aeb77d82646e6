"""What a key opens, what a token opens, and for how long: never anything of somebody else."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.harness import Server, connected, create, record, serving
from vivavoce.server import sessions

SILENCE = bytes(32_000)


async def _closed(server: Server, url: str) -> dict[str, Any]:
    async with connected(server, url) as socket:
        return await socket.receive()


def _told(response: httpx.Response, session_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """An answer without what differs between any two."""
    headers = dict(response.headers) | {"x-request-id": ""}
    body = response.text.replace(session_id, "ID")
    return (
        response.status_code,
        headers,
        httpx.Response(200, text=body).json() | {"request_id": "", "timestamp": ""},
    )


@pytest.mark.parametrize("state", ["queued", "live", "done"])
def test_a_strangers_session_is_answered_in_every_way_as_one_that_never_was(
    tmp_path: Path, state: str
) -> None:
    async def body(server: Server) -> None:
        _, ours = await server.key()
        _, theirs = await server.key()
        created = await create(ours)

        async def compare() -> None:
            for method in ("GET", "DELETE", "PUT"):
                for path in ("", "/file", "/audio"):
                    real, made_up = [
                        _told(await theirs.request(method, f"/v2/live/{each}{path}"), each)
                        for each in (created["id"], str(uuid.uuid4()))
                    ]
                    assert real == made_up
                    assert real[0] in (404, 405)

        if state == "live":
            async with connected(server, created["url"]) as socket:
                await socket.send_audio(SILENCE)
                await socket.receive_until(type="audio_chunk")
                await compare()
        else:
            if state == "done":
                await record(server, created["url"], SILENCE)
            await compare()
        assert (await ours.get(f"/v2/live/{created['id']}")).status_code == 200

    serving(tmp_path, body)


def test_no_list_however_narrowed_has_a_strangers_session(tmp_path: Path) -> None:
    queries = (
        "",
        "offset=0&limit=100",
        "offset=1",
        "status=queued&status=done",
        "custom_metadata[customer]=7",
        'custom_metadata={"customer":7}',
        "after_date=2000-01-01",
        "before_date=2100-01-01&status=queued",
    )

    async def body(server: Server) -> None:
        for _ in range(2):
            await create(server.http, custom_metadata={"customer": 7})
        _, ours = await server.key()
        _, theirs = await server.key()
        mine = {(await create(ours, custom_metadata={"customer": 7}))["id"] for _ in range(2)}
        for query in queries:
            page = (await theirs.get(f"/v2/live?{query}")).json()
            assert (page["items"], page["next"]) == ([], None)
            listed = {item["id"] for item in (await ours.get(f"/v2/live?{query}")).json()["items"]}
            assert listed
            assert listed <= mine

    serving(tmp_path, body)


def test_a_token_opens_its_own_session_and_no_rest_call(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key()
        created = await create(http)
        token = created["url"].partition("token=")[2]
        for headers in ({"x-gladia-key": token}, {"authorization": f"Bearer {token}"}):
            response = await server.http.get(f"/v2/live/{created['id']}?token={token}", headers=headers)
            assert response.status_code == 401

    serving(tmp_path, body)


def test_a_wrong_token_is_closed_with_4401(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        url = created["url"].partition("token=")[0]
        for token in ("", "wrong", "A" * 43, "%00", "..%2f..%2fvivavoce.db", "%27%20OR%201=1", "%ff"):
            assert await _closed(server, f"{url}token={token}") == {"closed": 4401}

    serving(tmp_path, body)


def test_a_token_ends_with_its_session_and_tells_nobody_whether_there_was_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_GRACE", 0.0)
    monkeypatch.setattr(sessions, "_LATE", timedelta(0))

    async def body(server: Server) -> None:
        ended, deleted, unused = [await create(server.http) for _ in range(3)]
        for created in (ended, deleted):
            await record(server, created["url"], SILENCE)
        for created in (deleted, unused):
            assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
        for created in (ended, deleted, unused):
            assert await _closed(server, created["url"]) == {"closed": 4401}

    serving(tmp_path, body)


def test_a_deleted_sessions_token_opens_nothing_even_while_clients_could_still_fetch_messages(
    tmp_path: Path,
) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        await record(server, created["url"], SILENCE)
        assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
        assert await _closed(server, created["url"]) == {"closed": 4401}

    serving(tmp_path, body)


def test_a_revoked_key_opens_nothing_and_its_tokens_neither_but_who_is_connected_may_finish(
    tmp_path: Path,
) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key()
        waiting, running = await create(http), await create(http)
        async with connected(server, running["url"]) as socket:
            await socket.send_audio(SILENCE)
            await socket.receive_until(type="audio_chunk")
            assert await server.services.storage.keys.revoke(key_id)
            assert (await http.get(f"/v2/live/{running['id']}")).status_code == 401
            for created in (waiting, running):
                assert await _closed(server, created["url"]) == {"closed": 4401}
            await socket.send_audio(SILENCE)
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            await socket.send_text('{"type": "stop_recording"}')
            assert (await socket.rest())[-1] == {"closed": 1000}

    serving(tmp_path, body)


def test_a_rotated_key_keeps_its_sessions_and_the_old_secret_opens_nothing(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        key_id, old = await server.key()
        created = await create(old)
        text = await server.services.storage.keys.rotate(key_id)
        assert text is not None
        assert (await old.get("/v2/live")).status_code == 401
        async with server.calling(key=text) as new:
            listed = (await new.get("/v2/live")).json()["items"]
            assert [item["id"] for item in listed] == [created["id"]]
        await record(server, created["url"], SILENCE)

    serving(tmp_path, body)


def test_no_id_leads_to_the_file_system_or_into_a_header(tmp_path: Path) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_size for path in (tmp_path / "audio").iterdir()}

    async def body(server: Server) -> None:
        created = await create(server.http)
        await record(server, created["url"], SILENCE)
        before = await asyncio.to_thread(files)
        assert before
        for path in (
            "..%2f..%2fvivavoce.db",
            f"..%2faudio%2f{created['id']}",
            "%2e%2e",
            f"{created['id']}%00",
            f"{created['id']}%0d%0aset-cookie:a=b",
            f"{created['id']}.raw",
            f"{created['id']}%2f..",
            created["id"].upper(),
            "%ff%fe",
        ):
            for method, part in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
                response = await server.http.request(method, f"/v2/live/{path}{part}")
                assert response.status_code in (404, 405)
                assert "set-cookie" not in response.headers
        assert await asyncio.to_thread(files) == before
        assert (await server.http.get(f"/v2/live/{created['id']}/file")).status_code == 200

    serving(tmp_path, body)
