"""Processes of our own, which end with the block that uses them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def ended_after(process: subprocess.Popen[str] | subprocess.Popen[bytes], within: float) -> Iterator[None]:
    """Asks the process to end when the block is left, and kills it if it has not after `within` seconds.

    SIGTERM leaves the block as Ctrl-C does, for which this must be the main thread.
    """
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
        finally:
            signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
