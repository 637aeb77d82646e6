"""What the plans allow, and when a session stops counting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.harness import Server, connected, create, record, serving
from storage.samples import new_session, use
from vivavoce.server.limits import _next_month


def test_the_free_plan_has_one_session_at_once(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("free")
        created = await create(http)
        response = await http.post("/v2/live")
        assert response.status_code == 429
        assert response.headers["retry-after"] == "30"
        assert "the free plan allows 1 session at once" in response.json()["message"]
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk")
            assert (await http.post("/v2/live")).status_code == 429
        await record(server, (await create(http))["url"], bytes(3200))
        assert (await http.post("/v2/live")).status_code == 201

    serving(tmp_path, body)


def test_calls_at_the_same_time_do_not_get_past_the_limit(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("free")
        responses = await asyncio.gather(*(http.post("/v2/live") for _ in range(5)))
        assert sorted(response.status_code for response in responses) == [201, 429, 429, 429, 429]

    serving(tmp_path, body)


def test_the_paid_plan_has_thirty_sessions_at_once(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("paid")
        for _ in range(30):
            await create(http)
        assert (await http.post("/v2/live")).status_code == 429

    serving(tmp_path, body)


def test_the_enterprise_plan_and_the_keyless_mode_have_no_limit(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for _ in range(35):
            await create(server.http)
        _, http = await server.key("enterprise")
        for _ in range(35):
            await create(http)

    serving(tmp_path, body)


def test_one_keys_sessions_do_not_count_against_another(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for _ in range(2):
            _, http = await server.key("free")
            await create(http)

    serving(tmp_path, body)


@pytest.mark.parametrize(("age", "status"), [(29.0, 429), (31.0, 201)])
def test_a_session_that_nobody_connects_to_stops_counting_after_30_s(
    tmp_path: Path, age: float, status: int
) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key("free")
        created_at = datetime.now(UTC) - timedelta(seconds=age)
        await server.services.storage.sessions.create(new_session(key_id=key_id, created_at=created_at))
        assert (await http.post("/v2/live")).status_code == status

    serving(tmp_path, body)


@pytest.mark.parametrize(("plan", "status"), [("free", 429), ("paid", 201)])
def test_the_free_plans_hours_of_a_month_can_be_used_up(tmp_path: Path, plan: str, status: int) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key("free" if plan == "free" else "paid")
        now = datetime.now(UTC)
        await use(server.services.storage, key_id, 10 * 3600.0, now - timedelta(days=40))
        await use(server.services.storage, key_id, 10 * 3600.0 - 1, now)
        await record(server, (await create(http))["url"], bytes(32_000))
        response = await http.post("/v2/live")
        assert response.status_code == status
        if status == 429:
            assert "10 hours a month" in response.json()["message"]
            assert 0 < int(response.headers["retry-after"]) <= 31 * 24 * 3600

    serving(tmp_path, body)


def test_a_refused_session_is_not_stored(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("free")
        created = await create(http)
        assert (await http.post("/v2/live")).status_code == 429
        assert [item["id"] for item in (await http.get("/v2/live")).json()["items"]] == [created["id"]]

    serving(tmp_path, body)


@given(now=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))
def test_the_next_month_begins_within_31_days(now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    following = _next_month(now)
    assert timedelta(0) < following - now <= timedelta(days=31)
    assert (following.day, following.hour, following.month != now.month) == (1, 0, True)
