"""Single values of the database are damaged: who they belong to is named, and all others are served."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.harness import Server, connected, create, record, running, serving
from server.peers import speech
from server.receiver import LOOPBACK, Answer, receiving

AUDIO = speech()
STOP = '{"type": "stop_recording"}'


def damage(data_dir: Path, assignment: str, table: str, condition: str, *values: str) -> None:
    with closing(sqlite3.connect(data_dir / "vivavoce.db")) as database, database:
        changed = database.execute(f"UPDATE {table} SET {assignment} WHERE {condition}", values)
        assert changed.rowcount == 1


def recorded(data_dir: Path, count: int) -> list[dict[str, Any]]:
    """That many sessions, which have ended."""
    created: list[dict[str, Any]] = []

    async def body(server: Server) -> None:
        for _ in range(count):
            created.append(await create(server.http, endpointing=0.3))
            await record(server, created[-1]["url"], AUDIO)

    serving(data_dir, body)
    return created


def test_the_server_starts_and_takes_up_all_sessions_but_the_one_whose_row_is_damaged(tmp_path: Path) -> None:
    kept: list[dict[str, Any]] = []

    async def before(server: Server) -> None:
        for _ in range(2):
            kept.append(await create(server.http, endpointing=0.3))
            async with connected(server, kept[-1]["url"]) as socket:
                await socket.send_audio(AUDIO[:50_000])
                await socket.receive_until(type="audio_chunk")
                await socket.leave(1012)

    async def after() -> None:
        damaged, healthy = kept
        with capture_logs() as logs:
            async with running(tmp_path) as server:
                async with connected(server, damaged["url"]) as socket:
                    assert await socket.receive() == {"closed": 1011}
                async with connected(server, healthy["url"] + "&resume_from=50000") as socket:
                    await socket.send_audio(AUDIO[50_000:])
                    await socket.send_text(STOP)
                    await socket.rest()
                session = (await server.http.get(f"/v2/live/{healthy['id']}")).json()
                assert session["status"] == "done"
                assert len(session["result"]["transcription"]["utterances"]) == 2
                assert (await server.http.delete(f"/v2/live/{damaged['id']}")).status_code == 202
        [told] = [log for log in logs if log["event"] == "session_damaged"]
        assert told["session"] == damaged["id"]
        assert f"created_at in the table sessions, id {damaged['id']}" in told["error"]
        assert [log["session"] for log in logs if log["event"] == "session_taken_up"] == [healthy["id"]]

    serving(tmp_path, before)
    damage(tmp_path, "created_at = 'x'", "sessions", "id = ?", kept[0]["id"])
    asyncio.run(after())


@pytest.mark.parametrize(
    ("name", "utterance_id", "results", "logged"),
    [
        ("translatjon", "00_00000000", "{}", ("session_not_taken_up", "name")),
        ("sentiment_analysis", "00_00000000", '["hunter2"]', ("session_not_taken_up", "results")),
        ("sentiment_analysis", "00_0000000x", "[]", ("add_on_damaged", "utterance_id")),
    ],
)
def test_the_server_starts_whatever_is_damaged_of_what_an_add_on_found(
    tmp_path: Path, name: str, utterance_id: str, results: str, logged: tuple[str, str]
) -> None:
    kept: list[dict[str, Any]] = []

    async def before(server: Server) -> None:
        for _ in range(2):
            kept.append(await create(server.http, endpointing=0.3))
            async with connected(server, kept[-1]["url"]) as socket:
                await socket.send_audio(AUDIO)
                while not (await socket.receive_until(type="transcript"))["data"]["is_final"]:
                    pass
                await socket.leave(1012)

    async def after() -> None:
        event, column = logged
        with capture_logs() as logs:
            async with running(tmp_path) as server:
                for created in kept if event == "add_on_damaged" else kept[1:]:
                    async with connected(server, created["url"]) as socket:
                        await socket.send_text(STOP)
                        await socket.rest()
                    session = (await server.http.get(f"/v2/live/{created['id']}")).json()
                    assert len(session["result"]["transcription"]["utterances"]) == 2
        [told] = [log for log in logs if log["event"] == event]
        assert told["session"] == kept[0]["id"]
        assert column in told["error"]
        assert "in the table add_ons" in told["error"]
        assert "hunter2" not in str(logs)

    serving(tmp_path, before)
    with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
        database.execute(
            "INSERT INTO add_ons (session_id, name, utterance_id, target, results, exec_time)"
            " VALUES (?, ?, ?, '', ?, 0.0)",
            (kept[0]["id"], name, utterance_id, results),
        )
    asyncio.run(after())


@pytest.mark.parametrize(
    ("assignment", "table", "key", "listed"),
    [
        ("request = '{bad'", "sessions", "id", False),
        ("post_session_metadata = '['", "sessions", "id", False),
        ("completed_at = 'x'", "sessions", "id", False),
        ("status = 'x'", "sessions", "id", False),
        ("words = '['", "utterances", "utterance_id = '00_00000000' AND session_id", True),
        ("name = 'post_translation'", "add_ons", "name = 'post_transcript' AND session_id", True),
        ("results = '[\"hunter2\"]'", "add_ons", "name = 'post_transcript' AND session_id", True),
    ],
)
def test_a_damaged_session_is_named_where_it_is_asked_for_and_the_list_has_the_others(
    tmp_path: Path, assignment: str, table: str, key: str, listed: bool
) -> None:
    first, damaged, last = recorded(tmp_path, 3)
    damage(tmp_path, assignment, table, f"{key} = ?", damaged["id"])

    async def body(server: Server) -> None:
        with capture_logs() as logs:
            items = (await server.http.get("/v2/live")).json()["items"]
        assert "hunter2" not in str(logs)
        found = {item["id"]: item["result"] is not None for item in items}
        assert found == {first["id"]: True, last["id"]: True} | ({damaged["id"]: False} if listed else {})
        assert [log["session"] for log in logs if log["event"] == "session_damaged"] == [damaged["id"]]
        page, ids = "/v2/live?limit=1", []
        while page:
            answer = (await server.http.get(page)).json()
            page, ids = answer["next"], [*ids, *(item["id"] for item in answer["items"])]
        assert ids == [item["id"] for item in items]
        answer = await server.http.get(f"/v2/live/{damaged['id']}")
        assert (answer.status_code, damaged["id"] in answer.json()["message"]) == (500, True)
        assert "retry-after" not in answer.headers
        _, stranger = await server.key()
        other = await stranger.get(f"/v2/live/{damaged['id']}")
        assert other.status_code == 404, other.text

    serving(tmp_path, body)


def test_the_messages_of_a_session_end_where_they_are_damaged(tmp_path: Path) -> None:
    [created] = recorded(tmp_path, 1)
    newest = "seq = (SELECT max(seq) FROM messages) AND session_id = ?"
    damage(tmp_path, "json = CAST(X'ff' AS TEXT)", "messages", newest, created["id"])

    async def body(server: Server) -> None:
        with capture_logs() as logs:
            session = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert "post_final_transcript" not in str(session["result"]["messages"])
        assert len(session["result"]["transcription"]["utterances"]) == 2
        assert [log["session"] for log in logs if log["event"] == "session_damaged"] == [created["id"]]

    serving(tmp_path, body)


def test_a_damaged_callback_delays_no_other_and_is_delivered_if_it_can_be(tmp_path: Path) -> None:
    answers: dict[str, Answer] = {"now": 503}
    settings: dict[str, Any] = {"callback_allow": LOOPBACK, "callback_backoff": 3600.0}
    ids: list[str] = []
    with receiving(lambda _: answers["now"]) as receiver:

        async def before(server: Server) -> None:
            for _ in range(3):
                config = {"url": receiver.url, "receive_final_transcripts": False}
                created = await create(server.http, callback=True, callback_config=config)
                ids.append(created["id"])
            await asyncio.to_thread(receiver.until, lambda it: len(it.attempts) == 3)

        async def after(_: Server) -> None:
            await asyncio.to_thread(receiver.until, lambda it: len(it.taken) == 2)
            assert {posted.content["id"] for posted in receiver.taken} == {ids[0], ids[2]}

        async def at_last(server: Server) -> None:
            assert await server.services.storage.deliveries.counts() == (0, 1)

        serving(tmp_path, before, **settings)
        answers["now"] = 200
        damage(tmp_path, "due_at = 'x'", "destinations", "session_id = ?", ids[0])
        damage(tmp_path, "url = X'ff', due_at = NULL", "destinations", "session_id = ?", ids[1])
        with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
            database.execute("UPDATE destinations SET due_at = '2026-01-01 00:00:00' WHERE due_at != 'x'")
            database.execute("UPDATE destinations SET due_at = '2026-01-01 00:00:00' WHERE due_at IS NULL")
        serving(tmp_path, after, **settings)
        serving(tmp_path, at_last, **settings)


def test_a_key_opens_what_it_opened_whatever_else_of_its_row_is_damaged(tmp_path: Path) -> None:
    kept: dict[str, str] = {}

    async def before(server: Server) -> None:
        for name in ("damaged", "healthy", "useless"):
            _, kept[name] = await server.services.storage.keys.create(name, "paid")

    async def after(server: Server) -> None:
        for name in ("damaged", "healthy"):
            async with server.calling(key=kept[name]) as http:
                await record(server, (await create(http))["url"], AUDIO)
        async with server.calling(key=kept["useless"]) as http:
            refused = await http.get("/v2/live")
            assert (refused.status_code, "plan in the table keys" in refused.json()["message"]) == (500, True)

    serving(tmp_path, before)
    damage(tmp_path, "created_at = 'x'", "keys", "name = ?", "damaged")
    damage(tmp_path, "plan = 'x'", "keys", "name = ?", "useless")
    serving(tmp_path, after)


def test_a_new_session_is_announced_to_all_webhooks_but_a_damaged_one(tmp_path: Path) -> None:
    async def before(server: Server) -> None:
        for name in ("damaged", "healthy"):
            await server.services.storage.webhooks.add(None, f"https://{name}.example/")

    async def after(server: Server) -> None:
        with capture_logs() as logs:
            created = await create(server.http)
        assert [log["event"] for log in logs if log["event"].endswith("damaged")] == ["webhook_damaged"]
        places = await server.services.storage.deliveries.destinations(created["id"])
        assert [place.url for place in places] == ["https://healthy.example/"]

    serving(tmp_path, before)
    damage(tmp_path, "created_at = 'x'", "webhooks", "url LIKE ?", "%damaged%")
    serving(tmp_path, after)


def test_a_damaged_session_that_waits_takes_no_place_for_ever(tmp_path: Path) -> None:
    async def before(server: Server) -> None:
        await create(server.http)

    async def after(server: Server) -> None:
        await create(server.http)

    serving(tmp_path, before)
    damage(tmp_path, "created_at = 'x', request = '{'", "sessions", "status = ?", "queued")
    serving(tmp_path, after, capacity=1)
