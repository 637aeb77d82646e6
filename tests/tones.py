"""A streaming transducer small enough to be written down: it hears tones of 500, 1500 and 3000 Hz.

The networks are real ones for sherpa-onnx (an LSTM transducer by their inputs), without anything learnt: a
token is emitted where the energy of its band sets in, and `▁HI` is followed by `GH`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

RATE = 16_000
TONES = {"low": 500, "mid": 1500, "high": 3000}
_TOKENS = ("<blk>", "▁LOW", "▁MID", "▁HI", "GH", "<unk>")
_BINS = 80
_FRAMES = 8
# Kaldi's mel scale from 20 to 7600 Hz.
_EDGES = 1127 * np.log1p(np.array([20, 7600]) / 700)


def tones(names: Sequence[str], *, each: float = 0.3, gap: float = 0.3) -> NDArray[np.float32]:
    """Silence, then every tone followed by silence; `each` and `gap` in seconds."""
    times = np.arange(round(each * RATE)) / RATE
    silence = np.zeros(round(gap * RATE))
    parts = [silence]
    for name in names:
        parts += [0.3 * np.sin(2 * np.pi * TONES[name] * times), silence]
    return np.concatenate(parts).astype(np.float32)


def write_transducer(directory: Path, languages: Sequence[str] = ("en",)) -> Path:
    """The model with its files named as published ones are."""
    directory.mkdir(parents=True, exist_ok=True)
    _encoder(directory / "encoder-epoch-1-avg-1.onnx")
    _decoder(directory / "decoder-epoch-1-avg-1.onnx")
    _joiner(directory / "joiner-epoch-1-avg-1.onnx")
    lines = (f"{token} {number}\n" for number, token in enumerate(_TOKENS))
    (directory / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    (directory / "vivavoce.json").write_text(json.dumps({"languages": [*languages]}), encoding="utf-8")
    return directory


def _bands() -> NDArray[np.float32]:
    """The bins of each tone, as weights (bins, tokens) whose sum is 1."""
    weights = np.zeros((_BINS, len(_TOKENS)), np.float32)
    for token, frequency in enumerate(TONES.values(), 1):
        place = (1127 * np.log1p(frequency / 700) - _EDGES[0]) / (_EDGES[1] - _EDGES[0])
        weights[round(place * (_BINS + 1)) - 1, token] = 1
    return weights


def _encoder(path: Path) -> None:
    size = len(_TOKENS)
    heard = np.where(_bands().any(axis=0), 1, 0).astype(np.float32)
    constants = {
        "bands": _bands(),
        "heard": heard,
        "by_four": np.array([-1, _FRAMES // 4, 4, _BINS], np.int64),
        "axis": np.array([2], np.int64),
        "threshold": np.float32(-6),
        "slope": np.float32(4),
        "one": np.float32(1),
        "loud": np.float32(20),
        "first": np.array([0], np.int64),
        "last": np.array([-1], np.int64),
        "end": np.array([2], np.int64),
        "time": np.array([1], np.int64),
        "batch_first": np.array([1, 0, 2], np.int64),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "by_four"], ["grouped"]),
        helper.make_node("ReduceMean", ["grouped", "axis"], ["energy"], keepdims=0),
        helper.make_node("MatMul", ["energy", "bands"], ["banded"]),
        helper.make_node("Sub", ["banded", "threshold"], ["above"]),
        helper.make_node("Mul", ["above", "slope"], ["steep"]),
        helper.make_node("Sigmoid", ["steep"], ["soft"]),
        helper.make_node("Mul", ["soft", "heard"], ["active"]),
        helper.make_node("Transpose", ["h"], ["earlier"], perm=[1, 0, 2]),
        helper.make_node("Slice", ["active", "first", "last", "time"], ["but_last"]),
        helper.make_node("Concat", ["earlier", "but_last"], ["previous"], axis=1),
        helper.make_node("Sub", ["one", "previous"], ["fresh"]),
        helper.make_node("Mul", ["active", "fresh"], ["onset"]),
        helper.make_node("Mul", ["onset", "loud"], ["encoder_out"]),
        helper.make_node("Slice", ["active", "last", "end", "time"], ["latest"]),
        helper.make_node("Transpose", ["latest"], ["next_h"], perm=[1, 0, 2]),
        helper.make_node("Identity", ["c"], ["next_c"]),
    ]
    _save(
        path,
        nodes,
        constants,
        {"x": ["N", _FRAMES, _BINS], "h": [1, "N", size], "c": [1, "N", size]},
        {"encoder_out": ["N", _FRAMES // 4, size], "next_h": [1, "N", size], "next_c": [1, "N", size]},
        model_type="lstm",
        num_encoder_layers=1,
        T=_FRAMES,
        decode_chunk_len=_FRAMES,
        rnn_hidden_size=size,
        d_model=size,
    )


def _decoder(path: Path) -> None:
    size = len(_TOKENS)
    follows = np.zeros((size, size), np.float32)
    follows[_TOKENS.index("▁HI"), _TOKENS.index("GH")] = 20
    constants = {"follows": follows, "last": np.array(1, np.int64)}
    nodes = [
        helper.make_node("Gather", ["y", "last"], ["token"], axis=1),
        helper.make_node("Gather", ["follows", "token"], ["decoder_out"]),
    ]
    _save(
        path, nodes, constants, {"y": ["N", 2]}, {"decoder_out": ["N", size]}, vocab_size=size, context_size=2
    )


def _joiner(path: Path) -> None:
    size = len(_TOKENS)
    blank = np.zeros(size, np.float32)
    blank[0] = 10
    nodes = [
        helper.make_node("Add", ["encoder_out", "decoder_out"], ["joined"]),
        helper.make_node("Add", ["joined", "blank"], ["logit"]),
    ]
    inputs = {"encoder_out": ["N", size], "decoder_out": ["N", size]}
    _save(path, nodes, {"blank": blank}, inputs, {"logit": ["N", size]}, joiner_dim=size)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, NDArray[np.generic] | np.generic],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Mapping[str, Sequence[int | str]],
    **metadata: int | str,
) -> None:
    def infos(shapes: Mapping[str, Sequence[int | str]]) -> list[onnx.ValueInfoProto]:
        kinds = {"y": TensorProto.INT64}
        return [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)
            for name, shape in shapes.items()
        ]

    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, infos(inputs), infos(outputs), stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in metadata.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
