"""Where a model's files are: a configured directory, the data directory, installed packages, the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PACKAGED, PackagedModel, check_sum, sha256_of

REQUIRED_FILES = ("model.bin", "config.json")
VOCABULARY_FILES = ("vocabulary.json", "vocabulary.txt")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that is complete on disk. `source` says where it came from."""

    name: str
    directory: Path
    source: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of checking a model. `expected` is None where no published sum is known."""

    files: ModelFiles
    size: int
    sha256: str | None
    expected: str | None
    problem: str | None

    @property
    def ok(self) -> bool:
        return self.problem is None


class ModelRegistry:
    """The models of one server. `configured` maps names to directories or to names on the Hugging Face hub.

    Everything here may read or write hundreds of megabytes: call it before serving.
    """

    def __init__(self, data_dir: Path, configured: Mapping[str, Path | str] | None = None) -> None:
        self._models = data_dir / "models"
        self._configured = dict(configured or {})

    def names(self) -> tuple[str, ...]:
        """Every model that can be asked for, sorted."""
        stored = {path.name for path in self._models.glob("*") if missing_file(path) is None}
        return tuple(sorted({*PACKAGED, *self._configured, *stored}))

    def resolve(self, name: str) -> ModelFiles:
        """Finds the files, joining or fetching them if need be. Raises `ModelError` saying what to do."""
        configured = self._configured.get(name)
        if configured is not None and (directory := Path(configured).expanduser()).is_dir():
            check_directory(directory)
            return ModelFiles(name, directory, "configured directory")
        if isinstance(configured, Path):
            raise ModelError(f"the directory of model {name!r} does not exist: {configured}")
        directory = self._models / name
        if configured is None and (packaged := PACKAGED.get(name)):
            return self._packaged(name, packaged, directory)
        if directory.is_dir() and missing_file(directory) is None:
            return ModelFiles(name, directory, "data directory")
        if configured is not None:
            fetch(configured, directory)
            check_directory(directory)
            return ModelFiles(name, directory, f"hub: {configured}")
        raise ModelError(
            f"there is no model {name!r}; known: {', '.join(self.names())}. "
            "Put a CTranslate2 Whisper model into a directory of that name, where VIVAVOCE_MODEL_DIRS says"
        )

    def verify(self, name: str, *, full: bool = False) -> Verification:
        """Checks that the files are all there and, with `full`, that `model.bin` is what was published."""
        files = self.resolve(name)
        model = files.directory / "model.bin"
        packaged = PACKAGED.get(name) if files.directory == self._models / name else None
        expected = packaged.sha256 if packaged else None
        actual = sha256_of(model) if full else None
        problem = None
        if packaged and actual is not None and actual != expected:
            packaged.forget(files.directory)
            problem = f"{model} is damaged; it will be made anew at the next start"
        return Verification(files, model.stat().st_size, actual, expected, problem)

    def _packaged(self, name: str, packaged: PackagedModel, directory: Path) -> ModelFiles:
        if missing_file(directory) is None and check_sum(directory, packaged.sha256):
            return ModelFiles(name, directory, "data directory")
        packaged.join(directory)
        check_directory(directory)
        return ModelFiles(name, directory, "installed packages")


def missing_file(directory: Path) -> str | None:
    """What a CTranslate2 Whisper directory lacks, if anything."""
    for name in REQUIRED_FILES:
        if not (directory / name).is_file():
            return name
    if not any((directory / name).is_file() for name in VOCABULARY_FILES):
        return " or ".join(VOCABULARY_FILES)
    return None


def check_directory(directory: Path) -> None:
    """Raises `ModelError` naming the file that is missing."""
    if (missing := missing_file(directory)) is not None:
        raise ModelError(f"{directory} is not a complete CTranslate2 Whisper model: {missing} is missing")


def fetch(hub_name: str, directory: Path) -> None:
    """Downloads a model from the Hugging Face hub; goes on where an earlier attempt stopped."""
    # Only a configured hub name pays for loading the client.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        snapshot_download(
            hub_name,
            local_dir=directory,
            allow_patterns=[*REQUIRED_FILES, *VOCABULARY_FILES, "tokenizer.json", "preprocessor_config.json"],
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"model {hub_name!r} is neither a directory nor could it be fetched from the hub: {error}. "
            f"Without a network, copy the model's files to {directory}"
        ) from error
