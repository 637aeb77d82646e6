"""A little of `make chaos`: clients that are cut off, and whose server is killed, lose and double nothing."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence

import pytest

from disturbed.clients import CLIENTS
from disturbed.modes import cuts, ends
from disturbed.run import Run

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)

SECONDS = 3.0
FEW = ["async SDK", "our client", "forgetful client"]


@pytest.fixture
def names() -> list[str]:
    """The clients; where there is no Node, all but one."""
    return [name for name in CLIENTS if name != "JavaScript SDK" or shutil.which("npm")]


def check(run: Run, names: Sequence[str]) -> None:
    assert run.different == 0, run.summary()
    assert set(run.clients) >= set(names)
    assert not any(count for name, count in run.told.items() if "not told" in name), run.summary()


@pytest.mark.parametrize("seed", [1])
def test_connections_that_break_anywhere_cost_no_client_anything(names: list[str], seed: int) -> None:
    run = Run(seed, at_once=3, seconds=SECONDS, only=names, scripted=True)
    cuts(run, 4 * len(names))
    check(run, names)
    assert sum(run.faults.values()) >= 2 * len(names)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_ends_and_starts_again_costs_no_client_anything(
    names: list[str], number: signal.Signals
) -> None:
    run = Run(2, at_once=len(names), seconds=SECONDS, only=names, scripted=True)
    ends(run, 1, number)
    check(run, names)


@pytest.mark.parametrize("killed", [False, True], ids=["cut", "killed"])
def test_what_is_made_of_the_words_is_whole_and_what_is_redacted_stays_hidden(killed: bool) -> None:
    run = Run(4, at_once=len(FEW), seconds=SECONDS, only=FEW, scripted=True, add_ons=True)
    if killed:
        ends(run, 1, signal.SIGKILL)
    else:
        cuts(run, 6 * len(FEW))
    check(run, FEW)
    assert run.told["words to hide"] > 0
    assert run.told["add-ons"] > run.told["finals"]
