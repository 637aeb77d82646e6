"""Tokens to what may follow them, with the decoder's past kept between calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.encoder import Encoded
from vivavoce.recognizers.whisper.networks import PAST, PRESENT, decoder
from vivavoce.recognizers.whisper.search import Prediction

_RESUME = 4


class Decoder:
    """The decoder of one model; calls from several threads run side by side, on one core each."""

    def __init__(self, checkpoint: Checkpoint, writable: NDArray[np.bool_], *, quantized: bool) -> None:
        self._network = decoder(checkpoint, writable, _alignment_heads(checkpoint), quantized=quantized)
        self._checkpoint = checkpoint
        self._positions = checkpoint.weights("decoder/position_encodings/encodings")
        heads = checkpoint.integer("decoder/num_heads")
        self._nothing = np.zeros((1, heads, 0, self._positions.shape[1] // heads), np.float32)
        layers = range(len(checkpoint.layers("decoder")))
        self._kept = {
            f"{past}{n}": f"{new}{n}" for past, new in zip(PAST, PRESENT, strict=True) for n in layers
        }

    @property
    def positions(self) -> int:
        """How many tokens a text may have, its prompt included."""
        return len(self._positions)

    def start(self, encoded: Encoded, tokens: Sequence[int], draft: Sequence[int] = ()) -> Rows:
        """Begin with `tokens`, the prompt. What `draft` guesses of the text is read in the same pass."""
        return Rows(self, encoded, tokens, draft)

    def run(
        self,
        encoded: Encoded,
        tokens: NDArray[np.int64],
        past: dict[str, NDArray[np.float32]],
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Outputs of the network after `tokens` (rows, n) that follow `past`, and the new past."""
        past = past or dict.fromkeys(self._kept, self._nothing)
        before = next(iter(past.values())).shape[2]
        count = tokens.shape[1]
        embedded = (
            self._checkpoint.rows("decoder/embeddings/weight", tokens)
            + self._positions[before : before + count]
        )
        inputs = {"x": embedded, "bias": encoded.bias, **encoded.memory, **past}
        outputs = self._network(inputs)
        return outputs, {name: outputs.pop(new) for name, new in self._kept.items()}


class Rows:
    """The texts (rows) about one audio that a search follows at the same time."""

    def __init__(
        self, decoder: Decoder, encoded: Encoded, prompt: Sequence[int], draft: Sequence[int]
    ) -> None:
        self._decoder = decoder
        self._encoded = encoded
        self._outputs, self._past = decoder.run(encoded, np.array([[*prompt, *draft]]), {})
        self._length = len(prompt)
        self._read = 0
        self._draft = list(draft)

    @property
    def special(self) -> NDArray[np.float32]:
        """After the first token of the prompt: the probabilities of the end of the text and all beyond it."""
        probabilities: NDArray[np.float32] = self._outputs["special"][0, 0]
        return probabilities

    @property
    def prompt_attention(self) -> NDArray[np.float32]:
        """Where each token of the prompt but the last looked, (heads, tokens, steps)."""
        return self._outputs["attention"][:, : self._length - 1]

    @property
    def first(self) -> Prediction:
        """What may follow the prompt."""
        return self._prediction(self._length - 1)

    def advance(self, rows: Sequence[int], tokens: Sequence[int]) -> Prediction:
        """Append a token to each of `rows`, which may be repeated or left out; these become the rows."""
        if self._draft and tokens == self._draft[:1]:
            self._draft.pop(0)
        else:
            # The draft is wrong here, or used up: what was computed beyond this point is forgotten.
            past = {name: state[rows, :, : self._length] for name, state in self._past.items()}
            self._draft = _resumed(self._draft, tokens[0]) if self._draft else []
            newest = np.array([[token, *self._draft] for token in tokens])
            self._read = self._length
            self._outputs, self._past = self._decoder.run(self._encoded, newest, past)
        self._length += 1
        return self._prediction(self._length - 1 - self._read)

    def _prediction(self, position: int) -> Prediction:
        """What is predicted after the token at `position` of those that were read last."""
        outputs = self._outputs
        heads, _, steps = outputs["attention"].shape
        rows, count, _ = outputs["scores"].shape
        return Prediction(
            candidates=outputs["candidates"][:, position].astype(np.int64),
            scores=outputs["scores"][:, position],
            writing=outputs["writing"][:, position, 0],
            attention=outputs["attention"].reshape(heads, rows, count, steps)[:, :, position],
        )


def _resumed(draft: list[int], token: int) -> list[int]:
    """What is left of a draft that another `token` was preferred to: after that token if it comes soon."""
    soon = draft[1:_RESUME]
    return draft[soon.index(token) + 2 :] if token in soon else draft[1:]


def _alignment_heads(checkpoint: Checkpoint) -> list[tuple[int, int]]:
    """As the configuration names them; else, as Whisper's authors do, all of the upper half of the layers."""
    if named := checkpoint.config.get("alignment_heads"):
        return [(layer, head) for layer, head in named]
    layers = len(checkpoint.layers("decoder"))
    heads = range(checkpoint.integer("decoder/num_heads"))
    return [(layer, head) for layer in range(layers // 2, layers) for head in heads]
