"""Processes end as they are told to, and ours with them."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

DIE = """
import signal, sys
from vivavoce.processes import die_of

signal.pthread_sigmask(signal.SIG_BLOCK if sys.argv[1] == "spared" else signal.SIG_UNBLOCK, [signal.SIGTERM])
die_of(signal.SIGTERM)
"""


@pytest.mark.parametrize(("how", "code"), [("struck", -signal.SIGTERM), ("spared", 128 + signal.SIGTERM)])
def test_who_dies_of_a_signal_ends_even_where_the_kernel_spares_it(how: str, code: int) -> None:
    """As it does the first process of a container, whose signals are as if blocked."""
    assert subprocess.run([sys.executable, "-c", DIE, how], timeout=20).returncode == code
