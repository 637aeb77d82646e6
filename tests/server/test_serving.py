"""A server as a process: it says when it is ready, ends at a signal, and says why it cannot start."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from scripted_server import scripted_server
from server.harness import scripted
from server.peers import speech
from vivavoce.errors import ConfigurationError, ModelError, StorageError
from vivavoce.server.models import Models
from vivavoce.server.serve import serve
from vivavoce.settings import Settings

TESTS = Path(__file__).resolve().parent.parent
PROCESS = """
import sys
from pathlib import Path
from server.harness import scripted
from vivavoce.server.serve import run
from vivavoce.settings import Settings

settings = Settings(data_dir=Path(sys.argv[1]), port=0, max_frame_bytes=1024 * 1024)
run(settings, lambda url, keys: print(url, keys, flush=True), scripted)
"""
LOADING = """
import sys, threading
from pathlib import Path
from vivavoce.server.serve import run
from vivavoce.settings import Settings

def load(settings):
    print("loading", flush=True)
    threading.Event().wait()

run(Settings(data_dir=Path(sys.argv[1]), port=0), print, load)
"""
PATIENCE = 20.0

# A shell's background jobs, which the tests may be, ignore interrupts, and so do their children.
heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_server_is_ready_serves_and_tells_its_clients_to_come_back_when_it_ends(
    tmp_path: Path, end: signal.Signals
) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url, has_keys = process.stdout.readline().split()
        assert has_keys == "False"
        created = httpx.post(f"{url}/v2/live").json()
        with connect(created["url"]) as websocket:
            websocket.send(bytes(3200))
            assert '"acknowledged":true' in str(websocket.recv())
            process.send_signal(end)
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        process.wait(PATIENCE)
        log = process.stderr.read()
    assert created["url"].partition("token=")[2] not in log
    [stopped] = [line for line in log.splitlines() if "stopped" in line]
    assert "unfinished_sessions=1" in stopped


@pytest.mark.parametrize(
    ("program", "last"), [(LOADING, "loading"), (PROCESS, "stopped")], ids=["loading", "ready"]
)
def test_interrupts_however_many_end_it_without_a_traceback(tmp_path: Path, program: str, last: str) -> None:
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        for _ in range(3):
            process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in log
    assert last in log.splitlines()[-1]


def test_an_interrupt_that_is_ignored_does_not_end_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path)]
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen(
        command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=ignore
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM


def never(url: str, has_keys: bool) -> None:
    raise AssertionError("the server is not ready")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(data_dir=tmp_path, port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{settings.port}"):
            asyncio.run(serve(settings, never, scripted))


def test_a_port_that_is_taken_while_the_server_starts_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as ours, socket.socket() as theirs:
        for each in (ours, theirs):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", ours.getsockname()[1]))
        theirs.listen()
        # In the module that `serve` is of: another test may have imported it anew.
        monkeypatch.setitem(serve.__globals__, "listen", lambda host, port: ours)
        with pytest.raises(ConfigurationError, match=r"cannot listen on .*in use; set VIVAVOCE_HOST"):
            asyncio.run(serve(Settings(data_dir=tmp_path, port=0), never, scripted))


def test_a_server_whose_settings_are_refused_makes_no_data_directory(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", host="0.0.0.0", port=0)
    with pytest.raises(ConfigurationError, match="loopback only"):
        asyncio.run(serve(settings, never, scripted))
    assert list(tmp_path.iterdir()) == []


def test_a_server_whose_models_cannot_be_loaded_ends_and_says_why(tmp_path: Path) -> None:
    def broken(settings: Settings) -> Models:
        raise ModelError("model.bin is damaged")

    with pytest.raises(ModelError, match="damaged"):
        asyncio.run(serve(Settings(data_dir=tmp_path, port=0), never, broken))


def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot use the data directory"):
        asyncio.run(serve(Settings(data_dir=tmp_path / "file", port=0), never, scripted))


def test_a_server_that_cannot_begin_ends_and_its_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "doorbell").mkdir()
    with pytest.raises(StorageError, match="the server could not start; the log says why"):
        asyncio.run(serve(Settings(data_dir=tmp_path, port=0), never, scripted))
    assert f"cannot make the pipe {tmp_path}/doorbell" in caplog.text


def test_a_second_server_on_the_same_data_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with scripted_server(tmp_path) as url:
        with pytest.raises(
            StorageError, match=f"another server or command uses the data directory {tmp_path}"
        ):
            asyncio.run(serve(Settings(data_dir=tmp_path, port=0), never, scripted))
        assert httpx.get(f"{url}/readyz").status_code == 200
    with scripted_server(tmp_path) as url:
        assert httpx.get(f"{url}/readyz").status_code == 200


def test_a_data_directory_that_others_can_look_into_is_pointed_out_and_what_is_in_it_is_the_owners_alone(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    with scripted_server(data) as url:
        with connect(httpx.post(f"{url}/v2/live").json()["url"]) as websocket:
            websocket.send(bytes(3200))
            websocket.recv()
        files = [path for path in data.rglob("*") if path.name != "server.log"]
        assert {path.suffix for path in files} >= {".raw", ".db", ".lock"}
        assert [path for path in files if path.stat().st_mode & 0o077] == []
    [warning] = [line for line in (data / "server.log").read_text().splitlines() if "open_to_others" in line]
    assert "chmod -R go=" in warning


def test_the_log_says_how_a_session_ended_and_not_what_was_said(tmp_path: Path) -> None:
    with scripted_server(tmp_path) as url:
        created = httpx.post(f"{url}/v2/live").json()
        with connect(created["url"]) as websocket:
            websocket.send(speech())
            websocket.send('{"type": "stop_recording"}')
            messages = [str(message) for message in websocket]
    assert any("word0" in message for message in messages)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    [ended] = [line for line in log.splitlines() if "session_ended" in line]
    assert created["id"] in ended
    assert f"seconds={len(speech()) / 32_000:.1f}" in ended
    assert "status=done" in ended
    assert "word0" not in log


def test_the_log_names_what_a_request_misspells(tmp_path: Path) -> None:
    with scripted_server(tmp_path) as url:
        created = httpx.post(f"{url}/v2/live", json={"end_pointing": 1}).json()
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    [doubtful] = [line for line in log.splitlines() if "request_doubtful" in line]
    assert created["id"] in doubtful
    assert "did you mean endpointing?" in doubtful


def test_what_is_no_http_is_logged_like_everything_else(tmp_path: Path) -> None:
    with scripted_server(tmp_path, log_format="json") as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"hello\r\n\r\n")
            assert b"400" in connection.recv(4096)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    [entry] = [json.loads(line) for line in log.splitlines() if "Invalid HTTP" in line]
    assert (entry["level"], entry["logger"]) == ("warning", "uvicorn.error")
    assert "timestamp" in entry
