"""Fuzzed sessions on a server, many at once, and beside them one that must not notice."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from fuzz.frames import LARGEST
from fuzz.programs import Program, programs
from fuzz.servers import Fuzzed, Meter, Process, fuzzed_server
from fuzz.sessions import PATIENCE, Session
from fuzz.totals import Totals
from server.peers import Server
from vivavoce.server.loop_lag import watch_loop_lag

LIMIT = 60.0
"""Seconds of audio that a session may have."""
ROUND = 110.0
"""Seconds that a round may take."""
IDLE = 120
"""Seconds after which the server ends a session that was left: the one beside sends nothing for a round."""
SETTINGS = {"max_frame_bytes": LARGEST, "max_session_duration": LIMIT, "idle_timeout": IDLE}
AT_ONCE = 16
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
            watching = group.create_task(watch_loop_lag(totals.stood_still))
            sessions = [group.create_task(Session(each, http, LIMIT, totals).run()) for each in together]
            await asyncio.wait(sessions)
            watching.cancel()

    server.run_beside_another_session(body, ROUND)


def campaign(data: Path, messages: int, seed: int) -> None:
    """Send at least so many messages; a line now and then tells of all so far."""
    totals, began = Totals(), time.monotonic()
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
            try:
                run_round(server, together, totals)
            except BaseException:
                # Hypothesis goes on and tries it again.
                print(f"it broke after {totals}", file=sys.stderr)
                fuzzed.show()
                raise

        def tell(what: str) -> None:
            seconds = time.monotonic() - began
            own = Process.of(os.getpid()).memory / 1e6
            print(
                f"{what}: {totals}, {meter.read()}, these clients {own:.0f} MB, {seconds:.0f} s", flush=True
            )

        while totals.messages < messages:
            seeded(seed)(rounds)()
            tell(f"seed {seed}")
            seed += 1
        check_quiet(fuzzed)
        meter.check_flat()
        tell("nothing was found")


def check_quiet(server: Fuzzed) -> None:
    """Nothing is left of sessions that nobody ended."""
    for _ in range(IDLE + 15):
        if server.figures("vivavoce_sessions_live") == {"": 0.0}:
            break
        asyncio.run(asyncio.sleep(1))
    assert server.figures("vivavoce_sessions_live") == {"": 0.0}
    assert server.figures("vivavoce_finals_waiting") == {"": 0.0}
    assert not [status for status in server.calls() if status >= "500"]
