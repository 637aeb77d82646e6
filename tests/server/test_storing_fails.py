"""Storage that fails at an awkward moment: audio is not doubled, and nobody is kept waiting in silence."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from live.shell import NOISE
from server.harness import Server, connected, create, record, serving
from server.peers import EVERYTHING, PATIENCE
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)


def test_a_frame_is_logged_once_though_what_goes_before_it_cannot_be_stored(tmp_path: Path) -> None:
    database, elsewhere = tmp_path / "vivavoce.db", tmp_path / "elsewhere"

    async def body(server: Server) -> None:
        created, sent, waiting = await create(server.http, **EVERYTHING), 0, 0
        assert server.services.recognition is not None
        async with asyncio.timeout(PATIENCE), AsyncExitStack() as second:
            async with server.services.storage.database.write():
                async with connected(server, created["url"]) as socket:
                    # What cannot be stored yet piles up, until no more may.
                    while waiting < 800:
                        await socket.send_audio(NOISE[sent : sent + 2])
                        await socket.receive_until(type="audio_chunk", acknowledged=True)
                        sent += 2
                        [waiting] = [each.to_store for each in server.services.recognition.live.backlogs]
                    await socket.leave(1006)
                socket = await second.enter_async_context(connected(server, created["url"]))
                # It begins anew, so that what it has missed goes before the new bytes.
                await socket.send_audio(NOISE[: sent + 2])
                await asyncio.to_thread(database.rename, elsewhere)
            assert (await socket.rest())[-1] == {"closed": 1013}
            elsewhere.rename(database)
            await record(server, created["url"], NOISE[: sent + 4])
        heard = await server.http.get(f"/v2/live/{created['id']}/file")
        assert heard.content == wav_header(FORMAT, sent + 4) + NOISE[: sent + 4]

    serving(tmp_path, body)


def test_who_comes_back_while_the_end_cannot_be_stored_is_told_to_try_again(tmp_path: Path) -> None:
    database, elsewhere = tmp_path / "vivavoce.db", tmp_path / "elsewhere"

    async def body(server: Server) -> None:
        created = await create(server.http, **EVERYTHING)
        async with asyncio.timeout(PATIENCE):
            async with connected(server, created["url"]) as socket:
                await socket.send_audio(NOISE[:3200])
                await socket.receive_until(type="audio_chunk", acknowledged=True)
                await asyncio.to_thread(database.rename, elsewhere)
                await socket.send_text('{"type": "stop_recording"}')
                while (await server.http.get("/readyz")).status_code == 200:
                    pass
                async with connected(server, created["url"]) as another:
                    assert await another.receive() == {"closed": 1013}
                elsewhere.rename(database)
                assert (await socket.rest())[-1] == {"closed": 1000}
        stored = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert stored["status"] == "done"

    serving(tmp_path, body)
