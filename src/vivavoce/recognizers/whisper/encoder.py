"""Audio to the memory that the decoder reads: only what is said is computed, the silence after it is known.

Whisper was trained on 30 s and loops or invents when it is shown less. What it misses is the silence after
the speech, where attention goes that finds nothing else; and silence sounds the same every time. It is
encoded once, when the model is loaded, averaged over half seconds, and appended to every audio up to 30 s.
Each of these averages gets the attention of all the steps that it stands for (the logarithm of their number
is added).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.context import FULL_CONTEXT
from vivavoce.recognizers.whisper.features import FRAMES_PER_SECOND, LogMel
from vivavoce.recognizers.whisper.networks import MEMORY, encoder

STEPS_PER_SECOND = 50
_POOLED = 25
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

    def __init__(self, checkpoint: Checkpoint, *, quantized: bool) -> None:
        self._network = encoder(checkpoint, quantized=quantized)
        n_mels = checkpoint.array("encoder/conv1/weight").shape[1]
        self._log_mel = LogMel(n_mels)
        silence = np.full((n_mels, FULL_CONTEXT * FRAMES_PER_SECOND), _SILENCE_LEVEL, np.float32)
        self._silence = {name: _averaged(name, states) for name, states in self._run(silence).items()}

    def __call__(self, audio: NDArray[np.float32], seconds: float) -> Encoded:
        """Hear `audio` (samples,), followed by silence up to `seconds` (a multiple of 0.5) and then to 30 s.

        Raises `ValueError` for audio that is longer.
        """
        duration = len(audio) / SAMPLE_RATE
        if duration > seconds:
            raise ValueError(f"{duration:.4f} s of audio do not fit into {seconds:g} s")
        features = self._log_mel(audio, round(seconds * FRAMES_PER_SECOND))
        features += _SILENCE_LEVEL - features.min()
        steps = round(seconds * STEPS_PER_SECOND)
        heard = self._run(features)
        known = np.arange(steps // _POOLED, FULL_CONTEXT * STEPS_PER_SECOND // _POOLED)
        memory = {
            name: np.concatenate([states, self._silence[name].take(known, _axis(name))], _axis(name))
            for name, states in heard.items()
        }
        bias = np.zeros(steps + len(known), np.float32)
        bias[steps:] = np.log(_POOLED)
        return Encoded(memory, bias, duration)

    def _run(self, features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return self._network({"features": features[np.newaxis]})


def _axis(name: str) -> int:
    """Which axis of a tensor of the memory counts the steps."""
    return -1 if name.startswith(MEMORY[0]) else -2


def _averaged(name: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = np.moveaxis(states, _axis(name), 0)
    means = steps.reshape(-1, _POOLED, *steps.shape[1:]).mean(axis=1)
    return np.moveaxis(means, 0, _axis(name))
