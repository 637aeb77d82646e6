"""Notices a client that does not take what is sent to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Stall:
    """Watches a connection from `begins` to `ends`: `gone` is called if nothing leaves for that long."""

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
        if self._transport.get_write_buffer_size() < self._left:
            self.begins()
        else:
            self._gone()
