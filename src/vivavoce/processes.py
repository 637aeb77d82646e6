"""Processes of our own, which end with the block that uses them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def ended_after(process: subprocess.Popen[str] | subprocess.Popen[bytes], within: float) -> Iterator[None]:
    """Asks the process to end when the block is left, and kills it if it has not after `within` seconds.

    SIGTERM, and SIGHUP where it is not ignored, leave the block as Ctrl-C does, for which this must be the
    main thread. Raises KeyboardInterrupt after either of them, however the block was left.
    """
    told = False

    def interrupt(_number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True
        _interrupt(frame)

    try:
        with handling((signal.SIGTERM, signal.SIGHUP), interrupt):
            try:
                yield
            finally:
                _end(process, within)
    finally:
        if told:
            # What is cut off may fail in its own way: asyncio by CancelledError while it starts.
            raise KeyboardInterrupt


@contextmanager
def handling(signals: Iterable[int], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Has these signals handled while the block runs, but for those that are ignored: by a shell's background
    jobs Ctrl-C, by what nohup runs SIGHUP. For the main thread."""
    found = {one: signal.getsignal(one) for one in signals}
    before = {one: handled for one, handled in found.items() if handled is not signal.SIG_IGN}
    for one in before:
        signal.signal(one, handler)
    try:
        yield
    finally:
        for one, handled in before.items():
            signal.signal(one, handled)


def die_of(number: int) -> NoReturn:
    """End this process as a signal does that nobody handles: at once, and its parent sees which it was."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    # The first process of a container is still there: the kernel spares it what nobody handles.
    os._exit(128 + number)


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes], within: float) -> None:
    process.terminate()
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()


def _interrupt(frame: FrameType | None) -> None:
    """What Ctrl-C does, which is something else while asyncio runs."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # ignored, as in the background jobs of a shell
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)
