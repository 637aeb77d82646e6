"""HTTPS by settings: clients connect as they do without, and what is wrong is said at the start."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from structlog.testing import capture_logs

from scripted_server import scripted_server
from server.peers import speech
from vivavoce import AsyncClient, Client
from vivavoce.errors import ConfigurationError, ServerUnreachable
from vivavoce.server.serve import serve
from vivavoce.server.tls import tls_context
from vivavoce.settings import Settings


@dataclass(frozen=True, slots=True)
class Files:
    """An authority, and the certificate that it gave to 127.0.0.1."""

    authority: Path
    cert: Path
    key: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls"))


def make_files(directory: Path) -> Files:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = Files(directory / "authority.pem", directory / "cert.pem", directory / "key.pem")
    authority.cert_pem.write_to_path(files.authority)
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(files.cert, append=number > 0)
    issued.private_key_pem.write_to_path(files.key)
    files.key.chmod(0o600)
    return files


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    with scripted_server(data, tls_cert=str(files.cert), tls_key=str(files.key)) as url:
        yield url


def settings(directory: Path, cert: Path | None, key: Path | None) -> Settings:
    return Settings(data_dir=directory, port=0, tls_cert=cert, tls_key=key)


def test_a_session_runs_over_https_and_wss(
    server: str, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))

    async def finals(url: str) -> list[str]:
        async with AsyncClient(base_url=url) as client:
            session = await client.live().start_session(endpointing=0.3)
            await session.send_audio(speech())
            await session.stop_recording()
            return [m.data.id async for m in session if m.type == "transcript" and m.data.is_final]

    assert server.startswith("https://127.0.0.1:")
    created = httpx.post(f"{server}/v2/live", verify=ssl.create_default_context()).json()
    assert created["url"].startswith(f"wss{server.removeprefix('https')}/v2/live?token=")
    with Client(base_url=server) as client:
        session = client.live().start_session(endpointing=0.3)
        session.send_audio(speech())
        session.stop_recording()
        heard = [m.data.id for m in session if m.type == "transcript" and m.data.is_final]
    assert len(heard) == 2
    assert asyncio.run(finals(server)) == heard


def test_nothing_comes_that_a_client_has_not_asked_for(server: str, files: Files) -> None:
    # A client that writes in one thread and reads in another loses its request beside a ticket.
    port = int(server.rpartition(":")[2])
    trusting = ssl.create_default_context(cafile=str(files.authority))
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        trusting.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        assert secure.recv(65536).startswith(b"HTTP/1.1 200")
        assert secure.version() == "TLSv1.3"
        assert secure.session is None or not secure.session.has_ticket


def test_our_client_does_not_talk_to_a_server_whose_certificate_nobody_vouches_for_and_says_what_to_do(
    server: str,
) -> None:
    async def call() -> None:
        async with AsyncClient(base_url=server) as client:
            await client.live().list()

    refused = "certificate verify failed.*set SSL_CERT_FILE to a PEM file"
    with Client(base_url=server) as client, pytest.raises(ServerUnreachable, match=refused):
        client.live().list()
    with pytest.raises(ServerUnreachable, match=refused):
        asyncio.run(call())


def test_a_certificate_for_another_name_is_not_to_be_trusted_either(
    server: str, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
    with (
        Client(base_url=server.replace("127.0.0.1", "localhost")) as client,
        pytest.raises(ServerUnreachable, match="certificate is not valid for 'localhost'") as refused,
    ):
        client.live().list()
    assert "SSL_CERT_FILE" not in str(refused.value)


def test_who_forgets_the_s_of_https_is_reminded_of_it(server: str) -> None:
    url = server.replace("https:", "http:")
    with Client(base_url=url) as client, pytest.raises(ServerUnreachable, match=f"If it has TLS: {server}"):
        client.live().list()


def test_who_never_says_hello_is_let_go(tmp_path: Path, files: Files) -> None:
    certified = {"tls_cert": str(files.cert), "tls_key": str(files.key)}
    with scripted_server(tmp_path, client_timeout=0.5, **certified) as url:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0), timeout=30) as silent:
            assert silent.recv(1) == b""


def test_those_who_never_say_hello_make_room_for_others(tmp_path: Path, files: Files) -> None:
    certified = {"tls_cert": str(files.cert), "tls_key": str(files.key)}
    context = ssl.create_default_context(cafile=files.authority)
    with (
        scripted_server(tmp_path, max_connections=10, client_timeout=600, **certified) as url,
        ExitStack() as open_,
    ):
        address = httpx.URL(url)
        silent = [
            open_.enter_context(socket.create_connection((address.host, address.port or 0), timeout=30))
            for _ in range(10)
        ]
        figures = httpx.get(f"{url}/metrics", verify=context).text
        assert silent[0].recv(1) == b""
        assert "vivavoce_connections 10.0" in figures
        assert 'vivavoce_connections_ended_total{reason="displaced"} 1.0' in figures


def test_those_who_never_say_hello_do_not_keep_a_full_server_from_saying_so(
    tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
    certified = {"tls_cert": str(files.cert), "tls_key": str(files.key)}
    context = ssl.create_default_context()
    with (
        scripted_server(tmp_path, max_connections=10, client_timeout=600, **certified) as url,
        Client(base_url=url) as client,
        ExitStack() as open_,
    ):
        told = {"receive_acknowledgments": True}
        sessions = [client.live().start_session(messages_config=told) for _ in range(10)]
        for session in sessions:
            session.send_audio(bytes(3200))
            assert next(message for message in session if message.type == "audio_chunk")
        address = httpx.URL(url)
        silent = [
            open_.enter_context(socket.create_connection((address.host, address.port or 0), timeout=30))
            for _ in range(64)
        ]
        assert [each.recv(1) for each in silent] == [b""] * 64
        assert httpx.get(f"{url}/health", verify=context).status_code == 503
        for session in sessions:
            session.end_session()


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path, files: Files) -> None:
    context = tls_context(settings(tmp_path, files.cert, files.key))
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def encrypted(files: Files, directory: Path) -> tuple[Path, Path]:
    key = load_pem_private_key(files.key.read_bytes(), None)
    path = directory / "encrypted.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    return files.cert, path


def of_another(files: Files, directory: Path) -> tuple[Path, Path]:
    return files.cert, make_files(directory).key


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda files, _: (files.cert, None), "set both, or none"),
        (lambda files, _: (None, files.key), "set both, or none"),
        (
            lambda files, at: (at / "lost.pem", files.key),
            r"VIVAVOCE_TLS_CERT: .*lost.pem cannot be read: No such",
        ),
        (lambda files, at: (files.cert, at), "VIVAVOCE_TLS_KEY: .* cannot be read: Is a directory"),
        (lambda files, _: (files.key, files.cert), "are not a certificate and its key"),
        (of_another, "is not that of the certificate"),
        (encrypted, "is encrypted.*openssl pkey"),
    ],
)
def test_files_that_will_not_do_are_refused_at_the_start_with_what_to_do(
    tmp_path: Path,
    files: Files,
    given: Callable[[Files, Path], tuple[Path | None, Path | None]],
    words: str,
) -> None:
    def never(*_: object) -> None:
        pytest.fail("it must not start")

    cert, key = given(files, tmp_path)
    with pytest.raises(ConfigurationError, match=words):
        asyncio.run(serve(settings(tmp_path / "data", cert, key), never))
    assert not (tmp_path / "data").exists()


def test_a_key_that_every_user_of_the_machine_can_read_is_pointed_out(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    files.key.chmod(0o644)
    with capture_logs() as logs:
        tls_context(settings(tmp_path, files.cert, files.key))
    assert [(entry["event"], entry["advice"]) for entry in logs] == [
        ("tls_key_open_to_others", f"chmod 600 {files.key}")
    ]
    files.key.chmod(0o640)
    with capture_logs() as logs:
        tls_context(settings(tmp_path, files.cert, files.key))
    assert logs == []
