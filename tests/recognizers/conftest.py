"""The default model, loaded once for all tests of recognisers."""

from __future__ import annotations

import pytest

from speech import ROOT
from vivavoce.recognizers.registry import ModelFiles, ModelRegistry
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
