"""The WebSocket of a live session: frames in, messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

import structlog
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from vivavoce.errors import StorageDamaged, StorageError
from vivavoce.protocol.close_codes import ABNORMAL, EXPIRED, FAILURE, RESTARTING, TRY_AGAIN
from vivavoce.protocol.messages import AudioChunk, InvalidMessage, parse_client_message
from vivavoce.server.connection import SocketConnection
from vivavoce.server.large_texts import parse_large_message
from vivavoce.server.runtime import SessionRuntime
from vivavoce.server.sessions import Ended, LiveSessions, Refused
from vivavoce.server.tokens import Tokens
from vivavoce.server.wire import EXTENSION, Wire

_log = structlog.get_logger(__name__)


class LiveSocket:
    """The ASGI application behind `/v2/live`. `sessions` runs what the right `tokens` open."""

    def __init__(self, sessions: LiveSessions, tokens: Tokens) -> None:
        self._sessions = sessions
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = next(self._sessions.arrivals)
        # Starlette's WebSocket would take as long for a frame as all the rest of its way to the log.
        query = QueryParams(scope["query_string"])
        resume_from = _resume_from(query)
        connecting = await receive()
        assert connecting["type"] == "websocket.connect"
        # Only a socket that is open can say with a close code why it is refused.
        await send({"type": "websocket.accept"})
        # The wire holds the scope: without it there, a closed connection leaves memory at once.
        wire: Wire | None = scope.get("extensions", {}).pop(EXTENSION, None)
        connection = SocketConnection(send, wire)
        if self._sessions.draining:
            await connection.close(RESTARTING, "the server is restarting")
            return
        try:
            token = query.get("token", "")
            runtime = await self._sessions.find(token, tells=resume_from is not None)
        except StorageDamaged as error:
            _log.error("session_not_opened", error=str(error))
            await connection.close(FAILURE, "what is stored of the session is damaged")
            return
        except StorageError as error:
            _log.error("session_not_opened", error=str(error))
            await connection.close(TRY_AGAIN, "the session could not be opened; try again")
            return
        except Refused as refusal:
            if refusal.code == EXPIRED:
                self._tokens.wrong(scope)
            await self._refuse(connection, refusal)
            return
        self._tokens.right(token)
        with self._sessions.serving(runtime):
            if number := await runtime.connect(connection, resume_from, arrival):
                crashed = partial(self._sessions.crashed, runtime)
                await _serve(receive, runtime, number, connection, wire, crashed)

    async def _refuse(self, connection: SocketConnection, refusal: Refused) -> None:
        sent = [message for message in refusal.messages if await connection.send(message)]
        if isinstance(refusal, Ended) and sent:
            try:
                await self._sessions.said(refusal, sent)
            except StorageError as error:
                # They are sent again to whoever comes back.
                _log.error("last_words_not_stored", session=refusal.session_id, error=str(error))
        await connection.close(refusal.code, str(refusal))


class _AtOnce:
    """Takes frames where they arrive. A defect goes no further: the session, not the wire, has met it."""

    def __init__(self, take: Callable[[bytes], bool], crashed: Callable[[Exception], None]) -> None:
        self._take = take
        self._crashed = crashed

    def __call__(self, data: bytes) -> bool:
        with self:
            return self._take(data)
        return True  # nothing else is to be done with it

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, defect: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(defect, Exception):
            return False
        self._crashed(defect)
        return True


async def _serve(
    receive: Receive,
    runtime: SessionRuntime,
    number: int,
    connection: SocketConnection,
    wire: Wire | None,
    crashed: Callable[[Exception], None],
) -> None:
    code = ABNORMAL
    if wire is not None:
        wire.take_at_once = _AtOnce(partial(runtime.receive_at_once, number), crashed)
        wire.attend()
        if not wire.disconnected:
            # Until it is lost: what the client answers after our close still tells what it has received.
            wire.on_receipt = runtime.confirmed
    try:
        code = await _receive(receive, runtime, number)
    finally:
        if wire is not None:
            wire.take_at_once = None
        connection.gone = True
        await runtime.disconnected(number, code)


async def _receive(receive: Receive, runtime: SessionRuntime, number: int) -> int:
    """Take frames until the socket is closed; returns the close code."""
    while True:
        frame = await receive()
        if frame["type"] == "websocket.disconnect":
            return int(frame.get("code") or ABNORMAL)
        await _take(frame, runtime, number)


async def _take(frame: Any, runtime: SessionRuntime, number: int) -> None:
    data, text = frame.get("bytes"), frame.get("text")
    if data is not None:
        await runtime.receive_audio(number, data)
        return
    try:
        if isinstance(text, bytes):
            message = await asyncio.to_thread(parse_large_message, text)
        else:
            message = parse_client_message(text)
    except InvalidMessage as error:
        await runtime.receive_invalid(number, str(error))
        return
    if isinstance(message, AudioChunk):
        await runtime.receive_audio(number, message.data.chunk)
    else:
        await runtime.receive_stop(number)


def _resume_from(query: QueryParams) -> int | None:
    """Our client says where it goes on; others do not know this parameter."""
    value = query.get("resume_from", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
