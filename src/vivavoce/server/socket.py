"""The WebSocket of a live session: frames in, messages out."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from vivavoce.errors import StorageError
from vivavoce.protocol.close_codes import ABNORMAL, LONGEST_REASON, RESTARTING, TRY_AGAIN
from vivavoce.protocol.messages import AudioChunk, InvalidMessage, parse_client_message
from vivavoce.server.runtime import SessionRuntime
from vivavoce.server.sessions import LiveSessions, Refused

_log = structlog.get_logger(__name__)

# A client that takes nothing for this long, in seconds, is gone.
_SEND_TIMEOUT = 20.0
# A text larger than this is parsed in a thread.
_LARGE_TEXT = 64 * 1024
# uvicorn closes by itself when a frame is too large or a ping is not answered: to send then is an error of
# the network, or until it has said so, a mistake (RuntimeError).
_GONE = (OSError, RuntimeError, TimeoutError)


class LiveSocket:
    """The ASGI application behind `/v2/live`. `sessions` runs what the tokens open."""

    def __init__(self, sessions: LiveSessions) -> None:
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette's WebSocket would take as long for a frame as all the rest of its way to the log.
        query = QueryParams(scope["query_string"])
        connecting = await receive()
        assert connecting["type"] == "websocket.connect"
        # Only a socket that is open can say with a close code why it is refused.
        await send({"type": "websocket.accept"})
        connection = _Connection(send)
        if self._sessions.draining:
            await connection.close(RESTARTING, "the server is restarting")
            return
        try:
            runtime = await self._sessions.find(query.get("token", ""))
        except StorageError as error:
            _log.error("session_not_opened", error=str(error))
            await connection.close(TRY_AGAIN, "the session could not be opened; try again")
            return
        except Refused as refusal:
            await connection.close(refusal.code, str(refusal))
            return
        number = await runtime.connect(connection, _resume_from(query))
        code = ABNORMAL
        try:
            code = await _receive(receive, runtime, number)
        finally:
            connection.gone = True
            await runtime.disconnected(number, code)


class _Connection:
    """A socket that may be gone by the time something is sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.gone = False

    async def send(self, text: str) -> bool:
        if self.gone:
            return False
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send({"type": "websocket.send", "text": text})
        except _GONE:
            self.gone = True
        return not self.gone

    async def close(self, code: int, reason: str) -> None:
        if self.gone:
            return
        self.gone = True
        text = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send({"type": "websocket.close", "code": code, "reason": text})
        except _GONE:
            _log.debug("peer_gone_before_close", code=code)


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
        if len(text) > _LARGE_TEXT:
            message = await asyncio.to_thread(parse_client_message, text)
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
