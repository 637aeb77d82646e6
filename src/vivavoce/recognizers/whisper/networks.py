"""Whisper's two networks as graphs: audio to the memory that decoding reads, and tokens to what may follow.

Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), section 2.2,
after Vaswani et al. (2017); layers normalise their input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.graph import Graph, Network

CANDIDATES = 10
"""How many of the likeliest next tokens the decoder names."""

MEMORY = ("keys", "values")
SILENT = ("silent_keys", "silent_values")
OWN = ("own_keys", "own_values")
PAST = ("past_keys", "past_values")
PRESENT = ("present_keys", "present_values")
"""Names of tensors that exist for every layer of a network; the layer's number follows."""

BIASES = ("bias", "pooled_bias")
"""Added to the attention within the encoder: before steps are pooled, and after."""


class _Builder:
    """The weights of one part of a model, and the graph that they go into."""

    def __init__(self, checkpoint: Checkpoint, part: str, graph: Graph) -> None:
        self.graph = graph
        self.weights = checkpoint.weights
        self.layers = checkpoint.layers(part)
        self.heads = checkpoint.integer(f"{part}/num_heads")
        self.depth = checkpoint.array(f"{part}/layer_norm/gamma").shape[0] // self.heads

    def norm(self, x: str, name: str) -> str:
        return self.graph.layer_norm(x, self.weights(f"{name}/gamma"), self.weights(f"{name}/beta"))

    def linear(self, x: str, name: str, *, scale: float = 1.0) -> str:
        weight, bias = self.weights(f"{name}/weight"), self.weights(f"{name}/bias")
        return self.graph.linear(x, weight * scale, bias * scale)

    def linear_parts(self, x: str, name: str, count: int) -> list[str]:
        """Several products that are stored, and computed, as one."""
        return self.graph.add_all("Split", self.linear(x, name), count=count, axis=-1, num_outputs=count)

    def feed_forward(self, x: str, layer: str) -> str:
        inner = self.linear(self.norm(x, f"{layer}/ffn/layer_norm"), f"{layer}/ffn/linear_0")
        return self.graph.add("Add", x, self.linear(self.graph.add("Gelu", inner), f"{layer}/ffn/linear_1"))

    def split_heads(self, x: str, order: tuple[int, int, int]) -> str:
        """(rows, tokens, width) as (rows * tokens, heads, depth), with its axes in `order`."""
        shape = self.graph.constant([-1, self.heads, self.depth])
        return self.graph.add("Transpose", self.graph.add("Reshape", x, shape), perm=order)


def encoder(checkpoint: Checkpoint, *, quantized: bool, pooled_after: int) -> Network:
    """Features (1, mels, frames) to what the decoder attends to: for each of its layers `keysN` (heads,
    depth, steps) and `valuesN` (heads, steps, depth).

    A step is two frames; after `pooled_after` layers neighbours are averaged, so that there are half as
    many, in the result too. Each layer also attends to `silent_keysN` and `silent_valuesN` (1, silent,
    width), which are given; what it finds in the audio itself is `own_keysN` and `own_valuesN` (1, steps,
    width). Added to the attention is `bias` (1, 1, steps, steps + silent), and `pooled_bias`, which is an
    input if a layer follows, for half the steps.
    """
    build = _Builder(checkpoint, "encoder", Graph(quantized=quantized))
    graph = build.graph
    x = graph.input("features", [1, "mels", "frames"])
    for name, stride in (("encoder/conv1", 1), ("encoder/conv2", 2)):
        weight, bias = (graph.constant(build.weights(f"{name}/{part}")) for part in ("weight", "bias"))
        x = graph.add("Conv", x, weight, bias, kernel_shape=[3], pads=[1, 1], strides=[stride])
        x = graph.add("Gelu", x)
    x = graph.add("Transpose", x, perm=[0, 2, 1])
    steps = graph.add("Slice", graph.add("Shape", x), graph.constant([1]), graph.constant([2]))
    positions = graph.constant(build.weights("encoder/position_encodings/encodings"))
    positions = graph.add("Slice", positions, graph.constant([0]), steps, graph.constant([0]))
    x = graph.add("Add", x, positions)
    bias = graph.input(BIASES[0], [1, 1, "steps", "seen"])
    width = build.heads * build.depth
    for number, layer in enumerate(build.layers):
        if number == pooled_after:
            pairs = graph.add("Reshape", x, graph.constant([1, -1, 2, width]))
            x = graph.add("ReduceMean", pairs, graph.constant([2]), keepdims=0)
            bias = graph.input(BIASES[1], [1, 1, "pooled", "pooled_seen"])
        normal = build.norm(x, f"{layer}/self_attention/layer_norm")
        query, *own = build.linear_parts(normal, f"{layer}/self_attention/linear_0", 3)
        silent = [graph.input(f"{name}{number}", [1, "silent", width]) for name in SILENT]
        for name, states in zip(OWN, own, strict=True):
            graph.output(f"{name}{number}", states)
        key, value = (graph.add("Concat", *pair, axis=1) for pair in zip(own, silent, strict=True))
        attended = graph.attention(query, key, value, build.heads, bias)
        x = graph.add("Add", x, build.linear(attended, f"{layer}/self_attention/linear_1"))
        x = build.feed_forward(x, layer)
    x = build.norm(x, "encoder/layer_norm")
    # What each layer of the decoder reads of this is the same for all tokens: computed once, here.
    build = _Builder(checkpoint, "decoder", graph)
    for number, layer in enumerate(build.layers):
        key, value = build.linear_parts(x, f"{layer}/attention/linear_1", 2)
        graph.output(f"keys{number}", build.split_heads(key, (1, 2, 0)))
        graph.output(f"values{number}", build.split_heads(value, (1, 0, 2)))
    return graph.network()


