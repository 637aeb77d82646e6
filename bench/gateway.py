"""What everything around recognition costs: many sockets, and a recogniser that costs nothing.

    .venv/bin/python bench/gateway.py [--sessions 500] [--seconds 30] [--vad silero|loudness|real|none]

Starts the real server in a process of its own, with the scripted recogniser and either the real voice
activity detection or one that only measures loudness; or with no recognition at all, so that what is left is
the gateway: sockets, acknowledgements, the audio log, the database. Opens the sessions over the public
protocol, each sending a frame of 100 ms every 100 ms, their clocks spread evenly. The audio is half speech;
partials are on. Prints

  ack     from handing a frame to the kernel until its acknowledgement is read, milliseconds
  lag     how late a timer of the server's event loop fires, from its /metrics
  cpu     cores by thread of the server, and of the client
  wait    how much of the time the event loop could have run but all cores were taken

and then checks that nothing was lost: every byte acknowledged once, the recording the same bytes, the
same finals in every session that sent the same audio, each of them stored. Needs the development set-up
(docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import socket
import struct
import tempfile
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import soundfile
import soxr
from server_process import ServerProcess, server_process

ROOT = Path(__file__).resolve().parent.parent
READING = ROOT / ".cache" / "speech" / "two_cities.wav"
RATE = 16_000
FRAME = 0.1
FRAME_BYTES = int(RATE * FRAME) * 2
SLOTS = 50
TRACKS = 10
OPENED_PER_SECOND = 10
TURN = 4 * RATE
BODY = {
    "endpointing": 0.3,
    "language_config": {"languages": ["en"]},
    "messages_config": {"receive_partial_transcripts": True, "receive_lifecycle_events": True},
}


def track(number: int, seconds: float) -> bytes:
    """A conversation of which this channel speaks every other turn; whole frames."""
    recorded, rate = soundfile.read(READING, dtype="int16", always_2d=True)
    samples = soxr.resample(recorded[:, 0], rate, RATE)
    spoken = np.roll(samples, -number * 2 * RATE)
    turns = np.concatenate(
        [
            np.concatenate([turn, np.zeros(TURN, np.int16)])
            for turn in np.split(spoken[: len(spoken) // TURN * TURN], len(spoken) // TURN)
        ]
    )
    rolled = np.roll(turns, number * TURN * 2 // TRACKS)
    frames = round(seconds / FRAME)
    return np.resize(rolled, frames * FRAME_BYTES // 2).astype("<i2").tobytes()


# Frames are made by hand, so that the client costs little beside the server that it measures.
def frame(opcode: int, payload: bytes) -> bytes:
    """A masked WebSocket frame; the mask is zero, which leaves the payload as it is."""
    length = len(payload)
    size = struct.pack("!B", 0x80 | length) if length < 126 else struct.pack("!BH", 0xFE, length)
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


_RANGE = re.compile(rb'"byte_range":\[(\d+),(\d+)\]')


@dataclass
class Measures:
    """What all sockets together saw."""

    measuring: bool = False
    acks: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


class Client(asyncio.Protocol):
    """One socket. `sent` holds when each frame that is not acknowledged yet was written."""

    def __init__(self, measures: Measures, token: str, audio: bytes) -> None:
        self.measures = measures
        self.token = token
        self.audio = audio
        self.position = self.acknowledged = 0
        self.sent: deque[float] = deque()
        self.texts: list[bytes] = []
        self.buffer = bytearray()
        self.upgraded = False
        self.ended = asyncio.get_running_loop().create_future()
        self.ready = asyncio.get_running_loop().create_future()
        self.stopped_at = self.ended_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /v2/live?token={self.token} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def send_next(self) -> None:
        data = self.audio[self.position : self.position + FRAME_BYTES]
        if data:
            self.position += len(data)
            self.sent.append(time.perf_counter())
            self.transport.write(frame(2, data))
        elif not self.stopped_at:
            self.stopped_at = time.perf_counter()
            self.transport.write(frame(1, b'{"type":"stop_recording"}'))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            if b"\r\n\r\n" not in self.buffer:
                return
            del self.buffer[: self.buffer.index(b"\r\n\r\n") + 4]
            self.upgraded = True
            self.ready.set_result(None)
        self._take_frames()

    def _take_frames(self) -> None:
        buffer, start = self.buffer, 0
        while len(buffer) - start >= 2:
            length, head = buffer[start + 1], 2
            if length == 126:
                length, head = int.from_bytes(buffer[start + 2 : start + 4]), 4
            elif length == 127:
                length, head = int.from_bytes(buffer[start + 2 : start + 10]), 10
            if len(buffer) - start < head + length:
                break
            self._take(buffer[start] & 15, bytes(buffer[start + head : start + head + length]))
            start += head + length
        del buffer[:start]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self.transport.write(frame(10, payload))
        elif opcode == 8:
            self.ended_at = time.perf_counter()
            self.ended.set_result(int.from_bytes(payload[:2]))
            self.transport.write(frame(8, payload))
            self.transport.close()
        elif found := _RANGE.search(payload):
            begin, end = map(int, found.groups())
            assert begin == self.acknowledged, "acknowledged in order, each byte once"
            self.acknowledged = end
            waited = time.perf_counter() - self.sent.popleft()
            if self.measures.measuring:
                self.measures.acks.append(waited)
        else:
            self.texts.append(payload)

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(1006)

    def finals(self) -> list[dict]:
        messages = (json.loads(text) for text in self.texts if b'"is_final":true' in text)
        return [message["data"] for message in messages]


class Clock:
    """Lets clients send at the speed of speech, each at its own moment within a frame's time."""

    def __init__(self, measures: Measures) -> None:
        self._slots: list[list[Client]] = [[] for _ in range(SLOTS)]
        self._measures = measures

    def add(self, number: int, client: Client) -> None:
        self._slots[number % SLOTS].append(client)

    async def run(self) -> None:
        began, done = time.perf_counter(), 0
        while True:
            await asyncio.sleep(FRAME / SLOTS)
            now = time.perf_counter()
            for slot in range(done, done := int((now - began) * SLOTS / FRAME)):
                self._measures.late.append(now - began - (slot + 1) * FRAME / SLOTS)
                for client in self._slots[slot % SLOTS]:
                    client.send_next()


