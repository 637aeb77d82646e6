"""Networks, search and alignment against CTranslate2, which computes the same model by its own means."""

from __future__ import annotations

from dataclasses import dataclass

import ctranslate2
import numpy as np
import pytest
from numpy.typing import NDArray

from speech import clip, two_cities
from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper.alignment import token_steps
from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.context import context
from vivavoce.recognizers.whisper.encoder import STEPS_PER_SECOND, Encoded
from vivavoce.recognizers.whisper.features import HOP, LogMel
from vivavoce.recognizers.whisper.model import WhisperModel
from vivavoce.recognizers.whisper.networks import BIASES, MEMORY, SILENT, encoder

_FRAMES = 3000
_STEPS_PER_SECOND = 50


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The same audio encoded by both, all of 30 s in all layers: no silence is known, no steps are pooled."""

    seconds: float
    ours: Encoded
    theirs: ctranslate2.StorageView


@pytest.fixture(scope="module")
def exact(base_files: ModelFiles) -> WhisperModel:
    return WhisperModel(base_files.directory, accurate=True)


@pytest.fixture(scope="module")
def reference(base_files: ModelFiles) -> ctranslate2.models.Whisper:
    return ctranslate2.models.Whisper(str(base_files.directory), compute_type="float32", intra_threads=1)


@pytest.fixture(scope="module", params=["a clause", "a sentence"])
def heard(
    request: pytest.FixtureRequest, base_files: ModelFiles, reference: ctranslate2.models.Whisper
) -> Heard:
    reading = two_cities().samples()[: 12 * SAMPLE_RATE]
    audio = reading if request.param == "a clause" else clip("en", "quick_brown_fox").samples()
    features = LogMel(80)(audio, _FRAMES)[np.newaxis]
    theirs = reference.encode(ctranslate2.StorageView.from_array(features))
    seconds = len(audio) / SAMPLE_RATE
    return Heard(seconds, _encoded(Checkpoint(base_files.directory), features, seconds), theirs)


def _encoded(checkpoint: Checkpoint, features: NDArray[np.float32], seconds: float) -> Encoded:
    layers = range(len(checkpoint.layers("encoder")))
    network = encoder(checkpoint, quantized=False, pooled_after=len(layers))
    steps = features.shape[-1] // 2
    width = checkpoint.array("encoder/layer_norm/gamma").shape[0]
    nothing = {f"{name}{n}": np.zeros((1, 0, width), np.float32) for name in SILENT for n in layers}
    inputs = {"features": features, BIASES[0]: np.zeros((1, 1, steps, steps), np.float32), **nothing}
    memory = network(inputs, [f"{name}{n}" for name in MEMORY for n in layers])
    return Encoded(memory, np.zeros(steps, np.float32), seconds)


def _joined(heads: NDArray[np.float32], order: tuple[int, int, int]) -> NDArray[np.float32]:
    """The heads side by side, (steps, width)."""
    ordered = heads.transpose(order)
    return ordered.reshape(len(ordered), -1)


def test_the_memory_of_every_layer_is_the_same(heard: Heard, base_files: ModelFiles) -> None:
    checkpoint = Checkpoint(base_files.directory)
    states = np.asarray(heard.theirs)[0]
    for number, layer in enumerate(checkpoint.layers("decoder")):
        weight = checkpoint.weights(f"{layer}/attention/linear_1/weight")
        expected = states @ weight.T + checkpoint.weights(f"{layer}/attention/linear_1/bias")
        keys = _joined(heard.ours.memory[f"keys{number}"], (2, 0, 1))
        values = _joined(heard.ours.memory[f"values{number}"], (1, 0, 2))
        np.testing.assert_allclose(np.hstack([keys, values]), expected, atol=2e-3)


def test_the_text_is_the_same(
    heard: Heard, exact: WhisperModel, reference: ctranslate2.models.Whisper
) -> None:
    ours = exact.decode(heard.ours, "en", beam_size=1, max_tokens=224)
    [theirs] = reference.generate(
        heard.theirs,
        [exact.vocabulary.prompt("en")],
        beam_size=1,
        return_no_speech_prob=True,
    )
    assert ours.tokens
    assert ours.tokens == tuple(theirs.sequences_ids[0])
    assert ours.no_speech_probability == pytest.approx(theirs.no_speech_prob, rel=1e-3)


def test_every_language_is_as_likely(
    heard: Heard, exact: WhisperModel, reference: ctranslate2.models.Whisper
) -> None:
    [theirs] = reference.detect_language(heard.theirs)
    expected = {token.strip("<|>"): probability for token, probability in theirs}
    assert exact.languages(heard.ours) == pytest.approx(expected, abs=1e-5)


def test_words_begin_at_the_same_time(
    heard: Heard, exact: WhisperModel, reference: ctranslate2.models.Whisper
) -> None:
    decoding = exact.decode(heard.ours, "en", beam_size=1, max_tokens=224)
    steps = round(heard.seconds * _STEPS_PER_SECOND)
    ours = token_steps(decoding.attention[:, :, :steps], decoding.prompt)
    [theirs] = reference.align(
        heard.theirs,
        exact.vocabulary.start_sequence("en"),
        [list(decoding.tokens)],
        round(heard.seconds * SAMPLE_RATE / HOP),
        median_filter_width=3,
    )
    # Pairs of a token and a step on the path, backwards: what remains of each token is its first step.
    expected = dict(reversed(theirs.alignments))
    assert np.median(np.abs(ours - [expected[token] for token in sorted(expected)])) <= 1


def test_steps_that_are_averaged_tell_the_time_as_well(
    exact: WhisperModel, reference: ctranslate2.models.Whisper
) -> None:
    audio = two_cities().samples()[: 12 * SAMPLE_RATE]
    decoding = exact.decode(exact.encode(audio, context(len(audio))), "en", beam_size=1, max_tokens=224)
    ours = token_steps(decoding.attention[:, :, : 12 * STEPS_PER_SECOND], decoding.prompt) / STEPS_PER_SECOND
    features = LogMel(80)(audio, _FRAMES)[np.newaxis]
    [theirs] = reference.align(
        reference.encode(ctranslate2.StorageView.from_array(features)),
        exact.vocabulary.start_sequence("en"),
        [list(decoding.tokens)],
        len(audio) // HOP,
    )
    first = dict(reversed(theirs.alignments))
    expected = np.array([first[token] for token in sorted(first)]) / _STEPS_PER_SECOND
    assert np.median(np.abs(ours - expected)) <= 0.04
    assert np.quantile(np.abs(ours - expected), 0.9) <= 0.2
