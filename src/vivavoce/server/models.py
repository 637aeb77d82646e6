"""Everything that is loaded before the server can hear: voice activity detection and recognisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from vivavoce.engine.vad import SileroVad, silero_path
from vivavoce.environment import variable
from vivavoce.errors import ModelError
from vivavoce.intelligence.translation.speech import Interpreter
from vivavoce.recognizers.base import Recognizer
from vivavoce.recognizers.enhancer import Enhancer, enhancer_path
from vivavoce.recognizers.layout import is_transducer
from vivavoce.recognizers.lexicon import Lexicons
from vivavoce.recognizers.phonemizer import Phonemizer
from vivavoce.recognizers.registry import ModelFiles, ModelRegistry
from vivavoce.recognizers.two_models import TwoModels
from vivavoce.server.memory import release_memory
from vivavoce.server.redacting import Redaction
from vivavoce.settings import Settings

_log = structlog.get_logger(__name__)

DEFAULT_MODEL: Final = "solaria-1"
"""The name by which clients of the API ask for the server's default model."""


@dataclass(frozen=True, slots=True)
class Models:
    """Recognisers by the names under which clients may ask for them. `enhancer`: if it is installed.

    `interpreter`: the default model, if it can write English for other languages. `phonemizer` and
    `redaction` are closed with the server.
    """

    vad: SileroVad
    recognizers: Mapping[str, Recognizer]
    enhancer: Enhancer | None = None
    interpreter: Interpreter | None = None
    phonemizer: Phonemizer = field(default_factory=Phonemizer)
    redaction: Redaction = field(default_factory=Redaction)

    def close(self) -> None:
        """Blocks until what is under way is finished."""
        self.phonemizer.close()
        self.redaction.close()


def load_models(settings: Settings) -> Models:
    """Load what the settings name. Blocks for seconds. Raises `ModelError`."""
    registry = model_registry(settings)
    lexicons = Lexicons()
    loaded: dict[str, Recognizer] = {}
    for name in settings.weights:
        try:
            loaded[name] = load_recognizer(registry.resolve(name), lexicons)
        except ModelError as error:
            if name in settings.served:
                raise
            remedy = "or have partials from the same model as finals: VIVAVOCE_PARTIALS_MODEL=same"
            raise ModelError(f"{error}; {remedy}") from error
        release_memory()
    quick = loaded.get(settings.partials_name)
    recognizers = {name: _with_partials(loaded[name], quick) for name in settings.served}
    default = loaded[settings.served[0]]
    interpreter = default if isinstance(default, Interpreter) and default.interprets else None
    if settings.whisper_translates and interpreter is None:
        raise ModelError(
            f"{settings.served[0]} writes no English for other languages: make a multilingual Whisper model "
            f"the first of {variable('models')}, or set {variable('whisper_translates')}=false"
        )
    return Models(
        SileroVad(silero_path()),
        with_default(recognizers, settings.served[0]),
        load_enhancer(),
        interpreter,
    )


def load_recognizer(files: ModelFiles, lexicons: Lexicons | None = None) -> Recognizer:
    """The recogniser for what is in a directory. Raises `ModelError` if it is none, or damaged."""
    # Importing a model runtime takes half a second, which the listening socket need not wait for.
    if is_transducer(files.directory):
        from vivavoce.recognizers.transducer import TransducerRecognizer

        return TransducerRecognizer(files)
    from vivavoce.recognizers.whisper import WhisperRecognizer

    return WhisperRecognizer(files, lexicons)


def _with_partials(recognizer: Recognizer, quick: Recognizer | None) -> Recognizer:
    if quick is None or quick is recognizer or recognizer.capabilities.streaming:
        return recognizer
    return TwoModels(recognizer, quick)


def load_enhancer() -> Enhancer | None:
    """The enhancer, if it can be loaded; the log says why not."""
    try:
        return Enhancer(enhancer_path())
    except ModelError as error:
        _log.warning("no_enhancer", reason=str(error))
        return None


def model_registry(settings: Settings) -> ModelRegistry:
    """Where the server finds the weights of its models."""
    return ModelRegistry(settings.data_dir, _places(settings))


def with_default(recognizers: Mapping[str, Recognizer], default: str) -> Mapping[str, Recognizer]:
    """The same, with the default model under the name that clients know it by."""
    return {DEFAULT_MODEL: recognizers[default], **recognizers}


def _places(settings: Settings) -> Mapping[str, Path | str]:
    found = (
        (name, directory / name)
        for directory in reversed(settings.model_dirs)
        for name in settings.weights
        if (directory / name).is_dir()
    )
    return {**dict(found), **settings.places}
