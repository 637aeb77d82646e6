"""Where a model's files are: a configured directory, the data directory, installed packages, the hub.

A model is a Whisper model in CTranslate2's format or a streaming transducer in ONNX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.declaration import Declaration
from vivavoce.recognizers.hub import fetch, is_another
from vivavoce.recognizers.layout import check_directory, is_transducer, missing_file, transducer_files
from vivavoce.recognizers.weights import PACKAGED, PackagedModel, check_sum, sha256_of

# An owner and a model, perhaps at a branch, tag or commit.
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w.-]+(@\S+)?")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that is complete on disk. `source` says where it came from."""

    name: str
    directory: Path
    source: str

    @property
    def weights(self) -> Path:
        """The largest file: Whisper's weights, or a transducer's encoder."""
        if is_transducer(self.directory):
            return transducer_files(self.directory).encoder
        return self.directory / "model.bin"


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of checking a model. `sha256` is that of its weights, None where they were not read to the
    end; `expected` is None where no published or declared sum of theirs is known."""

    files: ModelFiles
    size: int
    sha256: str | None
    expected: str | None
    problem: str | None

    @property
    def ok(self) -> bool:
        return self.problem is None


class ModelRegistry:
    """The models of one server. `configured` maps names to directories or to names on the Hugging Face hub,
    `owner/model` or `owner/model@revision`.

    Everything here may read or write hundreds of megabytes: call it before serving.
    """

    def __init__(self, data_dir: Path, configured: Mapping[str, Path | str] | None = None) -> None:
        self._models = data_dir / "models"
        self._configured = dict(configured or {})

    def names(self) -> tuple[str, ...]:
        """Every model that can be asked for, sorted."""
        stored = {path.name for path in self._models.glob("[!.]*") if missing_file(path) is None}
        return tuple(sorted({*PACKAGED, *self._configured, *stored}))

    def resolve(self, name: str) -> ModelFiles:
        """Finds the files, joining or fetching them if need be, and reads those that have a declared sum.

        Raises `ModelError` saying what to do.
        """
        files = self._find(name)
        Declaration.of(files.directory).check(files.directory)
        return files

    def verify(self, name: str, *, full: bool = False) -> Verification:
        """Checks that the files are all there and, with `full`, that they are what was published or declared.

        Only then are they read. Raises `ModelError` when there is no such model.
        """
        files = self._find(name)
        model = files.weights
        size = model.stat().st_size
        packaged = self._packaged(name)
        declaration = Declaration.of(files.directory)
        expected = packaged.sha256 if packaged else declaration.sha256.get(model.name)
        if not full:
            return Verification(files, size, None, expected, None)
        try:
            sums = declaration.check(files.directory)
        except ModelError as error:
            return Verification(files, size, None, expected, str(error))
        actual = sums.get(model.name) or sha256_of(model)
        problem = None
        if packaged and actual != expected:
            packaged.forget(files.directory)
            problem = f"{model} is damaged; it will be made anew at the next start"
        return Verification(files, size, actual, expected, problem)

    def _find(self, name: str) -> ModelFiles:
        configured = self._configured.get(name)
        if configured is not None and (directory := Path(configured).expanduser()).is_dir():
            return _complete(name, directory, "configured directory")
        if configured is not None and not _HUB_NAME.fullmatch(str(configured)):
            raise ModelError(
                f"the directory of model {name!r} does not exist: {configured} "
                "(on the hub a model is called OWNER/MODEL)"
            )
        directory = self._models / name
        if packaged := self._packaged(name):
            if missing_file(directory) is None and check_sum(directory, packaged.sha256):
                return ModelFiles(name, directory, "data directory")
            packaged.join(directory)
            return _complete(name, directory, "installed packages")
        stale = configured is not None and is_another(str(configured), directory)
        if not stale and directory.is_dir() and missing_file(directory) is None:
            return ModelFiles(name, directory, "data directory")
        if configured is not None:
            fetch(str(configured), directory)
            return _complete(name, directory, f"hub: {configured}")
        raise ModelError(
            f"there is no model {name!r}; known: {', '.join(self.names())}. "
            f"Say where it is, VIVAVOCE_MODELS={name}=PLACE, a directory or OWNER/MODEL on the hub, "
            f"or put its files into {directory}"
        )

    def _packaged(self, name: str) -> PackagedModel | None:
        return None if name in self._configured else PACKAGED.get(name)


def _complete(name: str, directory: Path, source: str) -> ModelFiles:
    """Raises `ModelError` naming what is missing."""
    check_directory(directory)
    return ModelFiles(name, directory, source)
