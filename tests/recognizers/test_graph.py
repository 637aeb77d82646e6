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
