"""Fuzzed sessions on a server, many at once, and beside them one that must not notice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from fuzz.frames import LARGEST
from fuzz.programs import Program, programs
from fuzz.servers import Fuzzed, Meter, fuzzed_server
from fuzz.sessions import PATIENCE, Session, Totals
from server.peers import Server

LIMIT = 60.0
"""Seconds of audio that a session may have."""
IDLE = 60
"""Seconds after which the server ends a session that was left."""
SETTINGS = {"max_frame_bytes": LARGEST, "max_session_duration": LIMIT, "idle_timeout": IDLE}
AT_ONCE = 8
MOST = 300
"""Messages of a step."""


def run_round(server: Server, together: Sequence[Program], totals: Totals) -> None:
    """Run the programs at the same time, while another client's session must be as if it were alone."""

    async def body(_: httpx.AsyncClient) -> None:
        # The server closes what nobody uses for five seconds, maybe just when it is used.
        keep = httpx.Limits(max_keepalive_connections=0)
        async with (
            httpx.AsyncClient(base_url=server.url, limits=keep, timeout=PATIENCE) as http,
            asyncio.TaskGroup() as group,
        ):
            for program in together:
                group.create_task(Session(program, http, LIMIT, totals).run())

    server.run_beside_another_session(body)


def campaign(data: Path, messages: int, seed: int) -> None:
    """Send at least so many messages."""
    totals = Totals()
    with fuzzed_server(data, **SETTINGS) as fuzzed:
        server, meter = Server(fuzzed.url), Meter(fuzzed)

        @settings(
            max_examples=5,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(programs(MOST), min_size=AT_ONCE, max_size=AT_ONCE))
        def rounds(together: list[Program]) -> None:
            run_round(server, together, totals)

        while totals.messages < messages:
            seeded(seed)(rounds)()
            print(f"seed {seed}: {totals}, {meter.read()}", flush=True)
            seed += 1
        check_quiet(fuzzed)
        meter.check_flat()


def check_quiet(server: Fuzzed) -> None:
    """Nothing is left of sessions that nobody ended."""
    for _ in range(IDLE + 15):
        if server.figures("vivavoce_sessions_live") == {"": 0.0}:
            break
        asyncio.run(asyncio.sleep(1))
    assert server.figures("vivavoce_sessions_live") == {"": 0.0}
    assert server.figures("vivavoce_finals_waiting") == {"": 0.0}
    assert not [status for status in server.calls() if status >= "500"]
