"""What a browser may do with the server, and web pages behind the back of whoever has them open."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.harness import URL, Server, connected, create, record, serving
from vivavoce.errors import ConfigurationError
from vivavoce.settings import Settings

PAGE = "https://app.example.org"


def test_no_answer_is_kept_embedded_or_taken_for_a_page(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        await record(server, created["url"], bytes(3200))
        for method, path in (
            ("GET", "/v2/live"),
            ("POST", "/v2/live"),
            ("GET", f"/v2/live/{created['id']}"),
            ("GET", f"/v2/live/{created['id']}/file"),
            ("GET", "/v2/live/nobody"),
            ("PUT", "/v2/live"),
            ("GET", "/nothing"),
            ("GET", "/openapi.json"),
            ("GET", "/metrics"),
            ("GET", "/livez"),
        ):
            headers = (await server.http.request(method, path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"

    serving(tmp_path, body)


def test_a_defect_is_answered_as_safely(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        services = server.services
        server.app.state.services = "a defect"
        with capture_logs():
            response = await server.http.get("/readyz")
        server.app.state.services = services
        assert response.status_code == 500
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-request-id"] == response.json()["request_id"]

    serving(tmp_path, body)


def test_without_keys_a_web_page_of_another_site_can_call_nothing(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        for headers in (
            {"origin": PAGE},
            {"origin": "null"},
            {"origin": "http://localhost:3000"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            for method, path in (("POST", ""), ("GET", ""), ("GET", f"/{created['id']}"), ("DELETE", "/x")):
                response = await server.http.request(method, f"/v2/live{path}", headers=headers)
                assert response.status_code == 401
                assert "VIVAVOCE_ALLOWED_ORIGINS" in response.json()["message"]
        listed = (await server.http.get("/v2/live")).json()["items"]
        assert [item["id"] for item in listed] == [created["id"]]

    serving(tmp_path, body, allowed_origins="*")


def test_without_keys_the_servers_own_pages_and_allowed_ones_may_call_it(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for headers in (
            {"origin": URL},
            {"origin": PAGE},
            {"sec-fetch-site": "same-origin"},
            {"sec-fetch-site": "none"},
        ):
            assert (await server.http.post("/v2/live", headers=headers)).status_code == 201

    serving(tmp_path, body, allowed_origins=PAGE)


def test_only_allowed_pages_may_read_what_the_server_answers(tmp_path: Path) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-gladia-key"}

    async def body(server: Server) -> None:
        _, http = await server.key()
        preflight = await server.http.options("/v2/live", headers={"origin": PAGE} | asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert "x-gladia-key" in preflight.headers["access-control-allow-headers"]
        response = await http.post("/v2/live", headers={"origin": PAGE})
        assert response.status_code == 201
        assert response.headers["access-control-allow-origin"] == PAGE
        refused = await server.http.get("/v2/live", headers={"origin": PAGE})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)
        elsewhere = {"origin": "https://elsewhere.example.org"}
        assert (await server.http.options("/v2/live", headers=elsewhere | asked)).status_code == 400
        response = await http.get("/v2/live", headers=elsewhere)
        assert "access-control-allow-origin" not in response.headers

    serving(tmp_path, body, allowed_origins=PAGE)


def test_unless_it_is_set_no_page_may(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key()
        response = await http.get("/v2/live", headers={"origin": PAGE})
        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers

    serving(tmp_path, body)


def test_the_socket_is_open_to_every_page_that_was_given_its_url(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key()
        created = await create(http)
        async with connected(server, created["url"], origin=PAGE) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk", acknowledged=True)

    serving(tmp_path, body)


@pytest.mark.parametrize(
    "origins", ["app.example.org", "https://app.example.org/", "https://App.example.org", "ftp://x"]
)
def test_an_origin_is_written_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("VIVAVOCE_ALLOWED_ORIGINS", origins)
    with pytest.raises(
        ConfigurationError, match=r"VIVAVOCE_ALLOWED_ORIGINS must be origins such as https://app"
    ):
        Settings.from_environment()
