"""A server that goes down in the middle of a session, in order or not, and comes back: nothing is missing."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scripted_server import free_port, scripted_process
from server import harness
from server.harness import create
from server.peers import EVERYTHING, PATIENCE, STOP, Message, finals, pieces, recorded, speech, stored
from speech import two_cities
from vivavoce import Client
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.client.events import AnyMessage, Connected
from vivavoce.protocol.messages import TranscriptMessage
from vivavoce.protocol.responses import SessionObject
from vivavoce.storage.journal import Entry

FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)
AUDIO = speech()


class Hearing:
    """The finals of one session as its user hears them."""

    def __init__(self) -> None:
        self.finals: list[tuple[str, str]] = []
        self.heard_one = threading.Event()

    def __call__(self, message: AnyMessage) -> None:
        if isinstance(message, TranscriptMessage) and message.data.is_final:
            self.finals.append((message.data.id, message.data.utterance.text))
            self.heard_one.set()


def texts(session: SessionObject) -> list[str]:
    assert session.result
    assert session.result.transcription
    return [utterance.text for utterance in session.result.transcription.utterances]


def undisturbed(url: str, audio: bytes) -> list[str]:
    with Client(base_url=url) as client:
        with client.live().start_session(EVERYTHING) as session:
            session.send_audio(audio)
        return texts(client.live().get(session.id))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["in order", "killed"])
def test_a_client_goes_on_after_a_restart_and_nothing_is_missing_or_there_twice(
    tmp_path: Path, end: signal.Signals
) -> None:
    audio = two_cities().pcm(seconds=13)
    half, most = len(audio) // 2 + 1, len(audio) * 3 // 4
    port = free_port()
    hearing = Hearing()
    connections: list[Connected] = []
    with scripted_process(tmp_path, port) as (url, process):
        expected = undisturbed(url, audio)
        assert len(expected) > 3
        client = Client(base_url=url)
        session = client.live().start_session(EVERYTHING)
        session.on("message", hearing)
        session.on("connected", connections.append)
        for piece in pieces(audio[:half]):
            session.send_audio(piece)
        assert hearing.heard_one.wait(PATIENCE)
        for piece in pieces(audio[half:most]):
            session.send_audio(piece)
        process.send_signal(end)
        process.wait(PATIENCE)
    with scripted_process(tmp_path, port), client:
        with session:
            for piece in pieces(audio[most:]):
                session.send_audio(piece)
        assert len(connections) >= 2
        stored = client.live().get(session.id)
        assert stored.status == "done"
        assert texts(stored) == expected
        assert [text for _, text in hearing.finals] == expected
        assert len({final_id for final_id, _ in hearing.finals}) == len(expected)
        assert client.live().get_file(session.id) == wav_header(FORMAT, len(audio)) + audio
    assert "Traceback" not in (tmp_path / "server.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("says_where_it_is", "again"), [(True, 2), (False, 0)])
def test_finals_sent_before_a_restart_go_again_only_to_a_client_that_passes_over_repetitions(
    tmp_path: Path, says_where_it_is: bool, again: int
) -> None:
    kept: Message = {}

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(AUDIO)
            for _ in range(2):
                while not finals([message := await socket.receive()]):
                    assert "closed" not in message
            await socket.leave(1012)

    async def after(server: harness.Server) -> None:
        where = f"&resume_from={len(AUDIO)}" if says_where_it_is else ""
        async with harness.connected(server, kept["url"] + where) as socket:
            await socket.send_text(STOP)
            *messages, end = await socket.rest()
        assert end == {"closed": 1000}
        assert len(finals(messages)) == again
        session = await stored(server.http, kept["id"])
        assert len(session["result"]["transcription"]["utterances"]) == 2
        assert await recorded(server.http, kept["id"]) == AUDIO

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)


def test_a_session_whose_first_audio_was_written_and_not_noted_is_processing_all_the_same(
    tmp_path: Path,
) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, endpointing=0.3)
        log = server.services.storage.audio.open(created["id"])
        log.append(AUDIO[:50_001])
        log.close()
        async with harness.connected(server, f"{created['url']}&resume_from=0") as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="transcript")
            session = await stored(server.http, created["id"])
            assert session["status"] == "processing"
            await socket.send_text(STOP)
            await socket.rest()
        assert await recorded(server.http, created["id"]) == AUDIO

    harness.serving(tmp_path, body)


def test_a_wrong_format_is_reported_once_though_the_server_restarts(tmp_path: Path) -> None:
    kept: Message = {}
    wrong = two_cities().samples()[: 12 * 16_000].astype("<f4").tobytes()

    async def warnings(server: harness.Server) -> list[Any]:
        found: list[Any] = (await stored(server.http, kept["id"]))["post_session_metadata"]["warnings"]
        return found

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(wrong)
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="transcript")
            await socket.leave(1012)
        assert len(await warnings(server)) == 1

    async def after(server: harness.Server) -> None:
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_text(STOP)
            await socket.rest()
        assert len(await warnings(server)) == 1

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)


def test_a_session_that_was_stopped_ends_after_a_restart_without_its_client(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    port = free_port()
    with hold.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            scripted_process(tmp_path, port, hold=hold) as (url, process),
            Client(base_url=url) as client,
        ):
            session = client.live().start_session(EVERYTHING | {"endpointing": 0.3})
            stopped = threading.Event()
            session.on("message", lambda message: message.type == "stop_recording" and stopped.set())
            session.send_audio(AUDIO)
            session.stop_recording()
            assert stopped.wait(PATIENCE)
            process.kill()
            process.wait(PATIENCE)
            session.end_session()
    with scripted_process(tmp_path, port) as (url, _), Client(base_url=url) as client:
        deadline = time.monotonic() + PATIENCE
        while (kept := client.live().get(session.id)).status == "processing":
            assert time.monotonic() < deadline
        assert kept.status == "done"
        assert len(texts(kept)) == 2
        assert client.live().get_file(session.id) == wav_header(FORMAT, len(AUDIO)) + AUDIO


@pytest.mark.parametrize(("says_where_it_is", "again"), [(True, 2), (False, 0)])
def test_a_client_that_comes_back_after_the_end_and_a_restart_is_told_of_the_end(
    tmp_path: Path, says_where_it_is: bool, again: int
) -> None:
    kept: Message = {}
    before_it: list[Message] = []

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.send_text(STOP)
            before_it.extend((await socket.rest())[:-1])

    async def after(server: harness.Server) -> None:
        where = f"&resume_from={len(AUDIO)}" if says_where_it_is else ""
        async with harness.connected(server, kept["url"] + where) as socket:
            *messages, end = await socket.rest()
        assert end == {"closed": 1000}
        assert len(finals(messages)) == again
        assert all(message in before_it for message in messages)
        assert [message["type"] for message in messages if message["type"] != "transcript"] == [
            "end_recording",
            "post_transcript",
            "post_final_transcript",
            "end_session",
        ]

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)


def test_what_an_ended_session_says_after_a_restart_is_stored_once(tmp_path: Path) -> None:
    kept: Message = {}

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            await socket.send_text(STOP)
            await socket.leave(1000)
        while (await stored(server.http, kept["id"]))["status"] != "done":
            pass

    async def after(server: harness.Server) -> None:
        async def comes_back() -> list[Message]:
            async with harness.connected(server, kept["url"] + "&resume_from=0") as socket:
                return (await socket.rest())[:-1]

        first, second = await asyncio.gather(comes_back(), comes_back())
        assert first == second == await comes_back()
        assert len(finals(first)) == 2
        said = (await stored(server.http, kept["id"]))["result"]["messages"]
        told = [json.loads(message) for message in said]
        assert [told.count(message) for message in first] == [1] * len(first)

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)


def _what_comes_after_an_end_and_a_restart(
    tmp_path: Path, *, frames: list[str], stored_then: list[str]
) -> Message:
    """The first that a client gets when it comes back."""
    kept: Message = {}
    got: Message = {}

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            for frame in frames:
                await socket.send_text(frame)
            await socket.leave(1000)
        while (await stored(server.http, kept["id"]))["status"] != "done":
            pass
        await server.services.storage.sessions.add(Entry(kept["id"], stored_then))

    async def after(server: harness.Server) -> None:
        async with harness.connected(server, kept["url"]) as socket:
            got.update(await socket.receive())

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)
    return got


def test_a_client_that_left_without_a_stop_is_not_told_of_the_end_after_a_restart(tmp_path: Path) -> None:
    first = _what_comes_after_an_end_and_a_restart(tmp_path, frames=[], stored_then=[])
    assert first == {"closed": 1000}


def test_damage_to_what_an_ended_session_has_said_does_not_end_its_socket_unexplained(tmp_path: Path) -> None:
    first = _what_comes_after_an_end_and_a_restart(tmp_path, frames=[STOP], stored_then=["{"])
    assert first == {"closed": 1011}


def test_a_session_whose_client_is_back_first_is_not_taken_up_a_second_time(tmp_path: Path) -> None:
    kept: Message = {}

    async def before(server: harness.Server) -> None:
        kept.update(await create(server.http, **EVERYTHING))
        async with harness.connected(server, kept["url"]) as socket:
            await socket.send_audio(AUDIO[:50_001])
            await socket.receive_until(type="audio_chunk")
            await socket.leave(1012)

    async def after(server: harness.Server) -> None:
        async with harness.connected(server, kept["url"] + "&resume_from=50001") as socket:
            assert server.services.recognition
            await server.services.recognition.live.take_up()
            await socket.send_audio(AUDIO[50_001:])
            await socket.send_text(STOP)
            await socket.rest()
        session = await stored(server.http, kept["id"])
        assert session["status"] == "done"
        assert len(session["result"]["transcription"]["utterances"]) == 2
        assert await recorded(server.http, kept["id"]) == AUDIO

    harness.serving(tmp_path, before)
    harness.serving(tmp_path, after)


class _Open:
    """A connection that notes with which code it is closed."""

    ready = False
    code = 0

    async def send(self, text: str) -> bool:
        return True

    def send_now(self, text: str) -> None: ...

    def ask(self, number: int) -> None: ...

    async def close(self, code: int, reason: str) -> None:
        self.code = code


def test_a_connection_that_was_overtaken_does_not_replace_the_newer_one(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, **EVERYTHING)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO[:3200])
            await socket.receive_until(type="audio_chunk")
            assert server.services.recognition
            runtime = server.services.recognition.live.get(created["id"])
            assert runtime
            older, newer = _Open(), _Open()
            await runtime.connect(newer, None, 1001)
            number = await runtime.connect(older, None, 1000)
            await runtime.disconnected(number, 1006)
            assert (older.code, newer.code) == (4409, 0)

    harness.serving(tmp_path, body)
