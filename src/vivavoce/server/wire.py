"""The protocol of a WebSocket: uvicorn's, with a way past the queue and the task that ASGI puts in between.

Most frames only go on with the audio, and take less time to log and acknowledge than to hand over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN

EXTENSION: Final = "vivavoce.wire"
"""Where an application finds the `Wire` among the `extensions` of its scope."""

# Of what was read together; more goes through the queue, which stops reading until it is empty.
_AT_ONCE: Final = 64


class Wire(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.take_at_once: Callable[[bytes], bool] | None = None
        """Asked to take a binary frame, when none is before it; if it does not, ASGI's `receive` gives it."""
        self._awaited = False
        self._left = _AT_ONCE

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        self._left = _AT_ONCE
        super().data_received(data)

    def handle_bytes(self, event: Frame) -> None:
        first = self._awaited and self.queue.empty() and self._left > 0
        if event.fin and first and self.take_at_once and self.take_at_once(bytes(event.data)):
            self._left -= 1
        else:
            super().handle_bytes(event)

    async def receive(self) -> Any:
        self._awaited = True
        try:
            return await super().receive()
        finally:
            self._awaited = False

    @property
    def writable_now(self) -> bool:
        """Whether a text can be sent without waiting: the socket is open, and little waits to leave."""
        usable = self.handshake_complete and not self.close_sent and not self.disconnected
        return (
            usable and self.writable.is_set() and self.conn.state is OPEN and not self.transport.is_closing()
        )

    def write(self, text: str) -> None:
        """Send a text frame; only while `writable_now`."""
        self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))
