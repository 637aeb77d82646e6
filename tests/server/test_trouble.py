"""Trouble on the server's side: it stays in the session that meets it, and that session ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from server import peers
from server.harness import LANGUAGES, Server, Socket, connected, create, record, serving
from speech import two_cities
from vivavoce.engine.vad import SileroVad, silero_path
from vivavoce.live.session import LiveSession
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.server.models import Models, with_default
from vivavoce.server.wire import EXTENSION, Wire
from vivavoce.settings import Settings

_NO_MESSAGES = "CREATE TRIGGER none BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'none'); END"
_FULL = "CREATE TRIGGER full BEFORE INSERT ON utterances BEGIN SELECT RAISE(ABORT, 'disk full'); END"


def _speech() -> bytes:
    return two_cities().pcm(seconds=6.0)


def _breaks_on_quiet(_: Settings) -> Models:
    """A model with a defect: it raises what nobody expects, on audio that is quieter than usual."""
    count = word_every(0.5)

    def script(audio: NDArray[np.float32]) -> tuple[Word, ...]:
        if np.abs(audio).max() < 0.02:
            raise IndexError("string index out of range")
        return count(audio)

    recognizer = ScriptedRecognizer(script, languages=LANGUAGES)
    return Models(SileroVad(silero_path()), with_default({"base": recognizer}, "base"))


async def _closed(socket: Socket) -> int:
    return int((await socket.rest())[-1]["closed"])


def test_a_model_that_crashes_ends_the_session_it_crashed_on_and_no_other(tmp_path: Path) -> None:
    quiet = (np.frombuffer(_speech(), "<i2") // 16).astype("<i2").tobytes()

    async def body(server: Server) -> None:
        doomed, healthy = await create(server.http), await create(server.http)
        async with connected(server, doomed["url"]) as socket:
            await socket.send_audio(quiet)
            await socket.send_text('{"type": "stop_recording"}')
            assert await _closed(socket) == 1011
        await record(server, healthy["url"], _speech())
        failed = (await server.http.get(f"/v2/live/{doomed['id']}")).json()
        assert (failed["status"], failed["error_code"]) == ("error", 500)
        heard = (await server.http.get(f"/v2/live/{healthy['id']}")).json()
        assert heard["status"] == "done"
        assert heard["result"]["transcription"]["utterances"]
        assert (await server.http.get("/readyz")).status_code == 200

    serving(tmp_path, body, _breaks_on_quiet)


def test_a_session_whose_finals_cannot_be_stored_ends_and_can_be_deleted(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        stored = await _fail_to_store(server, _FULL)
        assert "disk full" in stored["post_session_metadata"]["error"]
        assert (await server.http.delete(f"/v2/live/{stored['id']}")).status_code == 202

    serving(tmp_path, body)


def test_a_session_whose_messages_cannot_be_stored_ends(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        await _fail_to_store(server, _NO_MESSAGES)

    serving(tmp_path, body)


async def _fail_to_store(server: Server, trigger: str) -> dict[str, Any]:
    """A session that meets `trigger` in the database ends as an error; gives how it is stored."""
    async with server.services.storage.database.write() as database:
        await database.execute(text(trigger))
    created = await create(server.http)
    async with connected(server, created["url"]) as socket:
        await socket.send_audio(_speech())
        await socket.send_text('{"type": "stop_recording"}')
        assert await _closed(socket) == 1011
    stored: dict[str, Any] = (await server.http.get(f"/v2/live/{created['id']}")).json()
    assert (stored["status"], stored["error_code"]) == ("error", 500)
    return stored


async def _meet_a_defect(server: Server, url: str) -> None:
    async with connected(server, url) as socket:
        await socket.send_audio(_speech())
        await socket.receive_until(type="audio_chunk", acknowledged=True)
        # No frame of a server is like this: who reads it cannot expect it.
        await socket._to_app.put({"type": "websocket.receive", "bytes": "no bytes"})
        await socket.receive()


def test_a_session_whose_socket_meets_a_defect_ends(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        with pytest.raises(ExceptionGroup):
            await _meet_a_defect(server, created["url"])
        await _ends_as_an_error(server, created["id"])

    serving(tmp_path, body)


def test_a_session_whose_end_meets_a_defect_too_ends_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise IndexError("pop from an empty deque")

    async def disconnect(server: Server, url: str) -> None:
        async with connected(server, url) as socket:
            await socket.send_audio(_speech())
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            monkeypatch.setattr(LiveSession, "disconnected", broken)
            await socket.leave(1006)

    async def body(server: Server) -> None:
        created = await create(server.http)
        with capture_logs() as logs:
            with pytest.raises(ExceptionGroup):
                await disconnect(server, created["url"])
            await _ends_as_an_error(server, created["id"])
        assert server.services.recognition
        assert server.services.recognition.live.running == 0
        crashes = [log for log in logs if log["event"] == "session_crashed"]
        assert [log["session"] for log in crashes] == [created["id"]] * 2

    serving(tmp_path, body)


async def _ends_as_an_error(server: Server, session_id: str) -> None:
    status = "processing"
    while status == "processing":
        status = (await server.http.get(f"/v2/live/{session_id}")).json()["status"]
    assert status == "error"
    assert (await server.http.delete(f"/v2/live/{session_id}")).status_code == 202


def test_a_session_that_meets_two_defects_does_not_begin_anew_before_its_end_is_stored(
    tmp_path: Path,
) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        assert server.services.recognition
        live = server.services.recognition.live
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk", acknowledged=True)
            await server.http.get(f"/v2/live/{created['id']}")  # which stores what was sent
            runtime = live.get(created["id"])
            assert runtime
            async with server.services.storage.database.write():  # its end waits for this
                live.crashed(runtime, IndexError())
                assert await _closed(socket) == 1011
                live.crashed(runtime, IndexError())
                for _ in range(10):
                    await server.http.get("/v2/live")
                async with connected(server, created["url"]) as again:
                    await again.send_audio(bytes(3200))
                    assert await again.receive() == {"closed": 1011}
        await _ends_as_an_error(server, created["id"])

    serving(tmp_path, body)


def test_a_defect_met_where_frames_arrive_ends_their_session_and_no_other(tmp_path: Path) -> None:
    wires: list[Wire] = []

    async def body(server: Server) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            wires.append(scope["extensions"][EXTENSION])
            await server.app(scope, receive, send)

        doomed, healthy = await create(server.http, **peers.EVERYTHING), await create(server.http)
        config, door = Config(app, lifespan="off"), server.app.state.door
        listening = await asyncio.get_running_loop().create_server(
            lambda: Wire(config, ServerState(), {}, door=door), "127.0.0.1", 0
        )
        async with listening, connected(server, healthy["url"]) as other:
            await other.send_audio(_speech())
            address = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
            async with connect(f"{address}v2/live?{doomed['url'].partition('?')[2]}") as client:
                peer = peers.Peer(client)
                await peer.send(b"\1\2" * 1600)
                await peer.acknowledged(3200)
                # No frame from a network is like this: who reads it cannot expect it.
                assert wires[0].take_at_once
                with capture_logs() as logs:
                    wires[0].take_at_once("no bytes")  # type: ignore[arg-type]
                await peer.send(b"\3\4" * 1600)
                assert peers.of_type(await peer.rest(), "audio_chunk") == []
                assert peer.closed == (1011, "an internal error")
            [told] = [log for log in logs if log["event"] == "session_crashed"]
            assert told["session"] == doomed["id"]
            assert isinstance(told["exc_info"], TypeError)
            assert await peers.recorded(server.http, doomed["id"]) == b"\1\2" * 1600
            await _ends_as_an_error(server, doomed["id"])
            await other.send_text(peers.STOP)
            assert await _closed(other) == 1000

    serving(tmp_path, body)
