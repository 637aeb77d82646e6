"""A client of its own making, on a bare WebSocket: it goes by acknowledgements and by nothing else."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

STOP = '{"type":"stop_recording"}'


class _Sender:
    """What was written, and how much of it is acknowledged, which it may forget with its connection."""

    def __init__(self, chance: random.Random, from_zero: bool) -> None:
        self._chance = chance
        self._from_zero = from_zero
        self._lock = threading.Lock()
        self._written = b""
        self._acknowledged = 0
        self._stopped = False
        self._socket: ClientConnection | None = None

    def write(self, piece: bytes) -> None:
        with self._lock:
            self._written += piece
            self._send(piece)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._send(b"")

    def acknowledge(self, end: int) -> None:
        # Without the lock, which is held while the network takes nothing.
        self._acknowledged = max(self._acknowledged, end)

    def opened(self, socket: ClientConnection) -> None:
        with self._lock:
            self._socket = socket
            at = 0 if self._from_zero else self._acknowledged
            while at < len(self._written) and self._socket:
                size = self._chance.choice([1_001, 32_000, 512 * 1024])
                self._send(self._written[at : at + size], more=True)
                at += size
            if self._stopped:
                self._send(b"")

    def _send(self, piece: bytes, more: bool = False) -> None:
        if self._socket is None:
            return
        try:
            if piece and self._chance.random() < 0.3:
                chunk = base64.b64encode(piece).decode()
                self._socket.send(json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}}))
            elif piece:
                self._socket.send(piece)
            if self._stopped and not more:
                self._socket.send(STOP)
        except ConnectionClosed:
            self._socket = None


def stream(
    url: str,
    request: dict[str, Any],
    pieces: Sequence[bytes],
    *,
    pause: float,
    seed: int,
    patience: float,
    from_zero: bool,
    created: Callable[[str], None],
    hear: Callable[[dict[str, Any]], None],
) -> tuple[str, int | None]:
    """Stream and listen until the session is over; gives its identifier and the last close code."""
    answer = create(url, request)
    created(answer["id"])
    sender = _Sender(random.Random(seed), from_zero)

    def write() -> None:
        for piece in pieces:
            sender.write(piece)
            time.sleep(pause)
        sender.stop()

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    deadline = time.monotonic() + patience + pause * len(pieces)
    code: int | None = None
    while code is None or 1002 <= code < 4400:
        if time.monotonic() > deadline:
            raise TimeoutError(f"session {answer['id']} has not ended after {patience:g} s; last code {code}")
        try:
            with connect(
                answer["url"], compression=None, max_size=None, proxy=None, ping_interval=2
            ) as socket:
                sender.opened(socket)
                while True:
                    message = json.loads(socket.recv(max(0.1, deadline - time.monotonic())))
                    if message["type"] == "audio_chunk" and message["acknowledged"]:
                        sender.acknowledge(message["data"]["byte_range"][1])
                    hear(message)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except (OSError, WebSocketException):
            code = 1006
            time.sleep(0.05)
    writing.join()
    return answer["id"], code


def create(url: str, request: dict[str, Any]) -> dict[str, Any]:
    """The session; a server that is busy or away is asked again."""
    while True:
        try:
            # Without the certificates, which take longer to load than the call.
            answer = httpx.post(f"{url}/v2/live", json=request, trust_env=False, verify=False, timeout=30)
            if answer.status_code not in (429, 503):
                return dict(answer.raise_for_status().json())
        except httpx.TransportError:
            pass
        time.sleep(0.3)
