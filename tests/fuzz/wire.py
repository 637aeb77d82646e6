"""A WebSocket client that keeps no rule it is not told to keep: what it sends are bytes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode, apply_mask
from websockets.http11 import Response
from websockets.uri import parse_uri

Message = dict[str, Any]
NO_MASK = bytes(4)
"""As valid as any other, and quick."""
TEXT, BINARY, CONT, CLOSE, PING, PONG = (
    Opcode.TEXT,
    Opcode.BINARY,
    Opcode.CONT,
    Opcode.CLOSE,
    Opcode.PING,
    Opcode.PONG,
)


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0, mask: bytes | None = NO_MASK
) -> bytes:
    """A frame (RFC 6455, section 5.2), right or wrong; without a mask if that is None."""
    masked = 0x80 if mask is not None else 0
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    if not mask:
        return head + payload
    return head + mask + (payload if mask == NO_MASK else apply_mask(payload, mask))


def fragments(opcode: int, parts: Iterable[bytes], between: bytes = b"") -> bytes:
    """One message in several frames; `between` them stands a whole control frame, or nothing."""
    pieces = list(parts)
    frames = [
        frame(opcode if index == 0 else CONT, piece, fin=index == len(pieces) - 1)
        for index, piece in enumerate(pieces)
    ]
    return between.join(frames)


class TooManyTokens(Exception):  # noqa: N818 - a state of the server
    """Too many wrong ones came from here: this one is not looked at."""


class Wire(asyncio.Protocol):
    """One connection. `hear` is called with each text that comes."""

    def __init__(self, url: str, hear: Callable[[str], None]) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=None)
        self._hear = hear
        self._opened: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport
        self._finished = False
        self.gone = False
        self.code: int | None = None
        """With what code the server closed, if it did."""
        self.problem: BaseException | None = None
        """What is wrong with what the server sent."""

    # asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        try:
            for event in self._protocol.events_received():
                self._take(event)
        except AssertionError as problem:
            self.problem = self.problem or problem
            self._transport.abort()
        self._flush()
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(error or ConnectionError("closed before it was open"))
        self.gone = True
        self._changed.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _take(self, event: Any) -> None:
        if isinstance(event, Response):
            if not self._opened.done():
                self._opened.set_result(event)
            return
        assert isinstance(event, Frame)
        if event.opcode is TEXT:
            assert event.fin
            self._hear(bytes(event.data).decode())
        elif event.opcode is CLOSE:
            self.code = int(self._protocol.close_rcvd.code) if self._protocol.close_rcvd else None
        else:
            assert event.opcode in (PING, PONG)

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data and not self._finished and not self._transport.is_closing():
            self._transport.write(data)

    # The client calls

    async def opened(self) -> None:
        response = await self._opened
        if response.status_code == 429:
            raise TooManyTokens
        assert response.status_code == 101, response

    @property
    def open(self) -> bool:
        return not self.gone and not self._finished and self.code is None and not self._transport.is_closing()

    def __str__(self) -> str:
        port = self._transport.get_extra_info("sockname", ("", 0))[1]
        state = f"gone={self.gone} code={self.code} finished={self._finished}"
        return f"port {port} {state} unsent={self._transport.get_write_buffer_size()}"

    async def write(self, data: bytes) -> None:
        """Whatever it is; waits while the server does not read."""
        if self.open:
            self._transport.write(data)
            if not self._writable.is_set():
                await self._writable.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until something that came makes it true, or the connection is gone."""
        while not (self.gone or holds()):
            self._changed.clear()
            await self._changed.wait()

    def abort(self) -> None:
        """Be gone without a goodbye."""
        self._transport.abort()

    def finish(self) -> None:
        """Say that nothing more comes, on the level of TCP."""
        self._finished = True
        if not self._transport.is_closing():
            with suppress(OSError):
                self._transport.write_eof()


@asynccontextmanager
async def wired(url: str, hear: Callable[[str], None]) -> AsyncIterator[Wire]:
    loop = asyncio.get_running_loop()
    address = parse_uri(url)
    _, wire = await loop.create_connection(lambda: Wire(url, hear), address.host, address.port)
    try:
        await wire.opened()
        yield wire
    finally:
        wire.abort()
        await wire.until(lambda: wire.gone)
    if wire.problem is not None:
        raise wire.problem
