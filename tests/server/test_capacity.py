"""What the machine carries: who is refused when it is full or late, and that nobody else notices."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.harness import Server, connected, create, held_by, models, record, running, serving
from server.peers import EVERYTHING, STOP, speech
from storage.samples import new_session
from vivavoce.protocol.responses import ErrorBody
from vivavoce.server.capacity import Capacity, estimated_enhanced, estimated_sessions, measured
from vivavoce.server.models import Models, load_enhancer
from vivavoce.settings import Settings


def capacity(sessions: int, lateness: Sequence[float] = (0.0,)) -> Capacity:
    """Lateness is each of these in turn."""
    return Capacity(sessions, 2, iter(lateness).__next__, abandon_after=30.0)


def check_it_is_full(response: httpx.Response, many: str) -> None:
    assert response.status_code == 429
    assert response.headers["retry-after"] == "30"
    message = ErrorBody.model_validate(response.json()).message
    assert message == f"the server carries {many} at once, all taken: try again later"


def test_there_is_room_until_the_last_place_is_taken() -> None:
    assert capacity(3).problem(2) is None
    message, retry_after = capacity(3).problem(3) or ("", 0.0)
    assert message.startswith("the server carries 3 sessions at once")
    assert retry_after == 30.0


def test_sessions_with_the_enhancer_take_the_room_of_more() -> None:
    two_and_a_half = dataclasses.replace(capacity(5, [0.0] * 9), enhanced=2.5)
    assert two_and_a_half.problem(2) is None
    assert two_and_a_half.problem(2, enhance=True) is None
    assert two_and_a_half.problem(1, enhanced=1, enhance=True) is None
    message, _ = two_and_a_half.problem(2, enhanced=2) or ("", 0.0)
    assert message == (
        "the server carries 5 sessions at once; one with the audio enhancer counts as 2.5, and too little is "
        "left: try again later"
    )
    assert two_and_a_half.problem(3, enhance=True) is not None
    assert two_and_a_half.problem(4) is None
    assert dataclasses.replace(capacity(1), enhanced=2.5).problem(0, enhance=True) is None


def test_an_abandoned_session_takes_room_until_what_it_sent_is_recognised(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()

    async def body(server: Server) -> None:
        with lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            created = await create(server.http, **EVERYTHING)
            async with connected(server, created["url"]) as socket:
                await socket.send_audio(speech() * 9)
                await socket.receive_until(type="audio_chunk")
                await socket.leave(1006)
            assert created["id"] not in server.services.active()
            assert (await server.http.post("/v2/live")).status_code == 429
        while (await server.http.post("/v2/live")).status_code == 429:
            pass

    serving(tmp_path / "data", body, held_by(str(lock)), capacity=1, abandon_after=1e-6)


def test_late_finals_refuse_and_are_recovered_from() -> None:
    busy = capacity(9, [0.5, 0.8, 2.0, 0.4])
    assert busy.problem(2) is None
    message = "finals are 0.8 s late because of the load: try again in 5 seconds"
    assert busy.problem(2) == (message, 5.0)
    assert busy.problem(2) is not None
    assert busy.problem(2) is None


def test_fewer_sessions_than_cores_are_not_too_many_however_late_they_are() -> None:
    assert capacity(9, [60.0]).problem(1) is None
    assert capacity(9, [60.0]).problem(2) is not None


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 256))
def test_a_quicker_recogniser_and_more_cores_carry_no_less(one: float, other: float, threads: int) -> None:
    quick, slow = sorted((one, other))
    carried = estimated_sessions(slow, threads, 8.0)
    assert 1 <= carried <= estimated_sessions(quick, threads, 8.0) <= 1000
    assert carried <= estimated_sessions(slow, threads + 1, 8.0)


def test_the_estimate_for_a_final_of_a_fifth_of_a_second_on_two_cores() -> None:
    assert estimated_sessions(0.2, 2, 8.0) > estimated_sessions(0.4, 2, 8.0) > 5
    # 1.6 cores; a final every 3 / 0.45 seconds and 0.3 for nothing, of 0.4 s each; 0.012 for the rest.
    assert estimated_sessions(0.2, 2, 8.0) == int(1.6 / (1.3 * 0.4 * 0.45 / 3 + 0.012))


def test_a_recogniser_that_costs_nothing_leaves_only_the_rest_to_be_paid() -> None:
    sessions, enhanced = measured(models().recognizers["base"], None, 1)
    assert 10 < sessions <= estimated_sessions(0.0, 1, 8.0)
    assert enhanced == 1.0


def test_the_estimate_for_an_enhancer_that_takes_as_long_as_a_final() -> None:
    # A final every 3 / 0.45 seconds and 0.3 for nothing: 0.4 s without, 0.6 s with it; 0.012 for the rest.
    finals = 1.3 * 0.45 / 3
    assert estimated_enhanced(0.2, 0.2, 8.0) == pytest.approx((finals * 0.6 + 0.012) / (finals * 0.4 + 0.012))
    assert estimated_enhanced(0.2, 0.0, 8.0) == 1.0


def test_a_server_that_is_not_told_measures_what_it_carries(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        await create(server.http)
        figures = (await server.http.get("/metrics")).text
        [shown] = re.findall(r"^vivavoce_capacity_sessions (\S+)", figures, re.MULTILINE)
        assert 10 < float(shown) <= 1000

    serving(tmp_path, body, capacity=None)


def test_the_figures_tell_the_capacity_and_how_late_finals_are(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        figures = (await server.http.get("/metrics")).text
        assert "vivavoce_capacity_sessions 7.0" in figures
        assert "vivavoce_finals_lateness_seconds 0.0" in figures

    serving(tmp_path, body, capacity=7)


def test_a_full_server_refuses_until_a_session_has_ended(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        check_it_is_full(await server.http.post("/v2/live"), "1 session")
        await record(server, created["url"], bytes(3200))
        await create(server.http)

    serving(tmp_path, body, capacity=1)


def test_a_server_counts_the_sessions_that_asked_for_the_enhancer(tmp_path: Path) -> None:
    def load(_: Settings) -> Models:
        return dataclasses.replace(models(), enhancer=load_enhancer())

    async def body(server: Server) -> None:
        carried = (await server.services.ready()).capacity
        assert carried.enhanced > 1
        enhanced = {"pre_processing": {"audio_enhancer": True}}
        created = await create(server.http, **enhanced)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            sessions = 1
            while (response := await server.http.post("/v2/live", json=enhanced)).status_code == 201:
                sessions += 1
        assert (sessions, response.status_code) == (int(carried.sessions / carried.enhanced), 429)
        assert "one with the audio enhancer counts as" in response.json()["message"]

    serving(tmp_path, body, load, capacity=None)


def test_a_session_that_is_deleted_leaves_its_place(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        check_it_is_full(await server.http.post("/v2/live"), "1 session")
        assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
        await create(server.http)

    serving(tmp_path, body, capacity=1)


def test_a_session_that_nobody_connects_to_leaves_its_place(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        long_ago = datetime.now(UTC) - timedelta(seconds=31)
        await server.services.storage.sessions.create(new_session(created_at=long_ago))
        await create(server.http)

    serving(tmp_path, body, capacity=1)


@pytest.mark.parametrize("with_keys", [False, True])
def test_a_burst_does_not_get_past_the_capacity_whoever_calls(tmp_path: Path, with_keys: bool) -> None:
    async def body(server: Server) -> None:
        callers = [server.http]
        if with_keys:
            callers = [(await server.key("paid"))[1], (await server.key("enterprise"))[1]]
        calls = [http.post("/v2/live") for http in callers for _ in range(10 // len(callers))]
        responses = await asyncio.gather(*calls)
        assert sorted(response.status_code for response in responses) == [201] * 3 + [429] * 7
        for response in responses:
            if response.status_code == 429:
                check_it_is_full(response, "3 sessions")

    serving(tmp_path, body, capacity=3)


def test_the_limit_of_ones_plan_is_told_first(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("free")
        await create(http)
        assert "the free plan allows 1 session" in (await http.post("/v2/live")).json()["message"]

    serving(tmp_path, body, capacity=1)


def test_a_running_session_does_not_notice_that_others_are_refused(tmp_path: Path) -> None:
    audio = speech()
    half = len(audio) // 2

    async def body(server: Server) -> None:
        created = await create(server.http, **EVERYTHING)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(audio[:half])
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            refused = await asyncio.gather(*(server.http.post("/v2/live") for _ in range(10)))
            assert {response.status_code for response in refused} == {429}
            await socket.send_audio(audio[half:])
            await socket.send_text(STOP)
            await socket.receive_until(type="end_session")
            assert await socket.receive() == {"closed": 1000}
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert len(stored["result"]["transcription"]["utterances"]) == 2

    serving(tmp_path, body, capacity=1)


def test_a_client_that_comes_back_finds_its_place_however_full_the_server_is(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk")
            await socket.leave(1006)
        check_it_is_full(await server.http.post("/v2/live"), "1 session")
        await record(server, created["url"], bytes(3200))

    serving(tmp_path, body, capacity=1)


def test_sessions_are_taken_up_after_a_restart_even_by_a_server_that_carries_fewer(tmp_path: Path) -> None:
    async def body() -> None:
        async with running(tmp_path, capacity=2) as server:
            urls = [(await create(server.http))["url"] for _ in range(2)]
            # Both are cut off while they are connected.
            async with connected(server, urls[0]) as one, connected(server, urls[1]) as other:
                for socket in (one, other):
                    await socket.send_audio(bytes(3200))
                    await socket.receive_until(type="audio_chunk", acknowledged=True)
                    await socket.leave(1006)
        async with running(tmp_path, capacity=1) as server:
            check_it_is_full(await server.http.post("/v2/live"), "1 session")
            for url in urls:
                await record(server, url, bytes(3200))
            await create(server.http)

    asyncio.run(body())


def test_a_session_that_waited_too_long_is_asked_again_when_it_connects(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        first, second = await create(server.http), await create(server.http)
        async with connected(server, first["url"]) as early:
            await early.send_audio(bytes(3200))
            await early.receive_until(type="audio_chunk")
            async with connected(server, second["url"]) as late:
                assert await late.receive() == {"closed": 4429}

    # Nobody connects within a microsecond, so the first does not count when the second is made.
    serving(tmp_path, body, capacity=1, abandon_after=1e-6)


@pytest.mark.parametrize("retry", [1e-6, 0.4, 1.4, 30.0])
def test_retry_after_is_a_whole_number_of_seconds_and_at_least_one(tmp_path: Path, retry: float) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk")
            assert (await server.http.post("/v2/live")).headers["retry-after"] == str(max(1, round(retry)))

    serving(tmp_path, body, capacity=1, abandon_after=retry)
