"""Clients of a live session without a network: one that goes by acknowledgements alone, one of our own."""

from __future__ import annotations

import json
from collections import deque
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from vivavoce.client.core import STOP_RECORDING, LiveCore, may_reconnect
from vivavoce.protocol.responses import SessionCreated

Frame = bytes | str


class Client(Protocol):
    """What it has to send is in `outbox`; what it has been told is in `read`, as it came."""

    outbox: deque[Frame]
    read: list[str]

    @property
    def over(self) -> bool:
        """Whether it will not come back."""
        ...

    @property
    def acknowledged(self) -> int:
        """Its next connection begins with this byte of the session."""
        ...

    def connect(self) -> int | None:
        """Open a connection; returns the offset that it gives, if it gives one."""
        ...

    def write(self, audio: bytes) -> None: ...
    def stop(self) -> None: ...
    def receive(self, text: str) -> None: ...
    def closed(self, code: int) -> None: ...


class AcknowledgementClient:
    """As the official SDKs do it.

    It keeps audio until it is acknowledged. On a new connection it sends all that it keeps, in slices, not
    saying where that begins. A stop that was sent is not sent again.
    """

    SLICE = 511

    def __init__(self) -> None:
        self.outbox: deque[Frame] = deque()
        self.read: list[str] = []
        self.over = False
        self.acknowledged = 0
        self._kept = b""
        self._open = False
        self._stop_waits = False

    def connect(self) -> None:
        self._open = True
        kept = self._kept
        self.outbox.extend(kept[at : at + self.SLICE] for at in range(0, len(kept), self.SLICE))
        if self._stop_waits:
            self._stop_waits = False
            self.outbox.append(STOP_RECORDING)

    def write(self, audio: bytes) -> None:
        self._kept += audio
        if self._open:
            self.outbox.append(audio)

    def stop(self) -> None:
        self._stop_waits = not self._open
        if self._open:
            self.outbox.append(STOP_RECORDING)

    def receive(self, text: str) -> None:
        self.read.append(text)
        message = json.loads(text)
        if message["type"] == "audio_chunk" and message["acknowledged"]:
            end = message["data"]["byte_range"][1]
            self._kept = self._kept[max(0, end - self.acknowledged) :]
            self.acknowledged = max(self.acknowledged, end)

    def closed(self, code: int) -> None:
        self._open = False
        self.outbox.clear()
        self.over = not may_reconnect(code)


class OurClient:
    """Our own client's core: it says where it goes on, and passes over finals that come twice."""

    def __init__(self) -> None:
        self.outbox: deque[Frame] = deque()
        self.read: list[str] = []
        self.told: list[str] = []
        """The finals that reached its user."""
        self.acknowledged = 0
        self._core = LiveCore(max_attempts=1000)
        self._core.start(SessionCreated(id="s", created_at="", url="ws://server/v2/live?token=t"))

    @property
    def over(self) -> bool:
        return self._core.status == "ended"

    def connect(self) -> int | None:
        url, _ = self._core.connect()
        [offset] = parse_qs(urlsplit(url).query).get("resume_from", [""])
        self.acknowledged = int(offset or 0)
        self._core.opened()
        self._flush()
        return int(offset) if offset else None

    def write(self, audio: bytes) -> None:
        self._core.write(audio)
        self._flush()

    def stop(self) -> None:
        self._core.stop()
        self._flush()

    def receive(self, text: str) -> None:
        self.read.append(text)
        for event in self._core.receive(text):
            if event.name == "message" and event.payload.type == "transcript" and event.payload.data.is_final:
                self.told.append(event.payload.data.id)
        self._flush()

    def closed(self, code: int) -> None:
        self._core.closed(code, "")
        self.outbox.clear()

    def _flush(self) -> None:
        self.outbox.extend(iter(self._core.next_frame, None))
