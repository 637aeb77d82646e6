"""The operations of the networks: products in 8 bits and in 32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from vivavoce.recognizers.whisper.graph import Graph, quantize

Floats = NDArray[np.float32]


def _linear(x: Floats, weight: Floats, bias: Floats | None, *, quantized: bool) -> Floats:
    graph = Graph(quantized=quantized)
    graph.output("y", graph.linear(graph.input("x", ["rows", x.shape[1]]), weight, bias))
    y = graph.network()({"x": x})["y"]
    return np.asarray(y)


@given(weight=arrays(np.float32, (5, 7), elements=st.floats(-100, 100, width=32)))
def test_a_quantized_weight_is_off_by_half_a_step_at_most(weight: Floats) -> None:
    integers, scales = quantize(weight)
    restored = (integers.astype(np.float64) - 128) * scales[:, None]
    assert (np.abs(restored - weight) <= scales[:, None] * 0.501).all()
    np.testing.assert_allclose(scales, np.maximum(np.abs(weight).max(axis=1), 1e-9) / 127, rtol=1e-6)


@settings(max_examples=20)
@given(rows=st.integers(1, 5), seed=st.integers(0, 999), biased=st.booleans())
def test_a_quantized_product_is_off_by_its_roundings_at_most(rows: int, seed: int, biased: bool) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, 64)).astype(np.float32)
    weight = random.standard_normal((24, 64)).astype(np.float32)
    bias = random.standard_normal(24).astype(np.float32) if biased else None
    exact = x @ weight.T + (0 if bias is None else bias)
    np.testing.assert_allclose(_linear(x, weight, bias, quantized=False), exact, atol=1e-4)
    x_step = (max(x.max(), 0) - min(x.min(), 0)) / 255
    weight_step = np.abs(weight).max(axis=1) / 127
    # Each factor is off by half a step; so is the activations' zero.
    allowed = (
        np.abs(x).sum(axis=1)[:, None] * weight_step / 2
        + np.abs(weight).sum(axis=1) * x_step
        + 64 * x_step * weight_step
    )
    error = np.abs(_linear(x, weight, bias, quantized=True) - exact)
    assert (error <= allowed).all()
    assert error.mean() < exact.std() / 50


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_products_do_not_overflow(sign: int) -> None:
    x = np.full((3, 512), 2.0, np.float32)
    weight = np.full((16, 512), sign * 0.5, np.float32)
    np.testing.assert_allclose(_linear(x, weight, None, quantized=True), sign * 512.0, rtol=1e-5)


HEADS, DEPTH = 2, 8


def _heads(x: Floats) -> Floats:
    """(rows, tokens, width) as (rows, heads, tokens, depth)."""
    return np.asarray(x.reshape(*x.shape[:2], HEADS, DEPTH).transpose(0, 2, 1, 3))


def _attended(query: Floats, key: Floats, value: Floats, bias: Floats) -> Floats:
    """By the definition: softmax(query @ key.T / sqrt(depth) + bias) @ value."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(DEPTH) + bias
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    heads = weights / weights.sum(axis=-1, keepdims=True) @ value
    return np.asarray(heads.transpose(0, 2, 1, 3).reshape(len(query), -1, HEADS * DEPTH))


def _random(*shape: int) -> Floats:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def test_a_key_whose_bias_is_log_2_counts_for_two() -> None:
    graph = Graph(quantized=False)
    width = HEADS * DEPTH
    names = [graph.input(name, [1, name, width]) for name in ("query", "key", "value")]
    bias = graph.input("bias", [1, 1, "query", "key"])
    graph.output("y", graph.attention(*names, HEADS, bias))
    network = graph.network()
    query, key, value = (_random(1, tokens, width) for tokens in (3, 5, 5))
    weighed = np.zeros((1, 1, 3, 5), np.float32)
    weighed[..., -1] = np.log(2)
    once = network({"query": query, "key": key, "value": value, "bias": weighed})["y"]
    key, value = (np.concatenate([part, part[:, -1:]], axis=1) for part in (key, value))
    twice = network({"query": query, "key": key, "value": value, "bias": np.zeros((1, 1, 3, 6), np.float32)})[
        "y"
    ]
    np.testing.assert_allclose(once, twice, atol=1e-5)
    exact = _attended(_heads(query), _heads(key), _heads(value), np.zeros((3, 6), np.float32))
    np.testing.assert_allclose(twice, exact, atol=1e-5)


@pytest.mark.parametrize(("before", "tokens"), [(0, 1), (0, 4), (3, 1), (3, 4)])
def test_no_token_attends_to_those_after_it(before: int, tokens: int) -> None:
    graph = Graph(quantized=False)
    width = HEADS * DEPTH
    names = [graph.input(name, ["rows", "tokens", width]) for name in ("query", "key", "value")]
    past = [graph.input(name, ["rows", HEADS, "before", DEPTH]) for name in ("past_key", "past_value")]
    for name, tensor in zip(
        ("y", "keys", "values"), graph.causal_attention(*names, HEADS, past), strict=True
    ):
        graph.output(name, tensor)
    query, key, value = (_random(2, tokens, width) * factor for factor in (1, 2, 3))
    past_key, past_value = (_random(2, HEADS, before, DEPTH) * factor for factor in (1, 2))
    outputs = graph.network()(
        {"query": query, "key": key, "value": value, "past_key": past_key, "past_value": past_value}
    )
    keys = np.concatenate([past_key, _heads(key)], axis=2)
    values = np.concatenate([past_value, _heads(value)], axis=2)
    causal = np.triu(np.full((tokens, before + tokens), -np.inf, np.float32), 1 + before)
    np.testing.assert_allclose(outputs["y"], _attended(_heads(query), keys, values, causal), atol=1e-5)
    np.testing.assert_array_equal(outputs["keys"], keys)
    np.testing.assert_array_equal(outputs["values"], values)
