"""The other side of a session, over a real socket: each connection follows the script that a test gives."""

from __future__ import annotations

import json
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import parse_qs, urlsplit

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from client import wire
from vivavoce.client.core import STOP_RECORDING


class Peer:
    """A server of one session; `log` is all audio it took, whatever the connection."""

    def __init__(self) -> None:
        self.log = bytearray()
        self.paths: list[str] = []
        self.requests: list[httpx.Request] = []
        self.failures: list[BaseException] = []
        self.url = ""

    @property
    def transport(self) -> httpx.MockTransport:
        """Answers `POST /v2/live`."""

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return httpx.Response(201, json={**wire.CREATED.model_dump(), "url": self.url})

        return httpx.MockTransport(answer)

    @property
    def asked(self) -> dict[str, object]:
        body: dict[str, object] = json.loads(self.requests[-1].content)
        return body


class Call:
    """One connection, as its script sees it."""

    def __init__(self, peer: Peer, connection: ServerConnection) -> None:
        assert connection.request
        self.peer = peer
        self.connection = connection
        query = parse_qs(urlsplit(connection.request.path).query)
        self.position = int(query.get("resume_from", ["0"])[0])

    def audio(self) -> Iterator[str]:
        """Take audio into the log; each step gives its acknowledgment, until the recording is stopped."""
        while (frame := self.connection.recv()) != STOP_RECORDING:
            assert isinstance(frame, bytes)
            known = len(self.peer.log) - self.position
            self.peer.log += frame[known:]
            start, self.position = self.position, self.position + len(frame)
            yield wire.ack(start, self.position)

    def say(self, *texts: str) -> None:
        for text in texts:
            self.connection.send(text)

    def acknowledge_until_stop(self) -> None:
        for ack in self.audio():
            self.say(ack)

    def finish(self, *texts: str) -> None:
        """Take and acknowledge audio until the recording is stopped, say the texts, end the session."""
        self.acknowledge_until_stop()
        self.say(wire.stop_ack(), *texts, wire.end_session())

    def close(self, code: int, reason: str = "") -> None:
        self.connection.close(code, reason)

    def drop(self) -> None:
        """The network fails."""
        self.connection.close_socket()

    def end_and_drop(self, *texts: str) -> None:
        """Say the texts and close with 1000 at one stroke; the network fails before the client can answer."""
        protocol, socket = self.connection.protocol, self.connection.socket
        for text in texts:
            protocol.send_text(text.encode())
        protocol.send_close(1000)
        # What is closed with no time to linger is reset, and what is sent to it then fails.
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        socket.sendall(b"".join(protocol.data_to_send()))
        os.close(socket.detach())

    def close_code(self) -> int | None:
        """Wait for the client to close; what it gives as its code."""
        try:
            while True:
                self.connection.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


Script = Callable[[Call], None]


@contextmanager
def peer(*scripts: Script) -> Iterator[Peer]:
    """A peer whose connections follow the scripts, in order. What fails in a script fails the test."""
    ours = Peer()
    waiting = iter(scripts)

    def converse(connection: ServerConnection) -> None:
        assert connection.request
        ours.paths.append(connection.request.path)
        try:
            next(waiting)(Call(ours, connection))
        except (AssertionError, ConnectionClosed, StopIteration) as failure:
            ours.failures.append(failure)
            raise

    with serve(converse, "127.0.0.1", 0, compression=None) as server:
        host, port = server.socket.getsockname()
        ours.url = f"ws://{host}:{port}/v2/live?token=secret"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
    assert not ours.failures, ours.failures
