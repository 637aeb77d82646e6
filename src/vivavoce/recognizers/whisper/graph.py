"""Writes the networks as ONNX graphs: the few operations that a transformer consists of.

Products with weights are computed in 8 bits: a scale for every column of the weights, and one for every row
of the activations, found in passing. One scale for all rows would be a little quicker, but less exact, and
what is computed together would change each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from vivavoce.recognizers.onnx_runtime import RUNTIME_ERRORS, open_network

_OPSET = 20
_IR_VERSION = 9
_CONTRIBUTED = "com.microsoft"
_EPSILON = 1e-5
_ZERO = 128
_LEAST = 1e-9


class Graph:
    """Nodes and constants under construction. Methods return the name of the tensor that they add."""

    def __init__(self, *, quantized: bool) -> None:
        self._quantized = quantized
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, shape: Sequence[int | str], element: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, element, shape))
        return name

    def output(self, name: str, tensor: str, element: int = TensorProto.FLOAT) -> None:
        self._nodes.append(helper.make_node("Identity", [tensor], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, element, None))

    def constant(self, array: NDArray[Any] | Sequence[int]) -> str:
        """A constant; lists of integers are shapes, axes and the like."""
        values = np.asarray(array, None if isinstance(array, np.ndarray) else np.int64, order="C")
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        return self.add_all(operation, *inputs, count=1, **attributes)[0]

    def add_all(
        self, operation: str, *inputs: str, count: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """A node with `count` outputs."""
        names = [f"{operation}_{len(self._nodes)}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(operation, inputs, names, domain=domain, **attributes))
        return names

    def linear(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None = None) -> str:
        """`x` @ `weight`.T + `bias`; `weight` is (out, in)."""
        product = self._quantized_product(x, weight) if self._quantized else self._product(x, weight)
        return product if bias is None else self.add("Add", product, self.constant(bias))

    def _product(self, x: str, weight: NDArray[np.float32]) -> str:
        return self.add("MatMul", x, self.constant(weight.T))

    def _quantized_product(self, x: str, weight: NDArray[np.float32]) -> str:
        integers, scales = quantize(weight)
        zeros = self.constant(np.full(len(weight), _ZERO, np.uint8))
        peak = self.add("ReduceMax", self.add("Abs", x), self.constant([-1]), keepdims=1)
        peak = self.add("Max", peak, self.constant(np.array([_LEAST], np.float32)))
        step = self.constant(np.array(1 / (_ZERO - 1), np.float32))
        zero = self.constant(np.array(_ZERO, np.uint8))
        rows = self.add("QuantizeLinear", self.add("Div", x, peak), step, zero)
        inputs = [rows, self.constant(integers.T), step, self.constant(scales), zero, zeros]
        return self.add("Mul", self.add("MatMulIntegerToFloat", *inputs, domain=_CONTRIBUTED), peak)

    def layer_norm(self, x: str, gamma: NDArray[np.float32], beta: NDArray[np.float32]) -> str:
        return self.add(
            "LayerNormalization", x, self.constant(gamma), self.constant(beta), axis=-1, epsilon=_EPSILON
        )

    def attention(self, query: str, key: str, value: str, heads: int, bias: str) -> str:
        """Attention of (1, steps, width) to (1, seen, width); ONNX Runtime computes it in one piece.

        `bias` (1, 1, steps, seen) is added to how much each step attends to what.
        """
        inputs = [query, key, value, "", "", bias]
        return self.add("MultiHeadAttention", *inputs, domain=_CONTRIBUTED, num_heads=heads)

    def causal_attention(
        self, query: str, key: str, value: str, heads: int, past: Sequence[str]
    ) -> list[str]:
        """Attention of each of (rows, tokens, width) to itself and what is before it, `past` included.

        `past` is keys and values (rows, heads, before, depth); the result is what was attended to, and the
        new past.
        """
        inputs = [query, key, value, "", "", "", *past]
        return self.add_all(
            "MultiHeadAttention", *inputs, count=3, domain=_CONTRIBUTED, num_heads=heads, unidirectional=1
        )

    def network(self) -> Network:
        """Ready to run. Raises RuntimeError for a graph that cannot be computed."""
        graph = helper.make_graph(
            self._nodes, "whisper", self._inputs, self._outputs, initializer=self._constants
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIBUTED, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        return Network(open_network(model.SerializeToString()))


class Network:
    """Tensors to tensors, by name, on one thread; calls from several threads run side by side."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]

    def __call__(
        self, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str] = ()
    ) -> dict[str, NDArray[Any]]:
        """The `wanted` outputs, or all. Raises RuntimeError for inputs that do not fit."""
        names = wanted or self._outputs
        try:
            outputs = self._session.run(names, inputs)
        except RUNTIME_ERRORS as error:
            raise RuntimeError(str(error)) from error
        return dict(zip(names, outputs, strict=True))


def quantize(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Integers around 128 and a scale for every row of `weight` (out, in).

    Unsigned, because processors without special instructions add two products of signed and unsigned bytes in
    16 bits, where they overflow; ONNX Runtime multiplies unsigned bytes another way.
    """
    scales = np.maximum(np.abs(weight).max(axis=1), _LEAST) / (_ZERO - 1)
    return (np.rint(weight / scales[:, None]) + _ZERO).astype(np.uint8), scales.astype(np.float32)
