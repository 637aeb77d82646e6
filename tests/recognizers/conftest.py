"""The default model, loaded once for all tests of recognisers."""

from __future__ import annotations

import pytest

from speech import ROOT
from tones import write_transducer
from vivavoce.recognizers.registry import ModelFiles, ModelRegistry
from vivavoce.recognizers.transducer import TransducerRecognizer
from vivavoce.recognizers.two_models import TwoModels
from vivavoce.recognizers.whisper import WhisperRecognizer


@pytest.fixture(scope="session")
def base_files() -> ModelFiles:
    """Joined once, into the checkout's cache."""
    return ModelRegistry(ROOT / ".cache").resolve("base")


@pytest.fixture(scope="session")
def whisper(base_files: ModelFiles) -> WhisperRecognizer:
    return WhisperRecognizer(base_files)


@pytest.fixture(scope="session")
def tiny_english() -> WhisperRecognizer:
    """The smaller model that is meant for partials."""
    return WhisperRecognizer(ModelRegistry(ROOT / ".cache").resolve("tiny.en"))


@pytest.fixture(scope="session")
def two_models(whisper: WhisperRecognizer, tiny_english: WhisperRecognizer) -> TwoModels:
    return TwoModels(whisper, tiny_english)


@pytest.fixture(scope="session")
def transducer_of_many(tmp_path_factory: pytest.TempPathFactory) -> TransducerRecognizer:
    """One that hears tones, in speech too, and takes them for whichever language it is told."""
    directory = tmp_path_factory.mktemp("models") / "tones"
    write_transducer(directory, ["de", "en", "es", "fr", "it"])
    return TransducerRecognizer(ModelFiles("tones", directory, "written for the tests"))