async def run(server: ServerProcess, sessions: int, seconds: float) -> None:
    opening = sessions / OPENED_PER_SECOND
    audio = [track(number, opening + seconds) for number in range(TRACKS)]
    address = urlsplit(server.url)
    measures = Measures()
    clock = Clock(measures)
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        empty = server.megabytes()
        began = time.perf_counter()
        clients: dict[str, Client] = {}
        sending = asyncio.create_task(clock.run())
        for number in range(sessions):
            created = (await http.post("/v2/live", json=BODY)).raise_for_status().json()
            token = created["url"].partition("token=")[2]
            client = Client(measures, token, audio[number % TRACKS])
            await loop.create_connection(lambda client=client: client, address.hostname, address.port)
            await client.ready
            clients[created["id"]] = client
            clock.add(number, client)
            await asyncio.sleep(began + number / OPENED_PER_SECOND - time.perf_counter())
        opened = time.perf_counter() - began
        print(f"{sessions} sessions opened in {opened:.1f} s", flush=True)

        left = opening + seconds - opened - 2
        assert left > 0, "the sessions took too long to open: give more --seconds"
        lag, cpu, own, at = await lags(http), server.cpu(), time.process_time(), time.perf_counter()
        waited = server.waited()
        measures.measuring = True
        measures.late.clear()
        await asyncio.sleep(left)
        measures.measuring = False
        spent = time.perf_counter() - at
        cores = {name: (total - cpu.get(name, 0.0)) / spent for name, total in server.cpu().items()}
        cores["client"] = (time.process_time() - own) / spent
        waited = (server.waited() - waited) / spent
        lag = [after - before for after, before in zip(await lags(http), lag, strict=True)]
        megabytes = server.megabytes()
        report("ack", np.array(measures.acks) * 1000)
        report("client late", np.array(measures.late) * 1000)
        report_lag(lag)
        print(
            "cpu ", ", ".join(f"{name} {used:.2f}" for name, used in sorted(cores.items()) if used >= 0.005)
        )
        print(f"wait the event loop had no core for {waited:.0%} of the time")
        print(f"rss  {megabytes:.0f} MB, {(megabytes - empty) * 1024 / sessions:.0f} KB a session")

        codes = await asyncio.wait_for(asyncio.gather(*(client.ended for client in clients.values())), 600)
        sending.cancel()
        last = max(client.ended_at - client.stopped_at for client in clients.values())
        print(f"the end came {last:.1f} s after a stop at most")
        assert set(codes) == {1000}, f"closed with {set(codes)}"
        await check(http, clients)


async def check(http: httpx.AsyncClient, clients: dict[str, Client]) -> None:
    """That nothing was lost."""
    finals: dict[bytes, set[str]] = defaultdict(set)
    for session_id, client in clients.items():
        assert client.acknowledged == len(client.audio), "every byte acknowledged"
        recording = (await http.get(f"/v2/live/{session_id}/file")).raise_for_status().content
        assert recording.endswith(client.audio), "the recording is what was sent"
        assert len(recording) < len(client.audio) + 100
        stored = (await http.get(f"/v2/live/{session_id}")).raise_for_status().json()["result"]
        sent = [final["utterance"] for final in client.finals()]
        assert stored["transcription"]["utterances"] == sent, "every final stored"
        finals[client.audio].add(json.dumps(sent))
    assert all(len(of_same_audio) == 1 for of_same_audio in finals.values()), (
        "the same audio, the same finals"
    )
    count = sum(len(client.finals()) for client in clients.values())
    print(f"nothing lost: {sum(len(c.audio) for c in clients.values()) / 1e6:.0f} MB, {count} finals")


async def lags(http: httpx.AsyncClient) -> list[float]:
    """The cumulative counts of the histogram of lags."""
    return [float(count) for _, count in _buckets((await http.get("/metrics")).text)]


def _buckets(metrics: str) -> list[tuple[float, float]]:
    found = re.findall(r'event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', metrics)
    LIMITS[:] = [float(limit) for limit, _ in found]
    return [(float(limit), float(count)) for limit, count in found]


LIMITS: list[float] = []


def report(name: str, values: np.ndarray) -> None:
    p50, p90, p99 = np.percentile(values, (50, 90, 99))
    print(f"{name:4} p50 {p50:.1f}, p90 {p90:.1f}, p99 {p99:.1f}, max {values.max():.1f} ms ({len(values)})")


def report_lag(counts: list[float]) -> None:
    shares = [count / counts[-1] for count in counts]
    below = [
        next(limit for limit, share in zip(LIMITS, shares, strict=True) if share >= p)
        for p in (0.5, 0.9, 0.99)
    ]
    print("lag  p50 <= {:g}, p90 <= {:g}, p99 <= {:g} ms".format(*(limit * 1000 for limit in below)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument(
        "--vad",
        choices=("silero", "loudness", "real", "none"),
        default="silero",
        help="real: with the server's own model, too; none: nothing is recognised",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, server_process(data, arguments.vad) as server:
        asyncio.run(run(server, arguments.sessions, arguments.seconds))


if __name__ == "__main__":
    main()
