"""The protocol of an HTTP connection: uvicorn's, with an end to whatever a client may leave unfinished."""

from __future__ import annotations

import asyncio
import json
import math
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from vivavoce.server.door import Door, Entry, Guest
from vivavoce.server.stall import Stall
from vivavoce.server.tokens import Tokens

# Seconds: who is turned away is told so when it asks for something by then.
_TURNED_AWAY_WITHIN: Final = 1.0
# Seconds until who may not try another token is told so.
_REFUSED_AFTER: Final = 1.0
# The application is before this when it answers that a body has not come.
_AFTER_THE_APPLICATION: Final = 1.0
# After a time in which the machine stood still, what has come meanwhile is read first.
_TO_CATCH_UP: Final = 1.0


class Http(H11Protocol):
    """One connection, until it becomes a WebSocket."""

    def __init__(self, *arguments: Any, door: Door, tokens: Tokens, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._door = door
        self._tokens = tokens
        self.follows: Guest | None = None
        """Whose place it takes: what this connection was before."""
        self._entry = Entry.WELCOME
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: Stall | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._stall = Stall(transport, self._door.patience, self._not_reading)
        if self.follows is not None:
            self._door.leave(self.follows)
            self.follows = None
        self._entry = self._door.enter(self)
        if self._entry is Entry.CROWDED:
            transport.abort()
        else:
            welcome = self._entry is Entry.WELCOME
            within, late = (self._within, self._late) if welcome else (_TURNED_AWAY_WITHIN, self._too_late)
            self._deadline = self.loop.call_later(within, late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._entry is Entry.WELCOME:
            super().data_received(data)
            self._look()
        elif not self.transport.is_closing():
            # Not before something was asked: whoever is still sending might not see the answer.
            self._answer(503, "the server has no room for another connection: try again later")

    def handle_websocket_upgrade(self, event: Any) -> None:
        if wait := self._tokens.wait(cast(Scope, self.scope)):
            self._refuse(wait)
            return
        self._leave()
        super().handle_websocket_upgrade(event)

    def _refuse(self, wait: float) -> None:
        self._door.note("wrong_token")
        self._stop_waiting()
        # Nothing more is parsed, and who asks again at once is not answered sooner for it.
        self.transport.pause_reading()
        message = "too many wrong session tokens came from this address: wait, then send the right one"
        answer = partial(self._answer, 429, message, math.ceil(wait))
        self._deadline = self.loop.call_later(_REFUSED_AFTER, answer)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._door.waits_for(self)
        if self._stall is not None:
            self._stall.begins()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.ends()
        self._look()

    def show_out(self) -> None:
        self.transport.abort()

    def too_slow(self) -> None:
        raise AssertionError("requests have no frames")

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    @property
    def incomplete(self) -> int:
        return len(self.cycle.body) if self.cycle else 0

    @property
    def _within(self) -> float:
        return self._door.patience + _AFTER_THE_APPLICATION

    def _look(self) -> None:
        """Whether the server or the client has to act next."""
        if self.transport.get_protocol() is not self:
            return
        if self.transport.is_closing():
            # Closed it is not before the client has taken all that was sent.
            self._stop_waiting()
            self._deadline = self.loop.call_later(self._within, self.transport.abort)
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self._stop_waiting()
            self._door.works_for(self)
        else:
            self._door.waits_for(self)
            if self._deadline is None:
                self._deadline = self.loop.call_later(self._within, self._late)

    def _late(self) -> None:
        self._deadline = self.loop.call_later(_TO_CATCH_UP, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        if self._entry is not Entry.WELCOME:
            self.transport.abort()
            return
        self._door.note("slow_request")
        if self.cycle is None or self.cycle.response_complete:
            self._answer(408, f"the request did not come within {self._door.patience:g} s")
        else:
            self.transport.abort()

    def _not_reading(self) -> None:
        self._door.note("not_reading")
        self.transport.abort()

    def _answer(self, status: int, message: str, retry_after: int = 5) -> None:
        """By hand: for a request that is not there, or is not to be looked at."""
        body = json.dumps({"statusCode": status, "message": message})
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        head += f"retry-after: {retry_after}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(f"{head}{body}".encode())
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        self._stop_waiting()
        if self._stall is not None:
            self._stall.ends()
            self._stall = None  # it holds this connection
        self._door.leave(self)
