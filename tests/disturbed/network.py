"""A network that fails where it is told to: between two frames, within one, in one direction only."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from disturbed.add_ons import LIVE, WHOLE

Direction = Literal["up", "down"]

ENDING = frozenset(
    {"stop_recording", "end_recording", "post_transcript", "post_final_transcript", "end_session", "close"}
    | {*LIVE, *WHOLE}
)
"""What passes once the client has stopped. Faults that are for before that come too late then.

What add-ons say of finals mostly does, as audio comes quicker here than it was spoken.
"""

_TYPE = re.compile(rb'"type"\s*:\s*"(\w+)"')
_TEXT, _BINARY, _CLOSE = 1, 2, 8
# What is not read yet stays where it came from, as in a real network.
_BUFFERED = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """A connection breaks at the `skip`-th frame from now that `what` names, `where` in relation to it.

    `what` is "up" or "down" (any frame in that direction), "audio" (a frame of audio), the type of a message
    ("stop_recording" is the client's, "audio_chunk" the server's), "close" (the server's) or "handshake".
    A `deaf` direction loses, for `linger` seconds before that, all that is sent. A `dangling` connection is
    broken for the client only: the server does not learn of it.
    """

    what: str
    where: Literal["before", "inside", "after"] = "after"
    skip: int = 0
    deaf: frozenset[Direction] = frozenset()
    linger: float = 0.0
    dangling: bool = False

    def __str__(self) -> str:
        more = f", {'+'.join(sorted(self.deaf))} deaf for {self.linger:g} s" if self.deaf else ""
        return f"{self.where} {self.what}[{self.skip}]{more}{', dangling' if self.dangling else ''}"


@dataclass(frozen=True, slots=True)
class _Frame:
    opcode: int
    raw: bytes
    names: frozenset[str]


class Line:
    """The way of one client to the server at `target`; its `faults` happen one after the other."""

    def __init__(
        self, target: tuple[str, int], faults: Sequence[Fault], watch: Callable[[frozenset[str]], None]
    ) -> None:
        self._target = target
        self._watch = watch
        self._left = deque(fault for fault in faults if fault.what not in ENDING)
        self._last = deque(fault for fault in faults if fault.what in ENDING)
        self._seen = 0
        self.happened: list[Fault] = []
        self._pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop
        self.url = ""

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_BUFFERED)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        assert self._server
        self._server.close()
        await self._break()

    def cut(self) -> None:
        """Break every connection now; new ones may come. On another thread than the network's."""
        asyncio.run_coroutine_threadsafe(self._break(), self._loop).result()

    async def _break(self) -> None:
        for pair in list(self._pairs):
            pair.cut(dangling=False)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await asyncio.open_connection(*self._target, limit=_BUFFERED)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, (reader, writer), far)
        self._pairs.add(pair)
        try:
            await pair.run()
        finally:
            self._pairs.discard(pair)

    def due(self, names: frozenset[str]) -> Fault | None:
        """The fault that strikes at what passes now, if one does."""
        self._watch(names)
        if self._last and "stop_recording" in names:
            self._left, self._last, self._seen = self._last, deque(), 0
        if not self._left or self._left[0].what not in names:
            return None
        self._seen += 1
        if self._seen <= self._left[0].skip:
            return None
        self._seen = 0
        fault = self._left.popleft()
        self.happened.append(fault)
        return fault


