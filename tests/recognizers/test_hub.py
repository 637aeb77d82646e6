"""Models that are named as on the Hugging Face hub, fetched by its own client from a hub on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tones import tones, write_transducer
from vivavoce.errors import ModelError
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.registry import ModelRegistry
from vivavoce.server.models import load_recognizer

REPOSITORY = "somebody/tones"
SAME_ELSEWHERE = "somebody-else/tones"
FIRST_COMMIT, NEXT_COMMIT = "0123456789abcdef" * 2 + "01234567", "fedcba9876543210" * 2 + "fedcba98"


class Hub(ThreadingHTTPServer):
    """Two repositories with the files of a directory, at one `commit`. `asked` has the paths of all requests;
    what is `lost` is listed and cannot be had."""

    daemon_threads = True

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.directory = directory
        self.asked: list[str] = []
        self.lost = ""
        self.commit = FIRST_COMMIT

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        body = self._answer(self.server.lost)
        if body is not None:
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self, lost: str = "") -> bytes | None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        body = None if lost and path.endswith(f"/{lost}") else self._body(path)
        self.send_response(404 if body is None else 200)
        self.send_header("content-length", str(len(body or b"")))
        if body is not None:
            self.send_header("etag", f'"{hashlib.sha1(body).hexdigest()}"')
            self.send_header("x-repo-commit", self.server.commit)
        self.end_headers()
        return body

    def _body(self, path: str) -> bytes | None:
        directory, commit = self.server.directory, self.server.commit
        files = sorted(directory.iterdir())
        for repository in (REPOSITORY, SAME_ELSEWHERE):
            if path == f"/api/models/{repository}/tree/{commit}":
                kept = [
                    {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": commit}
                    for file in files
                ]
                return json.dumps(kept).encode()
            for revision in ("main", "v2", commit):
                if path == f"/api/models/{repository}/revision/{revision}":
                    siblings = [{"rfilename": file.name} for file in files]
                    about = {"id": repository, "sha": commit, "siblings": siblings}
                    return json.dumps(about).encode()
                if path.startswith(start := f"/{repository}/resolve/{revision}/"):
                    return (directory / path.removeprefix(start)).read_bytes()
        return None

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    directory = write_transducer(tmp_path / "published")
    (directory / "README.md").write_text("not a part of the model")
    with Hub(directory) as hub:
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield hub
        hub.shutdown()
        thread.join()


@pytest.mark.parametrize("name", [REPOSITORY, f"{REPOSITORY}@v2"])
def test_a_model_is_fetched_once_and_then_used_without_the_hub(hub: Hub, tmp_path: Path, name: str) -> None:
    registry = ModelRegistry(tmp_path / "data", {"tones": name})
    files = registry.resolve("tones")
    assert files.source == f"hub: {name}"
    assert not (files.directory / "README.md").exists()
    heard = load_recognizer(files).recognize(Request(tones(["low", "mid"]), (), final=True))
    assert [word.text for word in heard.words] == [" low", " mid"]
    asked = len(hub.asked)
    assert registry.resolve("tones").source == "data directory"
    assert len(hub.asked) == asked


@pytest.mark.parametrize("name", [f"{REPOSITORY}@v2", SAME_ELSEWHERE])
def test_another_model_or_revision_of_the_same_name_is_fetched_in_its_place(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    ModelRegistry(tmp_path / "data", {"tones": REPOSITORY}).resolve("tones")
    hub.commit = NEXT_COMMIT
    for file in hub.directory.glob("*-epoch-1-*"):
        file.rename(file.with_name(file.name.replace("-1-", "-2-", 1)))
    registry = ModelRegistry(tmp_path / "data", {"tones": name})
    files = registry.resolve("tones")
    assert files.source == f"hub: {name}"
    assert {path.name for path in files.directory.glob("*.onnx")} == {
        f"{part}-epoch-2-avg-1.onnx" for part in ("encoder", "decoder", "joiner")
    }
    assert registry.resolve("tones").source == "data directory"


def test_another_model_that_cannot_be_fetched_is_not_the_one_that_is_there(hub: Hub, tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY})
    directory = registry.resolve("tones").directory
    with pytest.raises(ModelError, match=f"to {directory}, in place of all that is there"):
        ModelRegistry(tmp_path / "data", {"tones": "somebody/else@v9"}).resolve("tones")
    assert registry.resolve("tones").source == "data directory"


def test_what_was_to_be_replaced_when_the_machine_went_down_is_there_again(hub: Hub, tmp_path: Path) -> None:
    directory = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY}).resolve("tones").directory
    beside = directory.with_name(".tones")
    beside.mkdir()
    directory.rename(beside / "replaced")
    with pytest.raises(ModelError, match="could it be fetched"):
        ModelRegistry(tmp_path / "data", {"tones": "somebody/else"}).resolve("tones")
    hub.asked.clear()
    registry = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY})
    assert registry.resolve("tones").source == "data directory"
    assert hub.asked == []


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"repository": 1, "revision": null}'])
def test_what_was_fetched_and_does_not_say_as_what_is_fetched_again(
    hub: Hub, tmp_path: Path, marker: str
) -> None:
    registry = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY})
    (registry.resolve("tones").directory / "fetched.json").write_text(marker)
    assert registry.resolve("tones").source == f"hub: {REPOSITORY}"
    assert registry.resolve("tones").source == "data directory"


@pytest.mark.parametrize("lost", ["vivavoce.json", "tokens.txt", "encoder-epoch-1-avg-1.onnx"])
def test_what_was_not_fetched_whole_is_no_model_and_is_fetched_again(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    registry = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY})
    hub.lost = lost
    for endpoint in (hub.url, "http://127.0.0.1:9"):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        with pytest.raises(ModelError, match="could it be fetched"):
            registry.resolve("tones")
        assert not (tmp_path / "data" / "models" / "tones").exists()
        assert "tones" not in ModelRegistry(tmp_path / "data").names()
    hub.lost = ""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    assert load_recognizer(registry.resolve("tones")).capabilities.languages == {"en"}
    assert [path.name for path in (tmp_path / "data" / "models").iterdir()] == ["tones"]


def test_languages_may_be_declared_before_a_model_is_fetched(hub: Hub, tmp_path: Path) -> None:
    (hub.directory / "vivavoce.json").unlink()
    directory = tmp_path / "data" / "models" / "tones"
    directory.mkdir(parents=True)
    (directory / "vivavoce.json").write_text('{"languages": ["fr"]}')
    files = ModelRegistry(tmp_path / "data", {"tones": REPOSITORY}).resolve("tones")
    assert load_recognizer(files).capabilities.languages == {"fr"}


def test_a_repository_without_a_model_is_refused(hub: Hub, tmp_path: Path) -> None:
    (hub.directory / "tokens.txt").unlink()
    with pytest.raises(ModelError, match=r"tokens\.txt is missing"):
        ModelRegistry(tmp_path / "data", {"tones": REPOSITORY}).resolve("tones")


def test_a_repository_that_is_not_there_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"somebody/else.*copy the model's files to"):
        ModelRegistry(tmp_path / "data", {"tones": "somebody/else"}).resolve("tones")
