"""What ONNX Runtime raises for networks and inputs that it cannot compute; they share no base class."""

from __future__ import annotations

from typing import Final

from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
)

RUNTIME_ERRORS: Final = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, RuntimeException)
