"""A disk that takes nothing more: audio is not acknowledged, and nothing is lost once there is room again.

The disk of a server process is full from the moment at which no file of its may grow.
"""

from __future__ import annotations

import resource
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from scripted_server import scripted_process
from server.peers import EVERYTHING, PATIENCE, pieces
from server.test_socket_restart import FORMAT, Hearing, texts, undisturbed
from speech import two_cities
from vivavoce import Client
from vivavoce.audio.wav import wav_header
from vivavoce.errors import ApiError
from vivavoce.protocol.close_codes import TRY_AGAIN


@contextmanager
def full_disk(process: subprocess.Popen[str]) -> Iterator[None]:
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


AUDIO = two_cities().pcm(seconds=10)


@dataclass(frozen=True, slots=True)
class Disturbed:
    url: str
    process: subprocess.Popen[str]
    expected: list[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    with scripted_process(tmp_path_factory.mktemp("data")) as (url, process):
        yield Disturbed(url, process, undisturbed(url, AUDIO))


def not_ready(url: str) -> str:
    """Why the server says that it is not ready; it may say for a second what held before."""
    while (answer := httpx.get(f"{url}/readyz")).status_code == 200:
        pass
    return answer.text


@pytest.mark.parametrize("part", [0.6, 1.0], ids=["amid audio", "at the stop"])
def test_a_session_goes_on_when_there_is_room_again_and_nothing_is_missing(
    server: Disturbed, part: float
) -> None:
    before = int(len(AUDIO) * part) | 1
    hearing = Hearing()
    refused = threading.Event()
    errors: list[Exception] = []
    with Client(base_url=server.url) as client:
        session = client.live().start_session(EVERYTHING)
        session.on("message", hearing)
        session.on("connecting", lambda it: refused.set() if it.code == TRY_AGAIN else None)
        session.on("error", errors.append)
        for piece in pieces(AUDIO[:before]):
            session.send_audio(piece)
        assert hearing.heard_one.wait(PATIENCE)
        with full_disk(server.process):
            for piece in pieces(AUDIO[before:]):
                session.send_audio(piece)
            assert before > len(AUDIO) or refused.wait(PATIENCE)
            session.stop_recording()
            assert "nothing can be stored" in not_ready(server.url)
            with pytest.raises(ApiError, match="503"):
                client.live().start_session(EVERYTHING)
        session.join()
        assert errors == []
        stored = client.live().get(session.id)
        assert stored.status == "done"
        assert texts(stored) == server.expected
        assert [text for _, text in hearing.finals] == server.expected
        assert client.live().get_file(session.id) == wav_header(FORMAT, len(AUDIO)) + AUDIO
        while httpx.get(f"{server.url}/readyz").status_code != 200:
            pass
