"""Frames over a real socket: those that are taken at once and those that wait keep their order."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import httpx
import numpy as np
import pytest
from websockets.sync.client import ClientConnection, connect

from scripted_server import scripted_server

BODY = {"sample_rate": 48_000, "language_config": {"languages": ["en"]}}


def _send_text(socket: ClientConnection, audio: bytes) -> None:
    chunk = base64.b64encode(audio).decode()
    socket.send(json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}}))


def _send_fragments(socket: ClientConnection, audio: bytes) -> None:
    middle = len(audio) // 2
    socket.send([audio[:middle], audio[middle:]])


SENDERS = [ClientConnection.send, ClientConnection.send, _send_text, _send_fragments]
# Some of them are parsed, or written, in a thread.
SIZES = [2, 1_920, 9_600, 100_000, 300_000]


@pytest.mark.parametrize("seed", range(3))
def test_frames_of_all_kinds_and_sizes_keep_their_order(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    samples = np.random.default_rng(seed).integers(-300, 300, 3_000_000).astype("<i2")
    left, audio = samples.tobytes(), b""
    with scripted_server(tmp_path) as url:
        created = httpx.post(f"{url}/v2/live", json=BODY).raise_for_status().json()
        with connect(created["url"]) as socket:
            for _ in range(60):
                size = chance.choice(SIZES)
                piece, left = left[:size], left[size:]
                chance.choice(SENDERS)(socket, piece)
                audio += piece
            socket.send('{"type": "stop_recording"}')
            messages = [json.loads(message) for message in socket]
        recording = httpx.get(f"{url}/v2/live/{created['id']}/file").raise_for_status().content
    ranges = [m["data"]["byte_range"] for m in messages if m["type"] == "audio_chunk"]
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges[:-1])]
    assert ranges[-1][1] == len(audio)
    assert recording[-len(audio) :] == audio
