"""A draft saves time and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from speech import clip
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper.encoder import Encoded
from vivavoce.recognizers.whisper.model import Decoding, WhisperModel

Tokens = tuple[int, ...]

_GUESSES: dict[str, Callable[[Tokens], Tokens]] = {
    "right": lambda text: text,
    "right as far as it goes": lambda text: text[: len(text) // 2],
    "right at first": lambda text: (*text[: len(text) // 2], 1000, 2000),
    "right but too long": lambda text: (*text, 1000, 2000),
    "one token is missing": lambda text: text[:1] + text[2:],
    "wrong": lambda _: (5, 6, 7),
}


@pytest.fixture(scope="module")
def model(base_files: ModelFiles) -> WhisperModel:
    """Unquantised: rounded to 8 bits, two tokens that are about as likely may change places."""
    return WhisperModel(base_files.directory, accurate=True)


@pytest.fixture(scope="module", params=[("en", "counting"), ("fr", "pangrama")])
def recording(request: pytest.FixtureRequest, model: WhisperModel) -> tuple[Encoded, str]:
    language, name = request.param
    return model.encode(clip(language, name).samples(), 20), language


def _decode(model: WhisperModel, encoded: Encoded, language: str, draft: Tokens) -> Decoding:
    return model.decode(encoded, language, beam_size=1, max_tokens=100, draft=draft)


@pytest.mark.parametrize("guess", _GUESSES.values(), ids=_GUESSES)
def test_a_draft_changes_nothing(
    model: WhisperModel, recording: tuple[Encoded, str], guess: Callable[[Tokens], Tokens]
) -> None:
    plain = _decode(model, *recording, draft=())
    drafted = _decode(model, *recording, draft=guess(plain.tokens))
    assert len(plain.tokens) > 5
    assert drafted.tokens == plain.tokens
    assert drafted.finished == plain.finished
    np.testing.assert_allclose(drafted.probabilities, plain.probabilities, atol=1e-3)
    np.testing.assert_allclose(drafted.attention, plain.attention, atol=1e-3)
