"""What a restart leaves as it was."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import Any

from server.harness import Server, connected, create, record, serving

AUDIO = bytes(range(256)) * 250


def test_sessions_recordings_and_keys_are_still_there(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def before(server: Server) -> None:
        _, text = await server.services.storage.keys.create("test", "paid")
        async with server.calling(key=text) as http:
            created = await create(http, custom_metadata={"user": 7})
            await record(server, created["url"], AUDIO)
            kept.update(key=text, session=(await http.get(f"/v2/live/{created['id']}")).json())

    async def after(server: Server) -> None:
        async with server.calling(key=kept["key"]) as http:
            session = (await http.get(f"/v2/live/{kept['session']['id']}")).json()
            assert session == kept["session"]
            assert json.loads(session["result"]["messages"][0])["type"] == "audio_chunk"
            file = (await http.get(f"/v2/live/{session['id']}/file")).content
            with wave.open(io.BytesIO(file)) as recording:
                assert recording.readframes(recording.getnframes()) == AUDIO

    serving(tmp_path, before)
    serving(tmp_path, after)


def test_a_token_that_was_given_before_still_opens_its_session(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def before(server: Server) -> None:
        kept.update(await create(server.http))

    async def after(server: Server) -> None:
        await record(server, kept["url"], AUDIO)
        session = (await server.http.get(f"/v2/live/{kept['id']}")).json()
        assert session["status"] == "done"

    serving(tmp_path, before)
    serving(tmp_path, after)


def test_a_session_whose_beginning_was_not_noted_any_more_is_taken_up_by_its_log(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def before(server: Server) -> None:
        kept.update(await create(server.http))
        log = server.services.storage.audio.open(kept["id"])
        log.append(AUDIO)
        log.close()
        # As a server shows it that was started again and still loads its models.
        session = (await server.http.get(f"/v2/live/{kept['id']}")).json()
        assert session["status"] == "processing"
        assert session["file"]["audio_duration"] == len(AUDIO) / 32_000

    async def after(server: Server) -> None:
        session = (await server.http.get(f"/v2/live/{kept['id']}")).json()
        assert session["status"] == "processing"
        assert server.services.live(kept["id"]) is not None
        async with connected(server, kept["url"]) as socket:
            await socket.send_text('{"type": "stop_recording"}')
            end = await socket.receive_until(type="stop_recording")
            assert end["data"]["recording_duration"] == len(AUDIO) / 32_000

    serving(tmp_path, before)
    serving(tmp_path, after)
