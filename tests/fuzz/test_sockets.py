"""Whatever clients send to their sockets, each session keeps its promises, and others do not notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz.programs import Program, programs
from fuzz.servers import fuzzed_server
from fuzz.sockets import SETTINGS, run_round
from fuzz.totals import Totals
from server.peers import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fuzzed_server(tmp_path_factory.mktemp("data"), **SETTINGS) as fuzzed:
        yield Server(fuzzed.url)


def test_whatever_clients_send_nothing_acknowledged_is_lost_and_others_do_not_notice(server: Server) -> None:
    totals = Totals()

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(programs(30), min_size=6, max_size=6))
    def holds(together: list[Program]) -> None:
        run_round(server, together, totals)

    holds()
    assert totals.messages > 500
    assert {1000, 4400} <= totals.codes.keys()
