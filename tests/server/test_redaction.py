"""What is redacted reaches nobody: no message, no callback, no byte on the disk, no line of the log."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from server.peers import Message, finals, of_type, pieces
from server.receiver import receiving
from speech import ROOT, Clip, clip, collected

READY_WITHIN, STOPPED_WITHIN = 60.0, 30.0
STOP = '{"type": "stop_recording"}'
NUMBERS = clip("en", "counting")


@dataclass(frozen=True)
class Told:
    """What became of a session: the messages of its socket and callback, and itself as it is stored."""

    heard: list[str]
    posted: list[str]
    stored: Message

    @property
    def messages(self) -> list[Message]:
        return [json.loads(text) for text in self.heard]


class Server:
    """A server with the real models; it logs all it can to `log`, which is not in its data."""

    def __init__(self, url: str, data: Path, log: Path) -> None:
        self.url = url
        self.data = data
        self.log = log

    def session(self, audio: bytes, **realtime: Any) -> Told:
        """One session from start to end."""
        with receiving() as receiver:
            body = {
                "endpointing": 0.3,
                "language_config": {"languages": ["en"]},
                "realtime_processing": realtime,
                "post_processing": {"sentences": True, "subtitles": True},
                "messages_config": {"receive_partial_transcripts": True},
                "callback": True,
                "callback_config": {"url": receiver.url, "receive_partial_transcripts": True},
            }
            created = httpx.post(f"{self.url}/v2/live", json=body, timeout=READY_WITHIN)
            assert created.status_code == 201, created.text
            heard = list(_heard(created.json()["url"], audio))
            receiver.until_event("live.end_session")
            stored = httpx.get(f"{self.url}/v2/live/{created.json()['id']}").json()
            return Told(heard, [posted.body for posted in receiver.taken], stored)

    def written(self) -> bytes:
        """All that is in its data directory, and what it logged."""
        files = [path for path in self.data.rglob("*") if path.is_file() and "models" not in path.parts]
        assert any(path.suffix == ".db" for path in files)
        return b"".join(path.read_bytes() for path in (*files, self.log))


def _heard(url: str, audio: bytes) -> Iterator[str]:
    with connect(url, compression=None) as socket:
        # At a pace that leaves time for partials.
        pause = threading.Event()
        for piece in pieces(audio, 6400):
            socket.send(piece)
            pause.wait(len(piece) / 64_000)
        socket.send(STOP)
        yield from map(str, socket)
        assert socket.close_code == 1000


@contextmanager
def real_server(place: Path, **settings: str) -> Iterator[Server]:
    data, log = place / "data", place / "server.log"
    data.mkdir(parents=True)
    models = ROOT / ".cache" / "models"
    models.mkdir(exist_ok=True)
    (data / "models").symlink_to(models)
    given = {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")}
    given |= {
        "VIVAVOCE_LOG_LEVEL": "debug",
        "VIVAVOCE_CALLBACK_ALLOW": "127.0.0.0/8",
        "VIVAVOCE_CAPACITY": "10",
    }
    command = [sys.executable, "-m", "vivavoce", "serve", "--port", "0", "--data-dir", str(data)]
    with log.open("wb") as lines:
        process = subprocess.Popen(
            command, env=given | settings, stdout=subprocess.PIPE, stderr=lines, text=True
        )
    with process:
        deadline = threading.Timer(READY_WITHIN, process.kill)
        deadline.start()
        try:
            assert process.stdout
            said = process.stdout.readline().split()
            deadline.cancel()
            assert said, log.read_text(encoding="utf-8")
            yield Server(next(word for word in said if word.startswith("http")), data, log)
        finally:
            deadline.cancel()
            process.terminate()
            process.wait(STOPPED_WITHIN)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # Loaded first, or partials wait for it until they are final.
    with real_server(tmp_path_factory.mktemp("redacting"), VIVAVOCE_PRELOAD_ADD_ONS="true") as running:
        yield running


def said_in(told: Told) -> str:
    return " ".join(data["utterance"]["text"] for data in finals(told.messages))


def leaks(secrets: Sequence[str], told: Told, server: Server) -> dict[str, list[str]]:
    """Which of the secrets are where, in any case of letters."""
    places = {
        "messages": "\n".join(told.heard),
        "callback": "\n".join(told.posted),
        "session": str(told.stored),
        "written": server.written().decode("utf-8", errors="replace"),
    }
    found = {
        place: [secret for secret in secrets if secret.lower() in text.lower()]
        for place, text in places.items()
    }
    return {place: leaked for place, leaked in found.items() if leaked}


def recorded(*clips: Clip) -> bytes:
    return b"".join(each.pcm() + bytes(32_000) for each in clips)


def check_that_nothing_leaks(
    server: Server, audio: bytes, secrets: Sequence[str], types: Sequence[str]
) -> Told:
    """What a session with redaction leaves behind has none of them; what one without does has, everywhere."""
    told = server.session(audio, pii_redaction=True, pii_redaction_config={"entity_types": types})
    assert leaks(secrets, told, server) == {}
    with closing(sqlite3.connect(server.data / "vivavoce.db")) as database:
        query = "SELECT count(draft) FROM utterances WHERE session_id = ?"
        assert database.execute(query, [told.stored["id"]]).fetchone() == (0,)
    without = server.session(audio)
    assert leaks(secrets, without, server).keys() == {"messages", "callback", "session", "written"}
    return told


def texts(told: Told) -> list[str]:
    """Of its partials and finals."""
    return [message["data"]["utterance"]["text"] for message in of_type(told.messages, "transcript")]


def test_a_number_that_is_said_digit_by_digit_leaks_nowhere(server: Server) -> None:
    audio = recorded(NUMBERS, clip("en", "quick_brown_fox"))
    # As finals and as partials write it.
    secrets = [" 1, 2, 3", "3, 4, 5, 6", "7, 8, 9", "234-567", "two, three", "seven, eight"]
    told = check_that_nothing_leaks(server, audio, secrets, ["GDPR"])
    assert [text for text in texts(told) if set(text.replace("_1]", "")) & set("0123456789")] == []
    said = said_in(told)
    assert "_1]" in said
    assert "fox jumps over the lazy dog" in said
    transcription = told.stored["result"]["transcription"]
    assert "_1]" in transcription["subtitles"][0]["subtitles"]


def test_a_name_leaks_nowhere(server: Server) -> None:
    audio = recorded(collected("en_ami_es2011a_40_46"))
    told = check_that_nothing_leaks(server, audio, ["Abigail", "Claf", "Abbie", "Abby"], ["NAME"])
    assert "[NAME_1]" in said_in(told)
