"""Who may call: keys, and the mode without keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.harness import URL, Server, serving
from vivavoce.errors import ConfigurationError
from vivavoce.server.serve import check_address
from vivavoce.settings import Settings
from vivavoce.storage.stores import open_storage

CALLS = [("POST", "/v2/live"), ("GET", "/v2/live"), ("GET", "/v2/live/x"), ("DELETE", "/v2/live/x")]
CALLS += [("GET", "/v2/live/x/file"), ("GET", "/v2/live/x/audio")]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_with_keys_every_call_needs_one(tmp_path: Path, method: str, path: str) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key()
        for key, words in (
            ("", "is missing: send it in the header x-gladia-key"),
            ("wrong", "is unknown or revoked"),
            (f"vv_{key_id}_wrong", "is unknown or revoked"),
            ("vv_é_x", "is unknown or revoked"),
        ):
            headers = {"x-gladia-key": key.encode()} if key else {}
            response = await server.http.request(method, path, headers=headers)
            assert response.status_code == 401
            assert words in response.json()["message"]
        assert (await http.request(method, path)).status_code != 401
        assert await server.services.storage.keys.revoke(key_id)
        assert (await http.request(method, path)).status_code == 401

    serving(tmp_path, body)


def test_the_headers_name_may_be_in_any_case(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, text = await server.services.storage.keys.create("test", "paid")
        assert (await server.http.get("/v2/live", headers={"X-GLADIA-KEY": text})).status_code == 200

    serving(tmp_path, body)


def test_without_keys_local_calls_need_none_and_any_is_ignored(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        assert (await server.http.post("/v2/live")).status_code == 201
        assert (await server.http.post("/v2/live", headers={"x-gladia-key": "anything"})).status_code == 201
        for url in ("http://localhost:8080", "http://[::1]:8080"):
            async with server.calling(url, address="::1") as http:
                assert (await http.post("/v2/live")).status_code == 201

    serving(tmp_path, body)


@pytest.mark.parametrize(
    ("url", "address", "headers"),
    [
        (URL, "192.0.2.1", {}),
        ("http://attacker.example.org:8080", "127.0.0.1", {}),
        (URL, "127.0.0.1", {"x-forwarded-for": "192.0.2.1"}),
        (URL, "127.0.0.1", {"forwarded": "for=192.0.2.1"}),
        (URL, "127.0.0.1", {"via": "1.1 speech.example.org"}),
        (URL, "127.0.0.1", {"x-forwarded-host": "speech.example.org"}),
    ],
)
def test_without_keys_what_is_not_local_is_refused(
    tmp_path: Path, url: str, address: str, headers: dict[str, str]
) -> None:
    async def body(server: Server) -> None:
        async with server.calling(url, address=address) as http:
            response = await http.post("/v2/live", headers=headers)
            assert response.status_code == 401
            assert "vivavoce keys create" in response.json()["message"]

    serving(tmp_path, body)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_without_keys_the_server_may_listen_on_loopback(tmp_path: Path, host: str) -> None:
    assert asyncio.run(check_address(Settings(data_dir=tmp_path, host=host))) is False


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "speech.example.org"])
def test_any_other_address_takes_a_key_first(tmp_path: Path, host: str) -> None:
    _takes_a_key_first(tmp_path, host=host)


@pytest.mark.parametrize(
    "public", [{"public_url": "https://speech.example.org"}, {"trusted_proxies": "127.0.0.1"}]
)
def test_a_proxy_that_lets_others_in_takes_a_key_first(tmp_path: Path, public: dict[str, str]) -> None:
    _takes_a_key_first(tmp_path, **public)


def _takes_a_key_first(data_dir: Path, **reached: Any) -> None:
    async def create_key() -> None:
        async with open_storage(data_dir) as storage:
            await storage.keys.create("first", "paid")

    settings = Settings(data_dir=data_dir, **reached)
    with pytest.raises(ConfigurationError, match="vivavoce keys create"):
        asyncio.run(check_address(settings))
    asyncio.run(create_key())
    assert asyncio.run(check_address(settings)) is True
