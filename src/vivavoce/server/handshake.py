"""Connections over TLS, which take a place from the beginning of their handshakes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from uvicorn.server import ServerState

from vivavoce.server.door import Door, Entry
from vivavoce.server.http import Http

# Seconds for the handshake of one that is only told that there is no room: few are told that at once.
_TURNED_AWAY_WITHIN: Final = 2.0
# Seconds until it is tried again to accept when the system has nothing to accept with.
_TRY_AGAIN: Final = 1.0


class TlsListener:
    """Accepts by hand: asyncio's own server tells nobody of a connection before its handshake is over."""

    def __init__(
        self, at: socket.socket, http: Callable[[], Http], tls: ssl.SSLContext, door: Door, state: ServerState
    ) -> None:
        self._at = at
        self._http = http
        self._tls = tls
        self._door = door
        self._state = state
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None

    def listen(self, backlog: int) -> None:
        self._at.setblocking(False)
        self._at.listen(backlog)
        self._go_on()

    def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._at)
        self._at.close()

    async def wait_closed(self) -> None:
        """Nothing of it is left to wait for; uvicorn asks its servers."""

    def _go_on(self) -> None:
        self._again = None
        self._loop.add_reader(self._at, self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._at.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # it is gone again
        except OSError:
            self._loop.remove_reader(self._at)
            self._again = self._loop.call_later(_TRY_AGAIN, self._go_on)
            return
        connection.setblocking(False)
        Handshake(connection, self._http, self._door, self._state).begin(self._tls)


class Handshake:
    """A connection until it is secure. The client has the door's patience for that, if it is welcome."""

    def __init__(
        self, connection: socket.socket, http: Callable[[], Http], door: Door, state: ServerState
    ) -> None:
        self._connection = connection
        self._http = http
        self._door = door
        self._state: Any = state

    def begin(self, tls: ssl.SSLContext) -> None:
        entry = self._door.enter(self)
        if entry is Entry.CROWDED:
            self._connection.close()
            return
        welcome, patience = entry is Entry.WELCOME, self._door.patience
        within = patience if welcome else min(patience, _TURNED_AWAY_WITHIN)
        self._shaking = asyncio.get_running_loop().create_task(self._shake_hands(tls, within))
        self._state.connections.add(self)
        self._state.tasks.add(self._shaking)
        self._shaking.add_done_callback(self._over)

    async def _shake_hands(self, tls: ssl.SSLContext, within: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                self._follow, self._connection, ssl=tls, ssl_handshake_timeout=within
            )
        except OSError:
            return  # it is gone, or took too long, or speaks something else

    def _follow(self) -> Http:
        http = self._http()
        http.follows = self
        return http

    def _over(self, shaking: asyncio.Task[None]) -> None:
        self._state.tasks.discard(shaking)
        self._state.connections.discard(self)
        self._door.leave(self)

    def shutdown(self) -> None:
        """The server goes down."""
        self._shaking.cancel()

    def show_out(self) -> None:
        self._shaking.cancel()

    def too_slow(self) -> None:
        raise AssertionError("a handshake has no frames")

    @property
    def unsent(self) -> int:
        return 0

    @property
    def incomplete(self) -> int:
        return 0
