"""WhisperLive's protocol: options as JSON, frames as float32, segments of which the last may change.

Source: `whisper_live/server.py` and `backend/base.py` of WhisperLive 0.10.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from vivavoce.bench.client import PATIENCE, Ask
from vivavoce.bench.clock import Lateness, Start, spoken
from vivavoce.bench.hearing import Hearing
from vivavoce.bench.material import SAMPLE_RATE
from vivavoce.bench.peers.peer import Peer
from vivavoce.bench.peers.running import running_text
from vivavoce.bench.tracks import Track

_SERVE = """
import sys
from whisper_live.server import TranscriptionServer
TranscriptionServer().run(
    "127.0.0.1", port=int(sys.argv[1]), backend="faster_whisper", single_model=True,
    faster_whisper_custom_model_path=sys.argv[2], max_clients=64,
)
"""
"""What its `run_server.py`, which its package lacks, does with a model's directory."""

_NO_CUDA = '''"""Stands in for torch, of which WhisperLive with faster-whisper asks this alone."""


class cuda:
    is_available = staticmethod(lambda: False)
'''

_BYTES_PER_SECOND = 4 * SAMPLE_RATE
_SETTLED = 10.0
"""Seconds without a message after which nothing more is waited for."""


async def converse(url: str, track: Track, ask: Ask, start: Start, lateness: Lateness) -> Hearing:
    """Send the track as it is spoken; note the whole text after each message.

    The server has no word for the end of the text: the client waits until nothing comes any more.
    """
    try:
        socket = await _session(url)
    except (OSError, WebSocketException) as error:
        await start.time()
        return Hearing(track, [], [f"no session: {error}"], has_finals=False)
    text, losses = _Text(), list[str]()
    async with socket:
        listening = asyncio.create_task(_listen(socket, text))
        began = await start.time()
        frames = track.samples.astype(np.float32).tobytes()
        try:
            async for frame in spoken(frames, _BYTES_PER_SECOND, began, lateness, ask.frame_seconds):
                await socket.send(frame)
            listening.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while True:
                        text.note(await asyncio.wait_for(socket.recv(decode=True), _SETTLED))
            await socket.send(b"END_OF_AUDIO")
        except ConnectionClosed as closed:
            losses.append(str(closed))
    return Hearing(track, running_text(text.states, began), losses, has_finals=False)


async def _session(url: str) -> ClientConnection:
    socket = await connect(url, max_size=None, compression=None)
    options = {"uid": str(uuid.uuid4()), "language": "en", "task": "transcribe", "model": "base"}
    await socket.send(json.dumps(options | {"use_vad": True}))
    while json.loads(await socket.recv()).get("message") != "SERVER_READY":
        pass
    return socket


class _Text:
    """The text so far, after each message that changed it or did not, with its monotonic time."""

    def __init__(self) -> None:
        self.states: list[tuple[float, str]] = []
        self._completed: dict[str, str] = {}

    def note(self, message: str) -> None:
        segments: list[dict[str, str]] = json.loads(message).get("segments", [])
        # Only the last ten completed segments come again.
        self._completed |= {one["start"]: one["text"] for one in segments if one["completed"]}
        pending = [one["text"] for one in segments if not one["completed"]]
        self.states.append((time.monotonic(), " ".join([*self._completed.values(), *pending])))


async def _listen(socket: ClientConnection, text: _Text) -> None:
    with suppress(ConnectionClosed):
        while True:
            text.note(await socket.recv(decode=True))


PEER = Peer(
    package="whisper-live",
    version="0.10.0",
    needs=("faster-whisper==1.2.0", "fastapi", "python-multipart", "requests", "uvicorn", "websockets"),
    stand_ins={"torch.py": _NO_CUDA},
    command=lambda programs, port, weights: [
        str(programs / "python"),
        *("-c", _SERVE, str(port), str(weights)),
    ],
    dialect=converse,
)
