"""The protocol of a WebSocket: uvicorn's, with a way past the queue and the task that ASGI puts in between.

Most frames only go on with the audio, and take less time to log and acknowledge than to hand over.

Of what a client sends, little is looked at in one turn of the event loop, and what cannot be dealt with now
is left in the network: while there is no session to give it to, while the client does not take the answers,
while too many frames come, while others send large ones.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN

from vivavoce.protocol.close_codes import NOT_UTF8, TRY_AGAIN
from vivavoce.server.door import Door, Entry
from vivavoce.server.large_frames import LARGE
from vivavoce.server.pace import Pace
from vivavoce.server.stall import Stall

EXTENSION: Final = "vivavoce.wire"
"""Where an application finds the `Wire` among the `extensions` of its scope."""

LARGE_TEXT: Final = 64 * 1024
"""Bytes of a text beyond which `receive` gives it undecoded, as bytes."""

# What the payload of our own pings begins with; uvicorn's are four bytes.
_RECEIPT: Final = b"received "

# Of what is parsed together; more goes through the queue, which stops reading until it is empty.
_AT_ONCE: Final = 64
# Bytes that are parsed together: of many small frames that is 2 ms.
_SLICE: Final = 4096
_SMALL_SLICE: Final = 128
# More frames than this in a turn are many.
_MANY: Final = 16
# Seconds.
_LEAST_WAIT: Final = 0.05
# Seconds for a client to take the last that is sent.
_GOODBYE: Final = 10.0
# Bytes; the system takes twice as much.
_SEND_BUFFER: Final = 64 * 1024
# What may still come from a client that was told that it is over.
_AFTERWARDS: Final = 64 * 1024


class Wire(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, door: Door, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.take_at_once: Callable[[bytes], bool] | None = None
        """Asked to take a binary frame, when none is before it; if it does not, ASGI's `receive` gives it."""
        self._door = door
        self.on_receipt: Callable[[int], None] | None = None
        """Told the number of each `ask` that the client has answered."""
        self._awaited = False
        self._left = _AT_ONCE
        self._unparsed = memoryview(b"")
        self._slice = _SLICE
        self._pace = Pace(self.loop.time())
        self._turn: asyncio.Handle | None = None
        self._partial = bytearray()
        self._unattended = self._passing = self._parsing = False
        self._stall: Stall | None = None
        self._burial: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._stall = Stall(transport, self._door.patience, self._not_reading)
        # What the client does not take waits here, where it is seen, rather than in the system.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if self._door.enter(self) is not Entry.WELCOME:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.leave(self)
        self._unparsed = memoryview(b"")
        for timer in (self._turn, self._burial):
            if timer is not None:
                timer.cancel()
        if self._stall is not None:
            self._stall.ends()
            self._stall = None  # it holds this connection
        self.on_receipt = None  # it holds the session
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self
            self._unattended = True
            self._door.works_for(self)
            self.transport.pause_reading()

    def attend(self) -> None:
        """There is a session for what the client sends. Until then nothing is read."""
        self._unattended = False
        self._go_on()

    # What comes

    def data_received(self, data: bytes) -> None:
        if not self._passing:
            self._unparsed = memoryview(bytes(self._unparsed) + data if self._unparsed else data)
            self._advance()

    def _advance(self) -> None:
        """Parse some of what has come; the rest follows in another turn of the loop."""
        self._turn = None
        self._left, seen, self._parsing = _AT_ONCE, 0, True
        while self._unparsed and seen <= _MANY and not self._passing and not self._held():
            part, self._unparsed = self._unparsed[: self._slice], self._unparsed[self._slice :]
            before = self._pace.frames
            self._pace.bytes_came(len(part), self.loop.time())
            super().data_received(bytes(part))
            frames = self._pace.frames - before
            self._slice = _SMALL_SLICE if frames > _MANY else _SLICE
            seen += frames
        self._parsing = False
        self._flush()
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # The parser could not read the request, and has answered.
            self.transport.close()
        self._settle()

    def _held(self) -> bool:
        """Whether nothing more may be parsed at the moment."""
        return self._pace.wait(self.loop.time()) > 0 or self._blocked()

    def _blocked(self) -> bool:
        """Whether nothing more may be parsed before something happens that calls `_go_on`."""
        return (
            self._unattended
            or self.read_paused
            or self.disconnected
            or self.transport.is_closing()
            or not self.writable.is_set()
            or (self.incomplete > LARGE and not self._door.large.begin(self, self._go_on))
        )

    def _settle(self) -> None:
        """See to it that it goes on: with what is left, or with what is to be read."""
        if self.transport.is_closing():
            self._bury()
            return
        if self.close_sent and self.incomplete > _AFTERWARDS:
            self._pass_over()
        if self._passing:
            return
        # The clock is looked at once: what it held before may not be held a moment later.
        wait = self._pace.wait(self.loop.time())
        held = wait > 0 or self._blocked()
        if not (held or self._unparsed):
            self.transport.resume_reading()
            return
        self.transport.pause_reading()
        if self._turn is not None:
            return
        if not held:
            self._turn = self.loop.call_soon(self._advance)
        elif wait > 0:
            self._turn = self.loop.call_later(max(wait, _LEAST_WAIT), self._advance)

    def _go_on(self) -> None:
        """What held it may be over."""
        if self._turn is None and not self.disconnected:
            self._turn = self.loop.call_soon(self._advance)

    def handle_events(self) -> None:
        self._pace.frames_came(len(self.conn.events), self.loop.time())
        super().handle_events()

    def handle_bytes(self, event: Frame) -> None:
        first = self._awaited and self.queue.empty() and self._left > 0
        if event.fin and first and self.take_at_once and self.take_at_once(bytes(event.data)):
            self._left -= 1
        else:
            super().handle_bytes(event)
            self._partial = self._begun(event)

    def handle_text(self, event: Frame) -> None:
        super().handle_text(event)
        self._partial = self._begun(event)

    def handle_cont(self, event: Frame) -> None:
        # Put together as it comes: a list of fragments of a byte each takes sixty times their size.
        self._partial += event.data
        if event.fin:
            self.frames, self._partial = [bytes(self._partial)], bytearray()
            self.send_receive_event_to_app()

    def _begun(self, event: Frame) -> bytearray:
        if event.fin:
            return bytearray()
        self.frames = []
        return bytearray(event.data)

    @property
    def incomplete(self) -> int:
        return len(self.conn.reader.buffer) + len(self._partial)

    def send_receive_event_to_app(self) -> None:
        text = self.curr_msg_data_type == "text" and not self.close_sent
        if text and sum(map(len, self.frames)) > LARGE_TEXT:
            # As it is: it is parsed in a thread, and to decode it here would hold up the loop.
            self.queue.put_nowait({"type": "websocket.receive", "text": b"".join(self.frames)})  # type: ignore[typeddict-item]
            self.frames = []
            if not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()
        elif text and not _is_utf8(self.frames):
            # uvicorn would log the mistake of a client as an error of the server, with a traceback.
            self.frames = []
            self.conn.send_close(NOT_UTF8, "a text is not UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_pong(self, event: Frame) -> None:
        payload = bytes(event.data)
        number = payload.removeprefix(_RECEIPT)
        if number != payload and number.isdigit():
            if self.on_receipt:
                self.on_receipt(int(number))
            if self.pending_ping_payload is not None:
                # Of several pings a client may answer the last alone.
                event = Frame(Opcode.PONG, self.pending_ping_payload)
        super().handle_pong(event)

    async def receive(self) -> Any:
        if self.queue.empty():
            # The last message has been dealt with.
            if self.incomplete <= LARGE:
                self._door.large.done(self)
            self.read_paused = False
            self._go_on()
        else:
            # There are many: others have their turn in between.
            await asyncio.sleep(0)
        self._awaited = True
        try:
            return await self.queue.get()
        finally:
            self._awaited = False

    # What goes

    @property
    def writable_now(self) -> bool:
        """Whether a text can be sent without waiting: the socket is open, and little waits to leave."""
        usable = self.handshake_complete and not self.close_sent and not self.disconnected
        return (
            usable and self.writable.is_set() and self.conn.state is OPEN and not self.transport.is_closing()
        )

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def write(self, text: str) -> None:
        """Send a text frame; only while `writable_now`. Answers to what is parsed together leave together."""
        self.conn.send_text(text.encode())
        if not self._parsing:
            self._flush()

    async def send(self, message: Any) -> None:
        closing = message["type"] == "websocket.close"
        if closing:
            # It need not wait for what was sent before: if that never leaves, nor does this.
            self.writable.set()
            self.read_paused = False
        await super().send(message)
        if closing:
            self._close()
            self._door.note(f"code {message.get('code', 1000)}")

    def pause_writing(self) -> None:
        super().pause_writing()
        # Who does not take answers is to ask nothing more, by pings for example.
        self.transport.pause_reading()
        if self._stall is not None:
            self._stall.begins()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.ends()
        self._go_on()

    # Endings

    def give_up(self, code: int, reason: str) -> None:
        """Close with `code`, and be gone soon whether or not the client takes that."""
        if self.handshake_complete and not self.close_sent and self.conn.state is OPEN:
            self.conn.send_close(code, reason)
            self._flush()
            self.close_sent = True
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self._door.note(f"code {code}")
        # Who waits until it can send need wait no longer.
        self.writable.set()
        self._close()

    def shutdown(self) -> None:
        super().shutdown()
        # Who waits until it can send need wait no longer.
        self.writable.set()
        self._bury()

    def too_slow(self) -> None:
        """Its large frame takes too long while others wait."""
        self.give_up(TRY_AGAIN, "a large frame took too long to come, and others wait")

    def show_out(self) -> None:
        self.transport.abort()

    def keepalive_timeout(self) -> None:
        if self._held() or self._unparsed:
            # Its answer may be among what has not been looked at.
            self.pong_timer = self.loop.call_later(self.ping_timeout or _GOODBYE, self.keepalive_timeout)
        else:
            super().keepalive_timeout()
            self._bury()

    def handle_parser_exception(self) -> None:
        # To close at once, while the client still sends, would be to reset the connection: the code got lost.
        assert self.conn.close_sent is not None, "the parser has said why"
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self._flush()
        self.close_sent = True
        self._door.note(f"code {code}")
        self._close()
        self._pass_over()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._bury()

    def _not_reading(self) -> None:
        self.give_up(TRY_AGAIN, "the client took too little of what was sent to it: connect again")

    def _close(self) -> None:
        """The close is sent. Wait a little for the client's."""
        self._unattended = self.read_paused = False
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(_GOODBYE, self.transport.abort)
        self._door.waits_for(self)
        self._go_on()

    def _pass_over(self) -> None:
        """It is over, and what still comes is not even looked at."""
        self._passing = True
        self._unparsed = memoryview(b"")
        self.frames, self._partial = [], bytearray()
        self.conn.reader.discard()
        self._door.large.done(self)
        if self.transport.can_write_eof():  # TLS cannot
            self.transport.write_eof()
        self.transport.resume_reading()

    def _bury(self) -> None:
        """A closed transport still waits until the client has taken everything, if need be for ever."""
        if self._burial is None and self.transport.is_closing():
            self._burial = self.loop.call_later(_GOODBYE, self.transport.abort)

    def ask(self, number: int) -> None:
        """Ping: the client's answer says that it has received all that was sent before."""
        if self.conn.state is OPEN and not self.transport.is_closing():
            self.conn.send_ping(_RECEIPT + str(number).encode())
            if not self._parsing:
                self._flush()

    def _flush(self) -> None:
        """What the protocol has to send leaves, in one piece."""
        if parts := self.conn.data_to_send():
            self.transport.write(b"".join(parts))


def _is_utf8(parts: Sequence[bytes]) -> bool:
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True
