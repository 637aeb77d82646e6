"""Processes of our own, which end with the block that uses them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_after(process: subprocess.Popen[str] | subprocess.Popen[bytes], within: float) -> Iterator[None]:
    """Asks the process to end when the block is left, and kills it if it has not after `within` seconds."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
