"""Translation models in CTranslate2's format, each a directory of the operator's.

Known are models of one pair (OPUS-MT), with `source.spm` and `target.spm` beside them, and those of many
languages, most with one SentencePiece file, that are told them by a token: `__en__` before the original and
`__pt__` before the translation (M2M-100), `>>pt<<` (OPUS-MT) or `<2pt>` (MADLAD-400) before the original.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from vivavoce.errors import ConfigurationError, ModelError
from vivavoce.intelligence.base import AddOnError, TranslationOptions
from vivavoce.intelligence.translation.engine import Pair, name_of, not_loaded
from vivavoce.once import once
from vivavoce.protocol.languages import LANGUAGE_NAMES

_BATCH: Final = 8
"""Sentences at once: more take more memory and no less time on one core."""
_BEAM: Final = 4
_LONGEST: Final = 512
"""Tokens of one sentence, either way."""
_END: Final = "</s>"
_SPACE: Final = "▁"
_ONE_FOR_BOTH: Final = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model", "spm.model")


@dataclass(frozen=True, slots=True)
class _Tokens:
    """How a model of many languages is told them: before the original, and before the translation."""

    source: str
    target: str = ""

    def known(self, vocabulary: frozenset[str]) -> frozenset[str]:
        """The languages that the model can be told to write."""
        template = self.target or self.source
        marks = {code: template.format(source=code, target=code) for code in LANGUAGE_NAMES}
        return frozenset(code for code, mark in marks.items() if template and mark in vocabulary)

    def before(self, template: str, pair: Pair) -> list[str]:
        return [template.format(source=pair[0], target=pair[1])] if template else []


_NO_TOKENS: Final = _Tokens("")
_ONLY_TO: Final = _Tokens(">>{target}<<")
"""Of these models nothing says which languages they are from."""
_KINDS: Final = (_Tokens("__{source}__", "__{target}__"), _Tokens("<2{target}>"), _ONLY_TO)


class DirectoryEngine:
    """One directory. Its vocabulary is read at once, its weights when they are first needed.

    Calls on several threads are served one after the other, on a thread of the library's.
    """

    remote = False

    def __init__(self, directory: Path, pairs: Iterable[Pair] = ()) -> None:
        """`pairs`: what it is for, if not for all that it knows. Raises `ModelError`."""
        self._directory = directory
        self.backend = f"model {directory.name}"
        if not (directory / "model.bin").is_file():
            raise ModelError(f"{directory} is no CTranslate2 model: it has no model.bin")
        vocabulary = frozenset(_vocabulary(directory))
        self._tokens = next((kind for kind in _KINDS if kind.known(vocabulary)), _NO_TOKENS)
        self.pairs: frozenset[Pair] = self._served(frozenset(pairs), self._tokens.known(vocabulary))
        self._spm = _tokenizers(directory)
        self._adds_end = bool(_json(directory / "config.json").get("add_source_eos"))
        self._model = once(self._loaded)

    def load(self) -> None:
        """Raises `ModelError`."""
        self._model()

    def translate(self, sentences: Sequence[str], pair: Pair, options: TranslationOptions) -> list[str]:
        """As every engine does; context is of no use to it, and neither is how informal it is to be."""
        try:
            self.load()
        except ModelError as error:
            raise not_loaded(pair) from error
        # What has no letter has no translation; models invent one.
        worded = [sentence for sentence in sentences if any(map(str.isalpha, sentence))]
        try:
            written = iter(self._written(worded, pair))
        except RuntimeError as error:
            raise AddOnError(f"the model for {name_of(pair)} failed: {error}") from error
        return [next(written) if any(map(str.isalpha, sentence)) else sentence for sentence in sentences]

    def _written(self, sentences: Sequence[str], pair: Pair) -> list[str]:
        source, target = self._spm
        before = self._tokens.before(self._tokens.source, pair)
        prefix = self._tokens.before(self._tokens.target, pair)
        after = [] if self._adds_end else [_END]
        texts = [[*before, *pieces, *after] for pieces in source.encode(list(sentences), out_type=str)]
        results = self._model().translate_batch(
            texts,
            target_prefix=[prefix] * len(texts) if prefix else None,
            max_batch_size=_BATCH,
            beam_size=_BEAM,
            max_input_length=_LONGEST,
            max_decoding_length=_LONGEST,
            replace_unknowns=True,
        )
        spoken = (_spoken(result.hypotheses[0], prefix) for result in results)
        # What was carried over from the original is no piece that is known here.
        return [target.decode(tokens).replace(_SPACE, " ").strip() for tokens in spoken]

    def _served(self, pairs: frozenset[Pair], known: frozenset[str]) -> frozenset[Pair]:
        if pairs:
            if known and (unknown := {target for _, target in pairs} - known):
                raise ModelError(
                    f"{self._directory} translates to {', '.join(sorted(known))}, not to {', '.join(unknown)}"
                )
            return pairs
        if not known or self._tokens is _ONLY_TO:
            raise ModelError(f"{self._directory} does not say its languages: set it as PAIR=DIRECTORY")
        return frozenset(permutations(known, 2))

    def _loaded(self) -> Any:
        try:
            import ctranslate2

            return ctranslate2.Translator(
                str(self._directory), device="cpu", compute_type="default", inter_threads=1, intra_threads=1
            )
        except (ImportError, RuntimeError) as error:
            raise ModelError(f"{self._directory} cannot be loaded: {error}") from error


def engines_at(places: Iterable[str]) -> list[DirectoryEngine]:
    """Each place "es-en=DIRECTORY", or DIRECTORY for all that a model of many languages knows.

    A directory of several pairs is one engine. Raises `ConfigurationError`.
    """
    found: dict[Path, set[Pair]] = {}
    for place in places:
        name, separator, path = place.rpartition("=")
        pairs = found.setdefault(Path(path).expanduser(), set())
        if separator:
            pairs.add(_pair(name, place))
    return [DirectoryEngine(directory, pairs) for directory, pairs in found.items()]


def _pair(name: str, place: str) -> Pair:
    source, _, target = name.partition("-")
    if not {source, target} <= LANGUAGE_NAMES.keys() or source == target:
        raise ConfigurationError(f"{name!r} is no pair of languages such as es-en (in {place!r})")
    return source, target


def _spoken(tokens: Sequence[str], prefix: Sequence[str]) -> list[str]:
    """The tokens without those that say the language or the end."""
    return [token for token in tokens[len(prefix) :] if token != _END]


def _vocabulary(directory: Path) -> Iterable[str]:
    for name in ("source_vocabulary", "shared_vocabulary"):
        if (path := directory / f"{name}.json").is_file():
            return [str(token) for token in json.loads(path.read_bytes())]
        if (path := directory / f"{name}.txt").is_file():
            return path.read_text(encoding="utf-8").splitlines()
    raise ModelError(f"{directory} has no vocabulary; convert the model again")


def _tokenizers(directory: Path) -> tuple[Any, Any]:
    """What cuts the original into pieces, and what joins those of the translation."""
    from sentencepiece import SentencePieceProcessor

    one = next((directory / name for name in _ONE_FOR_BOTH if (directory / name).is_file()), None)
    paths = (one, one) if one else (directory / "source.spm", directory / "target.spm")
    for path in paths:
        if not path.is_file():
            raise ModelError(
                f"{path} is missing; convert the model with --copy_files source.spm target.spm, or with the "
                "one SentencePiece file that it has"
            )
    try:
        return tuple(SentencePieceProcessor(model_file=str(path)) for path in paths)  # type: ignore[return-value]
    except (OSError, RuntimeError) as error:
        raise ModelError(f"the SentencePiece files of {directory} cannot be read: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
