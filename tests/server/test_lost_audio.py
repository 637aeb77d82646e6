"""An audio log that is not as it was left: half a frame too much, bytes missing, or gone altogether."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from server import harness
from server.harness import Server, create
from server.peers import EVERYTHING, Message, recorded, speech, stored, stored_texts
from server.receiver import LOOPBACK, receiving

AUDIO = speech()
HALF = 100_001


def log_of(data: Path, session: Message) -> Path:
    return data / "audio" / f"{session['id']}.raw"


async def begun(server: Server, audio: bytes, **asked: Any) -> Message:
    """A session whose client has seen all of this acknowledged, and will come back."""
    created = await create(server.http, **EVERYTHING | asked)
    async with harness.connected(server, created["url"]) as socket:
        await socket.send_audio(audio)
        await socket.receive_until(type="audio_chunk", acknowledged=True)
        await socket.leave(1012)
    await stored(server.http, created["id"])
    return created


@pytest.mark.parametrize("torn", [1, 3332])
def test_a_part_of_a_frame_that_was_never_acknowledged_is_taken_once(tmp_path: Path, torn: int) -> None:
    kept: Message = {}

    async def before(server: Server) -> None:
        kept.update(await begun(server, AUDIO[:HALF]))

    async def after(server: Server) -> None:
        url = f"{kept['url']}&resume_from={HALF}"
        assert await harness.record(server, url, AUDIO[HALF:]) == {"closed": 1000}
        assert await recorded(server.http, kept["id"]) == AUDIO
        other = await create(server.http, **EVERYTHING)
        await harness.record(server, other["url"], AUDIO)
        texts = await stored_texts(server.http, other["id"])
        assert await stored_texts(server.http, kept["id"]) == texts

    harness.serving(tmp_path, before)
    with log_of(tmp_path, kept).open("ab") as log:
        log.write(AUDIO[HALF : HALF + torn])
    harness.serving(tmp_path, after)


@pytest.mark.parametrize("left", [50_000, 0])
def test_a_session_whose_acknowledged_audio_is_gone_ends_and_says_so_and_others_go_on(
    tmp_path: Path, left: int
) -> None:
    damaged: Message = {}
    healthy: Message = {}

    async def before(server: Server) -> None:
        damaged.update(await begun(server, AUDIO[:HALF]))
        healthy.update(await begun(server, AUDIO[:HALF]))

    async def after(server: Server) -> None:
        session = await stored(server.http, damaged["id"])
        assert (session["status"], session["error_code"]) == ("error", 500)
        assert f"{HALF} bytes, of which {left} are left" in session["post_session_metadata"]["error"]
        if left:
            assert await recorded(server.http, damaged["id"]) == AUDIO[:left]
        async with harness.connected(server, f"{damaged['url']}&resume_from={HALF}") as socket:
            assert await socket.receive() == {"closed": 4401}
        url = f"{healthy['url']}&resume_from={HALF}"
        assert await harness.record(server, url, AUDIO[HALF:]) == {"closed": 1000}
        assert await recorded(server.http, healthy["id"]) == AUDIO

    harness.serving(tmp_path, before)
    os.truncate(log_of(tmp_path, damaged), left)
    harness.serving(tmp_path, after)


def test_the_receiver_of_a_session_whose_audio_is_gone_is_told_of_its_end(tmp_path: Path) -> None:
    damaged: Message = {}

    async def before(server: Server) -> None:
        asked = {"callback": True, "callback_config": {"url": receiver.url}}
        damaged.update(await begun(server, AUDIO[:HALF], **asked))

    async def after(server: Server) -> None:
        await asyncio.to_thread(receiver.until_event, "live.end_session")

    with receiving() as receiver:
        harness.serving(tmp_path, before, callback_allow=LOOPBACK)
        os.truncate(log_of(tmp_path, damaged), 50_000)
        harness.serving(tmp_path, after, callback_allow=LOOPBACK)
    assert receiver.events.count("live.end_session") == 1
    assert receiver.taken[-1].content["id"] == damaged["id"]


def test_a_session_whose_log_is_removed_under_it_ends_before_anything_more_is_acknowledged(
    tmp_path: Path,
) -> None:
    async def body(server: Server) -> None:
        doomed = await create(server.http, **EVERYTHING)
        async with harness.connected(server, doomed["url"]) as socket:
            await socket.send_audio(AUDIO[:HALF])
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            log_of(tmp_path, doomed).unlink()
            await socket.send_audio(AUDIO[HALF:])
            while "closed" not in (message := await socket.receive()):
                assert message["type"] != "audio_chunk"
            assert message == {"closed": 1011}
        session = await stored(server.http, doomed["id"])
        assert session["status"] == "error"
        assert "was removed" in session["post_session_metadata"]["error"]
        assert (await server.http.get("/readyz")).status_code == 200

    harness.serving(tmp_path, body)