def decoder(
    checkpoint: Checkpoint,
    writable: NDArray[np.bool_],
    alignment_heads: Sequence[tuple[int, int]],
    *,
    quantized: bool,
) -> Network:
    """What may follow `rows` texts (beams) about one audio, after each of the next `tokens` tokens of theirs.

    In: `x` (rows, tokens, width), their embeddings; for each layer the `keysN` and `valuesN` of the encoder,
    and `past_keysN` and `past_valuesN` (rows, heads, before, depth) of the tokens before; `bias` (steps,),
    added to the attention to the audio.

    Out, for each of the tokens: `candidates` (rows, tokens, CANDIDATES), the likeliest of the tokens that are
    `writable` (vocabulary,), and `scores`, the logarithms of their probabilities among those; `writing`
    (rows, tokens, 1), how likely it is that a writable token follows; `special`, the probabilities of the
    tokens from the end of the text on; for each layer `present_keysN` and `present_valuesN`, the new past;
    `attention` (heads, rows * tokens, steps) of the `alignment_heads`, pairs of a layer and a head.
    """
    build = _Builder(checkpoint, "decoder", Graph(quantized=quantized))
    graph, heads, depth = build.graph, build.heads, build.depth
    width = heads * depth
    x = graph.input("x", ["rows", "tokens", width])
    bias = graph.input("bias", ["steps"])
    shape = graph.add("Slice", graph.add("Shape", x), graph.constant([0]), graph.constant([2]))
    shape = graph.add("Concat", shape, graph.constant([width]), axis=0)
    scale = depth**-0.5
    looked_at = []
    for number, layer in enumerate(build.layers):
        normal = build.norm(x, f"{layer}/self_attention/layer_norm")
        query, key, value = build.linear_parts(normal, f"{layer}/self_attention/linear_0", 3)
        past = [graph.input(f"{name}{number}", ["rows", heads, "before", depth]) for name in PAST]
        attended, *present = graph.causal_attention(query, key, value, heads, past)
        for name, tensor in zip(PRESENT, present, strict=True):
            graph.output(f"{name}{number}", tensor)
        x = graph.add("Add", x, build.linear(attended, f"{layer}/self_attention/linear_1"))

        # The audio is the same for all rows: their queries are one matrix for each head.
        normal = build.norm(x, f"{layer}/attention/layer_norm")
        query = build.linear(normal, f"{layer}/attention/linear_0", scale=scale)
        keys = graph.input(f"keys{number}", [heads, depth, "steps"])
        values = graph.input(f"values{number}", [heads, "steps", depth])
        scores = graph.add("MatMul", build.split_heads(query, (1, 0, 2)), keys)
        weights = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
        if aligning := [head for of_layer, head in alignment_heads if of_layer == number]:
            looked_at.append(graph.add("Gather", weights, graph.constant(aligning), axis=0))
        attended = graph.add("Transpose", graph.add("MatMul", weights, values), perm=[1, 0, 2])
        attended = graph.add("Reshape", attended, shape)
        x = graph.add("Add", x, build.linear(attended, f"{layer}/attention/linear_2"))
        x = build.feed_forward(x, layer)
    graph.output("attention", graph.add("Concat", *looked_at, axis=0))
    _what_follows(build, build.norm(x, "decoder/layer_norm"), writable)
    return graph.network()


def _what_follows(build: _Builder, x: str, writable: NDArray[np.bool_]) -> None:
    graph = build.graph
    logits = graph.linear(x, build.weights("decoder/projection/weight"))
    closed = graph.constant(np.where(writable, 0, -np.inf).astype(np.float32))
    best, candidates = graph.add_all(
        "TopK", graph.add("Add", logits, closed), graph.constant([CANDIDATES]), count=2, axis=-1
    )
    largest = graph.add("Slice", best, graph.constant([0]), graph.constant([1]), graph.constant([2]))
    likelihoods = graph.add("Exp", graph.add("Sub", logits, largest))
    # Both sums by one product: of all tokens, and of those that are writable.
    columns = np.stack([np.ones(len(writable)), writable], axis=1).astype(np.float32)
    sums = graph.add("MatMul", likelihoods, graph.constant(columns))
    of_all, of_writable = graph.add_all("Split", sums, count=2, axis=-1, num_outputs=2)
    beyond = [[int(np.flatnonzero(writable)[-1])], [len(writable)], [2]]
    special = graph.add("Slice", likelihoods, *map(graph.constant, beyond))
    scores = graph.add("Sub", graph.add("Sub", best, largest), graph.add("Log", of_writable))
    graph.output("scores", scores)
    graph.output("candidates", candidates, TensorProto.INT64)
    graph.output("writing", graph.add("Div", of_writable, of_all))
    graph.output("special", graph.add("Div", special, of_all))
