"""Weights inside packages: joined once, checked, never imported."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PackagedFile, PackagedModel, check_sum

_PARTS = (b"first half, ", b"second half")
_JOINED = b"".join(_PARTS)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two installed distributions that would fail if anybody imported them."""
    site = tmp_path / "site"
    for number, content in enumerate(_PARTS, 1):
        package = site / f"weights_part{number}"
        metadata = site / f"weights_part{number}-1.0.dist-info"
        package.mkdir(parents=True)
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: weights-part{number}\nVersion: 1.0\n"
        )
        (package / "__init__.py").write_text("raise ImportError('weights are read, not imported')")
        (package / f"model.bin.part{number}").write_bytes(content)
    (site / "weights_part1" / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(site))
    return site


def _model(content: bytes = _JOINED) -> PackagedModel:
    files = [PackagedFile(f"weights-part{i}", f"weights_part{i}/model.bin.part{i}") for i in (1, 2)]
    config = PackagedFile("weights-part1", "weights_part1/config.json")
    return PackagedModel(hashlib.sha256(content).hexdigest(), tuple(files), (config,))


@pytest.mark.usefixtures("packages")
def test_parts_are_joined_in_order(tmp_path: Path) -> None:
    directory = tmp_path / "models" / "it"
    _model().join(directory)
    assert (directory / "model.bin").read_bytes() == _JOINED
    assert (directory / "config.json").read_text() == "{}"
    assert not any(name.startswith("weights_part") for name in sys.modules)


@pytest.mark.usefixtures("packages")
def test_what_an_ended_process_had_begun_to_join_goes_and_what_another_one_is_joining_stays(
    tmp_path: Path,
) -> None:
    ended, running = tmp_path / ".model.bin.a1", tmp_path / ".model.bin.b2"
    for begun in (ended, running):
        begun.write_bytes(b"first")
    os.utime(ended, (0, 0))
    _model().join(tmp_path)
    assert not ended.exists()
    assert running.exists()


@pytest.mark.usefixtures("packages")
def test_a_wrong_sum_leaves_nothing_behind(tmp_path: Path) -> None:
    directory = tmp_path / "models" / "it"
    with pytest.raises(ModelError, match="reinstall"):
        _model(b"something else").join(directory)
    assert sorted(path.name for path in directory.iterdir()) == ["config.json"]


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="weights-part1"):
        _model().join(tmp_path / "it")


def test_a_missing_part_is_named(tmp_path: Path, packages: Path) -> None:
    (packages / "weights_part2" / "model.bin.part2").unlink()
    with pytest.raises(ModelError, match=r"model\.bin\.part2"):
        _model().join(tmp_path / "it")


@pytest.mark.usefixtures("packages")
def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("a file is in the way")
    with pytest.raises(ModelError, match=str(tmp_path / "it")):
        _model().join(tmp_path / "it")


@pytest.mark.usefixtures("packages")
def test_what_was_checked_is_not_hashed_again(tmp_path: Path) -> None:
    model, weights = _model(), tmp_path / "model.bin"
    model.join(tmp_path)
    before = weights.stat()
    weights.write_bytes(_JOINED[::-1])
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert check_sum(tmp_path, model.sha256)


@pytest.mark.usefixtures("packages")
def test_what_changed_is_hashed_again(tmp_path: Path) -> None:
    model, weights = _model(), tmp_path / "model.bin"
    model.join(tmp_path)
    weights.write_bytes(_JOINED + b"!")
    assert not check_sum(tmp_path, model.sha256)
    weights.write_bytes(_JOINED)
    assert check_sum(tmp_path, model.sha256)


@pytest.mark.usefixtures("packages")
def test_a_damaged_note_of_the_check_only_costs_a_hash(tmp_path: Path) -> None:
    model = _model()
    model.join(tmp_path)
    (tmp_path / "verified.json").write_text("{")
    assert check_sum(tmp_path, model.sha256)
