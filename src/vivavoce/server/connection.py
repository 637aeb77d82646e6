"""An open socket, as a session sees it."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog
from starlette.types import Send

from vivavoce.protocol.close_codes import LONGEST_REASON
from vivavoce.server.wire import Wire

_log = structlog.get_logger(__name__)

# A client that takes nothing for this long, in seconds, is gone.
_SEND_TIMEOUT = 20.0
# uvicorn closes by itself when a frame is too large or a ping is not answered: to send then is an error of
# the network, or until it has said so, a mistake (RuntimeError).
_GONE = (OSError, RuntimeError, TimeoutError)


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
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send({"type": "websocket.send", "text": text})
        except _GONE as error:
            self.gone = True
            self._give_up(error)
        return not self.gone

    async def close(self, code: int, reason: str) -> None:
        if self.gone:
            return
        self.gone = True
        text = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send({"type": "websocket.close", "code": code, "reason": text})
        except _GONE as error:
            _log.debug("peer_gone_before_close", code=code)
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        # All other errors are of a connection that is closed already, and `receive` says with which code.
        if isinstance(error, TimeoutError) and self._wire is not None:
            self._wire.transport.abort()