class _Pair:
    """A client's connection and the one that goes on from it to the server."""

    def __init__(self, line: Line, near: Any, far: Any) -> None:
        self._line = line
        self._near, self._far = near, far
        self._deaf: frozenset[Direction] = frozenset()
        self._cut = False

    async def run(self) -> None:
        try:
            request = await self._near[0].readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" not in request.lower():
                self._far[1].write(request)
                await self._both(_copy(self._near[0], self._far[1]), _copy(self._far[0], self._near[1]))
                return
            if await self._handshake(request):
                await self._both(self._pump("up"), self._pump("down"))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.cut(dangling=False)

    async def _both(self, *ways: Any) -> None:
        await asyncio.gather(*ways)

    async def _handshake(self, request: bytes) -> bool:
        fault = self._line.due(frozenset({"handshake"}))
        if fault and fault.where == "before":
            return False
        self._far[1].write(request[: len(request) // 2] if fault and fault.where == "inside" else request)
        if fault and fault.where == "inside":
            await self._far[1].drain()
            return False
        answer = await self._far[0].readuntil(b"\r\n\r\n")
        if fault:
            # The server takes it for open; the client does not.
            self._near[1].write(answer[: len(answer) // 2])
            await self._near[1].drain()
            return False
        self._near[1].write(answer)
        return True

    async def _pump(self, direction: Direction) -> None:
        source, sink = (self._near[0], self._far[1]) if direction == "up" else (self._far[0], self._near[1])
        try:
            while not self._cut:
                frame = await _read_frame(source, direction)
                fault = None if self._deaf else self._line.due(frame.names)
                if fault:
                    await self._strike(fault, frame, sink, direction)
                elif direction not in self._deaf:
                    sink.write(frame.raw)
                    await sink.drain()
        except (OSError, asyncio.IncompleteReadError) as end:
            # What came before the end still arrives, as it does where nothing is in between.
            if not self._cut:
                sink.write(getattr(end, "partial", b"") if direction not in self._deaf else b"")
                with suppress(OSError):
                    sink.write_eof()
                await asyncio.sleep(0.05)
                self.cut(dangling=False)

    async def _strike(
        self, fault: Fault, frame: _Frame, sink: asyncio.StreamWriter, direction: Direction
    ) -> None:
        if fault.where != "before":
            half = max(1, len(frame.raw) * 2 // 3)
            sink.write(frame.raw if fault.where == "after" else frame.raw[:half])
            await sink.drain()
        if fault.linger:
            # Nothing goes on where something is missing.
            self._deaf = fault.deaf if fault.where == "after" else fault.deaf | {direction}
            asyncio.get_running_loop().call_later(fault.linger, self.cut, fault.dangling)
        else:
            self.cut(fault.dangling)

    def cut(self, dangling: bool) -> None:
        """`dangling`: the server's end stays open, and nothing comes of it any more."""
        if not self._cut:
            self._near[1].transport.abort()
        self._cut = True
        if dangling:
            self._deaf = frozenset({"up", "down"})
        else:
            self._far[1].transport.abort()


async def _read_frame(reader: asyncio.StreamReader, direction: Direction) -> _Frame:
    head = await reader.readexactly(2)
    masked, length = head[1] & 0x80, head[1] & 0x7F
    more = await reader.readexactly({126: 2, 127: 8}.get(length, 0) + (4 if masked else 0))
    if length > 125:
        length = int.from_bytes(more[: -4 if masked else None])
    payload = await reader.readexactly(length)
    opcode = head[0] & 0x0F
    names = {direction}
    text = payload[:400]
    if masked:
        text = bytes(byte ^ more[-4:][index % 4] for index, byte in enumerate(text))
    found = {name.decode() for name in _TYPE.findall(text)} if opcode == _TEXT else set()
    if direction == "up":
        names |= {"audio"} if (opcode == _BINARY and payload) or "audio_chunk" in found else found
    else:
        names |= found | ({"close"} if opcode == _CLOSE else set())
        if b'"is_final":true' in text:
            names.add("final")
    return _Frame(opcode, head + more + payload, frozenset(names))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_BUFFERED):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


class Network:
    """Lines to the server at `url`."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._loop = loop
        self.faults: Counter[str] = Counter()
        """How many have happened on lines that are closed, by what they were."""

    @contextmanager
    def line(
        self,
        faults: Sequence[Fault] = (),
        watch: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> Iterator[Line]:
        """`watch` is told what each frame is, on the network's thread."""
        line = Line(self._target, faults, watch)
        asyncio.run_coroutine_threadsafe(line.open(), self._loop).result()
        try:
            yield line
        finally:
            asyncio.run_coroutine_threadsafe(line.close(), self._loop).result()
            self.faults.update(f"{fault.where} {fault.what}" for fault in line.happened)


@contextmanager
def network(url: str) -> Iterator[Network]:
    """A network with an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Network(url, loop)
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """One line to the server at `url`, which may be cut."""
    with network(url) as net, net.line() as only:
        yield only


async def _end_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
