"""What the log of a real server has in it: no secret, no speech, no line of a stranger's."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from scripted_server import scripted_server
from server.peers import speech
from vivavoce.storage.stores import open_storage

LINE = re.compile(r"20\d\d-\d\d-\d\dT\S+ \[(debug|info|warning|error) *\]")


def _key(data: Path) -> str:
    async def create() -> str:
        async with open_storage(data) as storage:
            return (await storage.keys.create("test", "paid"))[1]

    return asyncio.run(create())


def test_no_secret_and_nothing_that_was_said_is_logged_however_much_is(tmp_path: Path) -> None:
    key = _key(tmp_path)
    with scripted_server(tmp_path, log_level="debug") as url:
        headers = {"x-gladia-key": key}
        created = httpx.post(f"{url}/v2/live", headers=headers).json()
        token = created["url"].partition("token=")[2]
        with connect(created["url"]) as websocket:
            websocket.send(speech())
            websocket.send('{"type": "stop_recording"}')
            assert any("word0" in str(message) for message in websocket)
        with connect(f"{created['url']}x") as websocket, pytest.raises(ConnectionClosed):
            websocket.recv()
        httpx.get(f"{url}/v2/live?token={token}", headers={"x-gladia-key": f"{key}x"})
        httpx.get(f"{created['url'].replace('ws', 'http', 1)}", headers=headers)
        figures = httpx.get(f"{url}/metrics").text
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert created["id"] in log
    assert "open_to_others" not in log
    for text in (log, figures):
        assert [secret for secret in (token, key, key.rpartition("_")[2], "word0") if secret in text] == []


def test_nobody_can_write_a_line_of_their_own_or_steer_the_terminal(tmp_path: Path) -> None:
    forged = "2001-01-01T00:00:00Z [info     ] forged\x1b[2J\r\u2028\x9b2J"
    with scripted_server(tmp_path) as url:
        for path in (forged, f"x\n{forged}"):
            assert httpx.get(f"{url}/v2/live/{quote(path)}").status_code == 404
        body = {f"{field}\n{forged}": 1 for field in ("endpointing", "languages")}
        body |= {f"language_confi\x1b{end}": 1 for end in "g\n"}
        assert httpx.post(f"{url}/v2/live", json=body).status_code == 201
        parts = urlsplit(url)
        assert parts.port
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(f"{forged}\n{forged}\r\n\r\n".encode())
            assert b"400" in connection.recv(4096)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert "forged" in log
    assert "request_doubtful" in log
    assert not set(log) & set("\x1b\r\u2028\x9b")
    assert [line for line in log.splitlines() if not LINE.match(line) or line.startswith("2001")] == []
