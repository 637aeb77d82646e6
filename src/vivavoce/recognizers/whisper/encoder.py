"""Audio to the memory that the decoder reads: only what is said is computed, the silence after it is known.

Whisper was trained on 30 s and loops or invents when it is shown less. What it misses is the silence after
the speech, where attention goes that finds nothing else; and silence sounds the same every time. It is
computed once, when the model is loaded: what each layer of the encoder, and the decoder after them, attends
to, averaged over blocks. Every audio is followed by these up to 30 s, in all layers. An average gets the
attention of all the steps that it stands for (the logarithm of their number is added).

Neighbouring steps of 20 ms say nearly the same after the first layers: from some layer on pairs are averaged,
which halves what the others cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.context import BLOCK, FULL_CONTEXT
from vivavoce.recognizers.whisper.features import HOP, LogMel
from vivavoce.recognizers.whisper.networks import BIASES, MEMORY, OWN, SILENT, encoder

STEPS_PER_SECOND = 25
"""Of the memory: pairs of Whisper's 50."""

_FRAMES_PER_BLOCK = BLOCK // HOP
_STEPS_PER_BLOCK = BLOCK * STEPS_PER_SECOND // SAMPLE_RATE

# Where features of silence lie: 8 decades below the loudest sound, which most recordings have about here.
_SILENCE_LEVEL = -0.7


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """One audio of `duration` seconds: its `memory` by tensor name, the `bias` (steps,) of attention."""

    memory: dict[str, NDArray[np.float32]]
    bias: NDArray[np.float32]
    duration: float


class Encoder:
    """The encoder of one model; calls from several threads run side by side, on one core each."""

    def __init__(self, checkpoint: Checkpoint, *, accurate: bool) -> None:
        layers = range(len(checkpoint.layers("encoder")))
        pooled_after = len(layers) - 1 if accurate else len(layers) // 3
        self._network = encoder(checkpoint, quantized=not accurate, pooled_after=max(1, pooled_after))
        self._memory = [f"{name}{n}" for name in MEMORY for n in range(len(checkpoint.layers("decoder")))]
        n_mels = checkpoint.array("encoder/conv1/weight").shape[1]
        self._log_mel = LogMel(n_mels)
        width = checkpoint.array("encoder/layer_norm/gamma").shape[0]
        own = {f"{silent}{n}": f"{own}{n}" for silent, own in zip(SILENT, OWN, strict=True) for n in layers}
        nothing = dict.fromkeys(own, np.zeros((1, 0, width), np.float32))
        silence = np.full((n_mels, FULL_CONTEXT * _FRAMES_PER_BLOCK), _SILENCE_LEVEL, np.float32)
        inputs = {"features": silence[np.newaxis], **_biases(FULL_CONTEXT), **nothing}
        found = self._network(inputs, [*own.values(), *self._memory])
        self._silent = {silent: _averaged(found[name], 1) for silent, name in own.items()}
        self._silent_memory = {name: _averaged(found[name], _axis(name)) for name in self._memory}

    def __call__(self, audio: NDArray[np.float32], blocks: int) -> Encoded:
        """Hear `audio` (samples,), followed by silence up to so many `blocks` and then to 30 s.

        Raises `ValueError` for audio that is longer.
        """
        if len(audio) > blocks * BLOCK:
            seconds = blocks * BLOCK / SAMPLE_RATE
            raise ValueError(f"{len(audio) / SAMPLE_RATE:.4f} s of audio do not fit into {seconds:g} s")
        features = self._log_mel(audio, blocks * _FRAMES_PER_BLOCK)
        features += _SILENCE_LEVEL - features.min()
        silent = {name: states[:, blocks:] for name, states in self._silent.items()}
        heard = self._network({"features": features[np.newaxis], **_biases(blocks), **silent}, self._memory)
        known = np.arange(blocks, FULL_CONTEXT)
        memory = {
            name: np.concatenate([states, self._silent_memory[name].take(known, _axis(name))], _axis(name))
            for name, states in heard.items()
        }
        return Encoded(memory, _bias(blocks, _STEPS_PER_BLOCK), len(audio) / SAMPLE_RATE)


def _bias(blocks: int, steps_per_block: int) -> NDArray[np.float32]:
    """What is added to the attention to the steps of so many `blocks`, and to the blocks of silence after."""
    steps = blocks * steps_per_block
    bias = np.zeros(steps + FULL_CONTEXT - blocks, np.float32)
    bias[steps:] = np.log(steps_per_block)
    return bias


def _biases(blocks: int) -> dict[str, NDArray[np.float32]]:
    """The encoder's, the same for each of its steps."""
    biases = {}
    for name, steps_per_block in zip(BIASES, (2 * _STEPS_PER_BLOCK, _STEPS_PER_BLOCK), strict=True):
        bias = _bias(blocks, steps_per_block)
        biases[name] = np.broadcast_to(bias, (1, 1, blocks * steps_per_block, len(bias)))
    return biases


def _axis(name: str) -> int:
    """Which axis of a tensor of the memory counts the steps."""
    return -1 if name.startswith(MEMORY[0]) else -2


def _averaged(states: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """`states` of 30 s, averaged over each block."""
    steps = np.moveaxis(states, axis, 0)
    means = steps.reshape(FULL_CONTEXT, -1, *steps.shape[1:]).mean(axis=1)
    return np.ascontiguousarray(np.moveaxis(means, 0, axis))
