"""One client of a server that speaks the live API: a session from its creation to its last message."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

import httpx
from httpx import codes
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from vivavoce.bench.clock import FRAME_SECONDS, Lateness, Start, spoken
from vivavoce.bench.hearing import AddOn, Hearing, Transcript
from vivavoce.bench.material import SAMPLE_RATE
from vivavoce.bench.tracks import Track
from vivavoce.bench.words import HeardWord
from vivavoce.protocol.add_ons import LiveAddOn
from vivavoce.protocol.close_codes import DONE

BYTES_PER_SECOND = 2 * SAMPLE_RATE
ADD_ONS = frozenset(get_args(LiveAddOn))
PATIENCE = 30.0
"""Seconds to wait, after the last sample, for the session's end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a session asks for, and in frames of what length it sends; seconds."""

    endpointing: float = 0.3
    maximum: float = 5.0
    partials: bool = True
    frame_seconds: float = FRAME_SECONDS

    @property
    def body(self) -> dict[str, Any]:
        return {
            "sample_rate": SAMPLE_RATE,
            "endpointing": self.endpointing,
            "maximum_duration_without_endpointing": self.maximum,
            "language_config": {"languages": ["en"]},
            "messages_config": {
                "receive_partial_transcripts": self.partials,
                "receive_acknowledgments": True,
                "receive_lifecycle_events": True,
            },
        }


async def converse(url: str, track: Track, ask: Ask, start: Start, lateness: Lateness) -> Hearing:
    """Send the track to the server at `url` as it is spoken, and note all that comes."""
    try:
        socket = await _session(url, ask)
    except (httpx.HTTPError, OSError, WebSocketException) as error:
        await start.time()
        return Hearing(track, [], [f"no session: {error}"])
    received: list[tuple[float, str]] = []
    async with socket:
        listening = asyncio.create_task(_listen(socket, received))
        began = await start.time()
        with suppress(ConnectionClosed):
            async for frame in spoken(track.pcm, BYTES_PER_SECOND, began, lateness, ask.frame_seconds):
                await socket.send(frame)
            await socket.send(json.dumps({"type": "stop_recording"}))
        await asyncio.wait([listening], timeout=PATIENCE)
        listening.cancel()
    messages = [(at - began, json.loads(text)) for at, text in received]
    transcripts = [_transcript(at, one["data"]) for at, one in messages if one["type"] == "transcript"]
    add_ons = [
        AddOn(at, one["type"], one["data"]["utterance_id"])
        for at, one in messages
        if one["type"] in ADD_ONS and one["data"]
    ]
    losses = _losses(track, [one for _, one in messages], socket.close_code)
    return Hearing(track, transcripts, losses, add_ons=add_ons)


async def _session(url: str, ask: Ask) -> ClientConnection:
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as http:
        response = await http.post("/v2/live", json=ask.body)
        while response.status_code == codes.TOO_MANY_REQUESTS and time.monotonic() < until:
            await asyncio.sleep(float(response.headers["retry-after"]))
            response = await http.post("/v2/live", json=ask.body)
    created = response.raise_for_status().json()
    return await connect(created["url"], max_size=None, compression=None)


async def _listen(socket: ClientConnection, received: list[tuple[float, str]]) -> None:
    # Read later: parsing would make the clients late.
    try:
        while True:
            text = await socket.recv(decode=True)
            received.append((time.monotonic(), text))
    except ConnectionClosed:
        return


def _transcript(at: float, data: dict[str, Any]) -> Transcript:
    utterance = data["utterance"]
    words = tuple(HeardWord(word["word"], word["end"]) for word in utterance["words"])
    return Transcript(at, data["id"], data["is_final"], words, utterance["text"])


def _losses(track: Track, messages: list[dict[str, Any]], close_code: int | None) -> list[str]:
    losses = []
    if not any(one["type"] == "end_session" for one in messages):
        losses.append(f"no end_session until {PATIENCE:.0f} s after the audio, or until the socket closed")
    elif close_code != DONE:
        losses.append(f"the socket closed with code {close_code}")
    acknowledged = max(
        (one["data"]["byte_range"][1] for one in messages if one["type"] == "audio_chunk" and one["data"]),
        default=0,
    )
    if acknowledged != len(track.pcm):
        losses.append("bytes that were not acknowledged")
    return losses
