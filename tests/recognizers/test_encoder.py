"""What the encoder leaves out is not missed: silence that is known."""

from __future__ import annotations

import numpy as np
import pytest

from speech import Clip, clip
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper.context import BLOCK, FULL_CONTEXT, context
from vivavoce.recognizers.whisper.encoder import STEPS_PER_SECOND
from vivavoce.recognizers.whisper.model import WhisperModel


@pytest.fixture(scope="module", params=[False, True], ids=["standard", "accurate"])
def model(base_files: ModelFiles, request: pytest.FixtureRequest) -> WhisperModel:
    return WhisperModel(base_files.directory, accurate=request.param)


def _text(model: WhisperModel, spoken: Clip, blocks: int) -> str:
    encoded = model.encode(spoken.samples(), blocks)
    text = model.decode(encoded, spoken.language, beam_size=1, max_tokens=224).text
    return "".join(filter(str.isalnum, text.casefold()))


@pytest.mark.parametrize(
    "spoken",
    [
        clip("en", "hello_world"),
        clip("en", "quick_brown_fox"),
        clip("en", "counting"),
        clip("es", "hola_mundo"),
    ],
    ids=lambda spoken: spoken.path.stem,
)
def test_silence_that_is_known_need_not_be_computed(model: WhisperModel, spoken: Clip) -> None:
    some = context(len(spoken.samples()))
    assert some < FULL_CONTEXT / 2
    assert _text(model, spoken, some) == _text(model, spoken, FULL_CONTEXT) != ""


@pytest.mark.parametrize("blocks", [5, FULL_CONTEXT - 1, FULL_CONTEXT])
def test_the_silence_has_the_attention_of_all_the_steps_that_it_stands_for(
    model: WhisperModel, blocks: int
) -> None:
    audio = clip("en", "hello_world").samples()[: 4 * BLOCK]
    encoded = model.encode(audio, blocks)
    steps = len(encoded.bias)
    assert np.exp(encoded.bias).sum() == pytest.approx(30 * STEPS_PER_SECOND)
    assert np.count_nonzero(encoded.bias) == FULL_CONTEXT - blocks
    assert encoded.memory["keys0"].shape[-1] == encoded.memory["values0"].shape[-2] == steps


def test_audio_that_does_not_fit_is_refused(model: WhisperModel) -> None:
    audio = clip("en", "hello_world").samples()
    with pytest.raises(ValueError, match="do not fit into"):
        model.encode(audio, len(audio) // BLOCK)
