"""What the tests of the commands share: a server, a recording, a way to call `vivavoce`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner, Result

from scripted_server import scripted_server
from speech import two_cities
from vivavoce.cli.commands import app

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scripted_server(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of speech."""
    path = tmp_path_factory.mktemp("speech") / "times.flac"
    soundfile.write(path, two_cities().samples()[: 5 * 16_000], 16_000)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Calls `vivavoce` in this process, where it finds an empty data directory and no server."""
    monkeypatch.setenv("VIVAVOCE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VIVAVOCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run
