"""While the database is busy audio goes on being acknowledged; a final that has come is stored already."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.harness import Server, connected, create, serving
from speech import clip

FRAME = 3200
PATIENCE = 60.0


def test_audio_is_acknowledged_while_the_database_is_busy(tmp_path: Path) -> None:
    audio = clip("en", "quick_brown_fox").pcm() + bytes(64_000)

    async def body(server: Server) -> None:
        sessions = server.services.storage.sessions
        created = await create(server.http, endpointing=0.3)
        async with asyncio.timeout(PATIENCE), connected(server, created["url"]) as socket:
            async with server.services.storage.database.write():
                for start in range(0, len(audio), FRAME):
                    await socket.send_audio(audio[start : start + FRAME])
                acknowledged = 0
                while acknowledged < len(audio):
                    ack = await socket.receive_until(type="audio_chunk")
                    acknowledged = ack["data"]["byte_range"][1]
                assert not await sessions.finals(created["id"])
            final = await socket.receive_until(type="transcript")
            stored = await sessions.finals(created["id"])
            assert final["data"]["id"] in [each.utterance.id for each in stored]

    serving(tmp_path, body)
