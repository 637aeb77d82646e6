"""A client of the server's that need not behave: raw sockets, frames made by hand."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

LARGEST = 32 * 1024 * 1024
BODY = {"endpointing": 0.3, "language_config": {"languages": ["en"]}}
SEEN: Counter[str] = Counter()


def masked(opcode: int, payload: bytes, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """A frame of a client; the mask is zero, which leaves the payload as it is."""
    first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, 0xFE, length)
    else:
        head = struct.pack("!BBQ", first, 0xFF, length)
    return head + bytes(4) + payload


class Attacker:
    """A raw socket to the server."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url)

    async def open(self, *, receive_buffer: int | None = None) -> None:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(made, (self.address.hostname, self.address.port))
        self.reader, self.writer = await asyncio.open_connection(sock=made, limit=2**16)

    async def upgrade(self, headers: str = "") -> str:
        """Open a WebSocket; gives the head of the answer."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET {self.address.path}?{self.address.query} HTTP/1.1\r\nHost: {self.address.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{headers}"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def closed(self) -> str:
        """Read until the server closes; says how."""
        try:
            while True:
                first, second = await self.reader.readexactly(2)
                length = second & 127
                if length == 126:
                    length = int.from_bytes(await self.reader.readexactly(2))
                elif length == 127:
                    length = int.from_bytes(await self.reader.readexactly(8))
                payload = await self.reader.readexactly(length)
                if first & 15 == 8:
                    return f"closed with {int.from_bytes(payload[:2])}"
        except asyncio.IncompleteReadError:
            return "cut"
        except OSError:
            return "reset"

    async def answer(self) -> str:
        """The status of an HTTP answer."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            return f"status {head.split()[1].decode()}"
        except asyncio.IncompleteReadError:
            return "cut"
        except OSError:
            return "reset"

    def leave(self) -> None:
        self.writer.transport.abort()


def post(url: str, **body: Any) -> dict[str, Any]:
    data = json.dumps(BODY | body).encode()
    request = urllib.request.Request(f"{url}/v2/live", data, {"content-type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            SEEN[f"no session: {error.code}"] += 1
            time.sleep(1)


async def session(url: str, **options: Any) -> Attacker:
    created = await asyncio.to_thread(post, url)
    attacker = Attacker(created["url"])
    await attacker.open(**options)
    await attacker.upgrade()
    return attacker


async def pour(attacker: Attacker, piece: bytes, most: int | None = None) -> None:
    """Send the same again and again."""
    try:
        while most is None or most > 0:
            await attacker.send(piece)
            await asyncio.sleep(0)
            most = most and most - 1
    except OSError:
        return


async def flood(url: str, count: int, piece: bytes, *, first: bytes = b"", read: bool = True) -> None:
    """`count` sessions that send `first`, then `piece` without end."""

    async def one() -> None:
        attacker = await session(url)
        await attacker.send(first)
        pouring = asyncio.create_task(pour(attacker, piece))
        if read:
            SEEN[await attacker.closed()] += 1
        await pouring

    await together(one() for _ in range(count))


async def together(coroutines: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for coroutine in coroutines:
            group.create_task(coroutine)
