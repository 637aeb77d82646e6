"""Networks on ONNX Runtime: one core for each call, and its errors, which share no base class."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    RuntimeException,
)

RUNTIME_ERRORS: Final = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, RuntimeException)
"""What is raised for networks and inputs that cannot be computed."""

_ONLY_ERRORS: Final = 3


def open_network(network: Path | bytes) -> onnxruntime.InferenceSession:
    """A network from its file or as ONNX writes it, ready to run on the caller's thread.

    Raises RuntimeError for what is no network or cannot be computed.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    return _session(network, options)


def read_metadata(path: Path) -> dict[str, str]:
    """What its exporter noted in a network. Raises RuntimeError for what is none."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return dict(_session(path, options).get_modelmeta().custom_metadata_map)


def _session(network: Path | bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    source = network if isinstance(network, bytes) else str(network)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except RUNTIME_ERRORS as error:
        raise RuntimeError(str(error)) from error
