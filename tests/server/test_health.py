"""Readiness, figures, the API's description, and errors in one shape."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from server.harness import Server, connected, create, record, scripted, serving
from vivavoce.errors import ModelError
from vivavoce.protocol.responses import ErrorBody
from vivavoce.server.app import create_app
from vivavoce.server.logs import configure_logging
from vivavoce.server.models import Models
from vivavoce.settings import Settings


def test_a_ready_server_says_so(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for path in ("/livez", "/readyz"):
            assert (await server.http.get(path)).status_code == 200

    serving(tmp_path, body)


def test_until_the_models_are_loaded_the_server_lives_but_is_not_ready(tmp_path: Path) -> None:
    release = threading.Event()

    def slow(settings: Settings) -> Models:
        release.wait()
        return scripted(settings)

    async def body() -> None:
        app = create_app(Settings(data_dir=tmp_path), slow)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                assert (await http.get("/livez")).status_code == 200
                for response in (await http.get("/readyz"), await http.post("/v2/live")):
                    assert response.status_code == 503
                    assert response.json()["message"] == "not ready: the models are being loaded"
                assert (await http.get("/v2/live")).status_code == 200
                async with connected(Server(app, http), "ws://127.0.0.1/v2/live?token=x") as socket:
                    assert await socket.receive() == {"closed": 1013}
                release.set()
                await app.state.services.loaded()
                assert (await http.get("/readyz")).status_code == 200
                assert (await http.post("/v2/live")).status_code == 201

    asyncio.run(body())


def test_models_that_cannot_be_loaded_are_named(tmp_path: Path) -> None:
    def broken(settings: Settings) -> Models:
        raise ModelError("model.bin is damaged")

    async def body() -> None:
        app = create_app(Settings(data_dir=tmp_path), broken)
        async with app.router.lifespan_context(app):
            assert isinstance(await app.state.services.loaded(), ModelError)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                response = await http.get("/readyz")
                assert response.status_code == 503
                assert "model.bin is damaged" in response.json()["message"]

    asyncio.run(body())


def test_the_figures_count_calls_by_pattern_and_show_what_runs(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        await server.http.get(f"/v2/live/{created['id']}")
        await server.http.get("/nowhere")
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(bytes(3200))
            await socket.receive_until(type="audio_chunk")
            figures = (await server.http.get("/metrics")).text
        assert 'vivavoce_http_requests_total{method="POST",route="/v2/live",status="201"} 1.0' in figures
        assert 'route="/v2/live/{session_id}",status="200"} 1.0' in figures
        assert 'route="none",status="404"} 1.0' in figures
        assert "vivavoce_sessions_live 1.0" in figures
        assert created["id"] not in figures

    serving(tmp_path, body)


def test_the_figures_tell_how_late_the_event_loop_is(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        looked = 0.0
        while not looked:
            await asyncio.sleep(0)  # a call of this client does not let the loop go on
            figures = (await server.http.get("/metrics")).text
            [looked] = map(float, re.findall(r"vivavoce_event_loop_lag_seconds_count (\S+)", figures))
        assert f'vivavoce_event_loop_lag_seconds_bucket{{le="+Inf"}} {looked}' in figures

    serving(tmp_path, body)


def test_two_servers_in_one_process_have_figures_of_their_own(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        assert 'status="201"' not in (await server.http.get("/metrics")).text
        await create(server.http)

    serving(tmp_path / "one", body)
    serving(tmp_path / "two", body)


def test_the_description_names_every_call_and_every_field_of_a_request(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        document = (await server.http.get("/openapi.json")).json()
        calls = {(path, method) for path, methods in document["paths"].items() for method in methods}
        assert calls >= {
            ("/v2/live", "post"),
            ("/v2/live", "get"),
            ("/v2/live/{session_id}", "get"),
            ("/v2/live/{session_id}", "delete"),
            ("/v2/live/{session_id}/file", "get"),
        }
        schemas = document["components"]["schemas"]
        assert "maximum_duration_without_endpointing" in schemas["LiveRequest"]["properties"]
        assert {p["name"] for p in document["paths"]["/v2/live"]["get"]["parameters"]} >= {"status", "limit"}
        assert schemas["LiveRequest"]["properties"]["channels"]["anyOf"] == [
            {"maximum": 8, "minimum": 1, "type": "integer"},
            {"type": "null"},
        ]
        [limit] = [p for p in document["paths"]["/v2/live"]["get"]["parameters"] if p["name"] == "limit"]
        assert limit["schema"]["minimum"] == 1
        assert document["components"]["securitySchemes"]["APIKeyHeader"]["name"] == "x-gladia-key"
        assert _references(document) <= {f"#/components/schemas/{name}" for name in schemas}

    serving(tmp_path, body)


def _references(node: object) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_references, node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(_references, node.values()))


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/", 404, "live sessions are at /v2/live"),
        ("GET", "/v2/transcription", 404, "live sessions are at /v2/live"),
        ("PUT", "/v2/live", 405, "PUT is not allowed here"),
        ("PATCH", "/v2/live/x", 405, "PATCH is not allowed here"),
    ],
)
def test_a_call_that_does_not_exist_is_told_so(
    tmp_path: Path, method: str, path: str, status: int, words: str
) -> None:
    async def body(server: Server) -> None:
        response = await server.http.request(method, path)
        assert response.status_code == status
        error = ErrorBody.model_validate(response.json())
        assert (error.statusCode, error.path) == (status, path)
        assert words in error.message

    serving(tmp_path, body)


def test_a_call_with_another_method_is_told_all_that_there_are(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        response = await server.http.put("/v2/live")
        assert response.headers["allow"] == "GET, HEAD, POST"
        assert response.json()["message"] == "PUT is not allowed here; what is: GET, HEAD, POST"
        response = await server.http.post("/v2/live/x")
        assert response.headers["allow"] == "DELETE, GET, HEAD"
        response = await server.http.post("/openapi.json")
        assert response.headers["allow"] == "GET, HEAD"
        assert response.json()["message"] == "POST is not allowed here; what is: GET, HEAD"
        for path in ("/v2/live", "/livez", "/readyz", "/metrics", "/openapi.json"):
            assert (await server.http.head(path)).status_code == 200

    serving(tmp_path, body)


def test_a_store_that_fails_gives_503(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as connection:
            connection.execute("DROP TABLE utterances")
        response = await server.http.get(f"/v2/live/{created['id']}")
        assert response.status_code == 503
        assert response.headers["retry-after"] == "5"
        error = ErrorBody.model_validate(response.json())
        assert error.message == "the server cannot read or write its data; try again"

    serving(tmp_path, body)


def test_a_defect_gives_500_without_a_traceback_and_is_logged_under_its_request_id(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        services = server.services
        server.app.state.services = "a defect"
        with capture_logs() as logs:
            response = await server.http.get("/readyz")
        server.app.state.services = services
        assert response.status_code == 500
        error = ErrorBody.model_validate(response.json())
        assert error.message == "an internal error; its log entry has this request_id"
        (crash,) = [entry for entry in logs if entry["event"] == "request_crashed"]
        assert crash["request_id"] == error.request_id
        assert isinstance(crash["exc_info"], AttributeError)

    serving(tmp_path, body)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_the_log_has_a_line_for_each_request_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    settings = Settings(data_dir=tmp_path, log_format=log_format)
    secrets: list[str] = []

    async def body(server: Server) -> None:
        _, text = await server.services.storage.keys.create("test", "paid")
        async with server.calling(key=text) as http:
            created = await create(http, custom_metadata={"said": "heliotrope"})
            await http.get("/v2/live?custom_metadata[said]=heliotrope")
            await record(server, created["url"], bytes(3200))
        secrets.extend([text, created["url"].partition("token=")[2], "heliotrope"])

    configure_logging(settings)
    serving(tmp_path, body)
    log = capsys.readouterr().err
    assert log.count("POST") == 1
    assert "/v2/live" in log
    assert "request_id" in log
    assert [secret for secret in secrets if secret in log] == []
