"""Open sockets, as a session sees them."""

from __future__ import annotations

from typing import Final, Protocol

import structlog
from starlette.types import Send

from vivavoce.protocol.close_codes import LONGEST_REASON, REPLACED
from vivavoce.server.wire import Wire

_log = structlog.get_logger(__name__)

OVERTAKEN: Final = (REPLACED, "replaced by a newer connection")

# The wire closes by itself when a frame is too large, a ping is not answered or nothing is taken: to send
# then is an error of the network, or until it has said so, a mistake (RuntimeError).
_GONE = (OSError, RuntimeError)


class Connection(Protocol):
    """What a session needs of a socket."""

    @property
    def ready(self) -> bool:
        """Whether `send_now` may be called: little of what was sent before waits to leave."""
        ...

    def send_now(self, text: str) -> None:
        """Send without waiting; only while `ready`."""
        ...

    async def send(self, text: str) -> bool:
        """Whether it could be sent. If not, nothing more can be, and the end of what comes tells why."""
        ...

    def ask(self, number: int) -> None:
        """Let the other side answer, by itself, when it has received what was sent so far."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


class SocketConnection:
    """A socket that may be gone by the time something is sent."""

    def __init__(self, send: Send, wire: Wire | None) -> None:
        self._send = send
        self._wire = wire
        self.gone = False

    @property
    def ready(self) -> bool:
        return not self.gone and self._wire is not None and self._wire.writable_now

    def send_now(self, text: str) -> None:
        assert self._wire is not None, "only a connection that is ready sends now"
        self._wire.write(text)

    async def send(self, text: str) -> bool:
        if self.gone:
            return False
        if self.ready:
            self.send_now(text)
            return True
        try:
            await self._send({"type": "websocket.send", "text": text})
        except _GONE:
            self.gone = True
        return not self.gone

    def ask(self, number: int) -> None:
        if self._wire is not None:
            self._wire.ask(number)

    async def close(self, code: int, reason: str) -> None:
        if self.gone:
            return
        self.gone = True
        text = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": text})
        except _GONE:
            _log.debug("peer_gone_before_close", code=code)


class Connections:
    """Those of one session that it has not closed, by number. Of several that come the last one stays."""

    def __init__(self) -> None:
        self._open: dict[int, Connection] = {}
        self._latest = 0

    async def announce(self, arrival: int) -> None:
        """One wants to be added that came to the server as its `arrival`-th: those before it are closed."""
        if arrival > self._latest:
            self._latest = arrival
            await self.close(*OVERTAKEN)

    def overtaken(self, arrival: int) -> bool:
        """Whether a later one than this has been announced."""
        return arrival < self._latest

    def add(self, number: int, connection: Connection) -> None:
        self._open[number] = connection

    def get(self, number: int) -> Connection | None:
        return self._open.get(number)

    def remove(self, number: int) -> Connection | None:
        return self._open.pop(number, None)

    async def close(self, code: int, reason: str) -> None:
        """Close all; what is being sent on them is given up. They stay here until they are removed."""
        for connection in list(self._open.values()):
            await connection.close(code, reason)
