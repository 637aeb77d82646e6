"""Where models are found, and what is said when they are not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from vivavoce.errors import ModelError
from vivavoce.recognizers.layout import REQUIRED_FILES
from vivavoce.recognizers.registry import ModelFiles, ModelRegistry
from vivavoce.recognizers.weights import PACKAGED


def _complete(directory: Path) -> Path:
    directory.mkdir(parents=True)
    for name in (*REQUIRED_FILES, "vocabulary.txt"):
        (directory / name).write_text("content")
    return directory


def test_the_embedded_model_is_joined_into_the_data_directory(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path)
    assert registry.resolve("base") == ModelFiles("base", tmp_path / "models" / "base", "installed packages")
    assert registry.resolve("base").source == "data directory"
    assert registry.verify("base", full=True).ok


def test_a_damaged_model_is_reported_and_made_anew(tmp_path: Path, base_files: ModelFiles) -> None:
    directory = tmp_path / "models" / "base"
    shutil.copytree(base_files.directory, directory)
    registry = ModelRegistry(tmp_path)
    registry.resolve("base")
    _damage(directory / "model.bin")
    assert registry.verify("base").ok
    report = registry.verify("base", full=True)
    assert not report.ok
    assert "damaged" in str(report.problem)
    registry.resolve("base")
    assert registry.verify("base", full=True).ok


def _damage(path: Path) -> None:
    """Flips bits without any trace in size or time, as a bad disk does."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)[0]
        file.seek(1_000_000)
        file.write(bytes([byte ^ 0xFF]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_configured_directory_comes_first(tmp_path: Path) -> None:
    directory = _complete(tmp_path / "mine")
    registry = ModelRegistry(tmp_path / "data", {"base": directory})
    assert registry.resolve("base") == ModelFiles("base", directory, "configured directory")
    assert registry.verify("base", full=True).expected is None


def test_any_model_in_the_data_directory_can_be_asked_for(tmp_path: Path) -> None:
    directory = _complete(tmp_path / "models" / "small")
    registry = ModelRegistry(tmp_path)
    assert set(registry.names()) == {*PACKAGED, "small"}
    assert registry.resolve("small") == ModelFiles("small", directory, "data directory")


@pytest.mark.parametrize("missing", [*REQUIRED_FILES, "vocabulary.txt"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    directory = _complete(tmp_path / "mine")
    (directory / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        ModelRegistry(tmp_path, {"mine": directory}).resolve("mine")


def test_an_unknown_model_gets_the_known_names(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'huge'.*known: base"):
        ModelRegistry(tmp_path).resolve("huge")


def test_a_configured_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        ModelRegistry(tmp_path, {"mine": tmp_path / "nowhere"}).resolve("mine")


def test_a_hub_name_that_is_in_the_data_directory_needs_no_network(tmp_path: Path) -> None:
    directory = _complete(tmp_path / "models" / "mine")
    files = ModelRegistry(tmp_path, {"mine": "somebody/some-model"}).resolve("mine")
    assert files == ModelFiles("mine", directory, "data directory")


def test_without_a_network_it_says_where_to_copy_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there, whatever the network is like.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=str(tmp_path / "models" / "mine")):
        ModelRegistry(tmp_path, {"mine": "somebody/some-model"}).resolve("mine")


def test_a_string_that_is_neither_a_directory_nor_a_hub_name_is_refused(tmp_path: Path) -> None:
    for place in ("a/b/c", "/none/such", "./none", "~/none"):
        with pytest.raises(ModelError, match=f"directory of model 'mine' does not exist: {place}"):
            ModelRegistry(tmp_path, {"mine": place}).resolve("mine")
