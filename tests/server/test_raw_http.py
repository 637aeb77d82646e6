"""Requests as no library writes them: none is seen as two, or as a proxy would not have seen it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from scripted_server import scripted_server

HOST = b"Host: 127.0.0.1\r\n"
SECOND = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scripted_server(tmp_path_factory.mktemp("data")) as url:
        yield url


def answers(url: str, request: bytes) -> list[int]:
    """The statuses of all that comes until the server closes the connection."""
    parts = urlsplit(url)
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(request)
        text = b""
        try:
            while part := connection.recv(65536):
                text += part
        except ConnectionResetError:
            pass  # it had more to read than it wanted
    return [int(part[:3]) for part in text.split(b"HTTP/1.1 ")[1:]]


def test_a_request_whose_end_can_be_seen_in_two_ways_is_the_last_of_its_connection(server: str) -> None:
    both = b"POST /v2/live HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answers(server, both + b"0\r\n\r\n" + SECOND) == [201]


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length: +2\r\n",
        b"Content-Length: -2\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Host: elsewhere.example.org\r\n",
        b"x-gladia-key: a\r\n b\r\n\x00: c\r\n",
        b"x-long: " + bytes(200_000).replace(b"\0", b"a") + b"\r\n",
    ],
)
def test_what_is_ambiguous_or_without_end_is_refused(server: str, headers: bytes) -> None:
    request = b"POST /v2/live HTTP/1.1\r\n" + HOST + headers + b"\r\n{}"
    assert answers(server, request + SECOND) == [400]
    assert httpx.get(f"{server}/readyz").status_code == 200


def test_without_a_host_there_is_no_telling_what_was_meant(server: str) -> None:
    assert answers(server, b"GET /v2/live HTTP/1.1\r\n\r\n") == [400]
    assert answers(server, b"GET /v2/live HTTP/1.1\r\nHost: a@127.0.0.1\r\nConnection: close\r\n\r\n") == [
        400
    ]
