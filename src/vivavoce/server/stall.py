"""Notices a client that does not take what is sent to it, or a byte now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LEAST: Final = 4096
"""Bytes a second: half of what the thinnest speech, 8 kHz at 8 bits, takes the other way. A client to which
less gets through cannot speak."""


def keeps_up(before: int, waiting: int, seconds: float) -> bool:
    """Whether enough has left of the bytes that waited so many `seconds` before."""
    return before - waiting >= LEAST * seconds


class Stall:
    """Watches a connection from `begins` to `ends`: `gone` is called once it does not keep up.

    Of what waits at least `LEAST` bytes a second have to leave, on the average over `patience` seconds: the
    system takes them by the ten thousand, and a network may be away for a while.
    """

    def __init__(self, transport: asyncio.Transport, patience: float, gone: Callable[[], None]) -> None:
        self._transport = transport
        self._patience = patience
        self._gone = gone
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def begins(self) -> None:
        """More is to be sent than the socket takes."""
        self.ends()
        self._left = self._transport.get_write_buffer_size()
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._look)

    def ends(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if keeps_up(self._left, self._transport.get_write_buffer_size(), self._patience):
            self.begins()
        else:
            self._gone()
