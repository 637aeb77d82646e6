"""WhisperLiveKit's protocol: PCM in, the whole text so far out; an empty frame ends the audio.

Source: `whisperlivekit/basic_server.py` and `timed_objects.py` of WhisperLiveKit 0.2.26.
"""

from __future__ import annotations

import asyncio
import json
import time

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from vivavoce.bench.client import BYTES_PER_SECOND, PATIENCE, Ask
from vivavoce.bench.clock import Lateness, Start, spoken
from vivavoce.bench.hearing import Hearing
from vivavoce.bench.peers.peer import Peer
from vivavoce.bench.peers.running import running_text
from vivavoce.bench.tracks import Track


async def converse(url: str, track: Track, ask: Ask, start: Start, lateness: Lateness) -> Hearing:
    """Send the track as it is spoken; note the whole text after each message."""
    try:
        socket = await connect(f"{url}/asr?language=en", max_size=None, compression=None)
    except (OSError, WebSocketException) as error:
        await start.time()
        return Hearing(track, [], [f"no session: {error}"], has_finals=False)
    texts: list[tuple[float, str]] = []
    losses: list[str] = []
    async with socket:
        listening = asyncio.create_task(_listen(socket, texts))
        began = await start.time()
        try:
            async for frame in spoken(track.pcm, BYTES_PER_SECOND, began, lateness, ask.frame_seconds):
                await socket.send(frame)
            await socket.send(b"")
        except ConnectionClosed as closed:
            losses.append(str(closed))
        done, _ = await asyncio.wait([listening], timeout=PATIENCE)
        if not done:
            losses.append(f"not done {PATIENCE:.0f} s after the end of the audio")
        listening.cancel()
    return Hearing(track, running_text(texts, began), losses, has_finals=False)


async def _listen(socket: ClientConnection, texts: list[tuple[float, str]]) -> None:
    try:
        async for message in socket:
            at = time.monotonic()
            content = json.loads(message)
            if content.get("type") == "ready_to_stop":
                return
            if "lines" in content:
                lines = [line["text"] for line in content["lines"]]
                texts.append((at, " ".join([*lines, content["buffer_transcription"]])))
    except ConnectionClosed:
        return


PEER = Peer(
    package="whisperlivekit",
    version="0.2.26",
    needs=(
        "fastapi>=0.141.1",
        "faster-whisper==1.2.1",
        "librosa",
        "python-multipart>=0.0.31",
        "requests",
        "soundfile",
        "tiktoken",
        "torch==2.13.0",
        "uvicorn",
        "websockets",
    ),
    # Its other policy, AlignAtt, wants the weights in PyTorch's format.
    command=lambda programs, port, weights: [
        str(programs / "whisperlivekit-server"),
        *("--host", "127.0.0.1", "--port", str(port), "--model_dir", str(weights), "--lan", "en"),
        *("--backend", "faster-whisper", "--backend-policy", "localagreement", "--pcm-input"),
        *("--warmup-file", ""),
    ],
    dialect=converse,
)
