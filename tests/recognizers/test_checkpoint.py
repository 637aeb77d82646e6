"""Models in CTranslate2's format, as an independent writer of the format lays them out."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.recognizers.whisper.checkpoint import Checkpoint

_ELEMENTS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}

_MATRIX = np.array([[0.5, -2.0, 1.0], [0.0, 4.0, -0.25]])
_ARRAYS: Mapping[str, NDArray[Any]] = {
    "decoder/num_heads": np.array(8, np.int16),
    "encoder/layer_0/ffn/linear_0/weight": _MATRIX.astype(np.float32),
    "encoder/layer_1/ffn/linear_0/weight": _MATRIX.astype(np.float16),
    "decoder/layer_0/ffn/linear_0/weight": np.array([[16, -64, 32], [0, 127, -8]], np.int8),
    "decoder/layer_0/ffn/linear_0/weight_scale": np.array([32.0, 31.75], np.float32),
}
_ALIASES = {"decoder/projection/weight": "decoder/layer_0/ffn/linear_0/weight"}


def _text(text: str) -> bytes:
    encoded = text.encode() + b"\0"
    return struct.pack("<H", len(encoded)) + encoded


def _file(version: int = 6, specification: str = "WhisperSpec") -> bytes:
    parts = [struct.pack("<I", version), _text(specification), struct.pack("<I", 3)]
    parts.append(struct.pack("<I", len(_ARRAYS)))
    for name, array in _ARRAYS.items():
        parts += [_text(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        parts += [struct.pack("<BI", _ELEMENTS[array.dtype.name], array.nbytes), array.tobytes()]
    parts.append(struct.pack("<I", len(_ALIASES)))
    parts += [_text(alias) + _text(variable) for alias, variable in _ALIASES.items()]
    return b"".join(parts)


def _checkpoint(directory: Path, model: bytes) -> Checkpoint:
    (directory / "model.bin").write_bytes(model)
    (directory / "config.json").write_text(json.dumps({"alignment_heads": [[3, 1]]}))
    return Checkpoint(directory)


@pytest.mark.parametrize("name", _ARRAYS)
def test_arrays_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    array = _checkpoint(tmp_path, _file()).array(name)
    np.testing.assert_array_equal(array, _ARRAYS[name], strict=True)


@pytest.mark.parametrize("part", ["encoder/layer_0", "encoder/layer_1", "decoder/layer_0"])
def test_weights_are_the_same_however_they_are_stored(tmp_path: Path, part: str) -> None:
    weights = _checkpoint(tmp_path, _file()).weights(f"{part}/ffn/linear_0/weight")
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, _MATRIX, atol=0.01)


def test_an_alias_is_another_name_of_the_same_weights(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path, _file())
    for alias, name in _ALIASES.items():
        assert alias in checkpoint
        np.testing.assert_array_equal(checkpoint.array(alias), checkpoint.array(name))
        np.testing.assert_array_equal(checkpoint.weights(alias), checkpoint.weights(name))


def test_the_model_describes_itself(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path, _file())
    assert checkpoint.integer("decoder/num_heads") == 8
    assert checkpoint.layers("encoder") == ["encoder/layer_0", "encoder/layer_1"]
    assert checkpoint.layers("decoder") == ["decoder/layer_0"]
    assert checkpoint.config["alignment_heads"] == [[3, 1]]
    assert "decoder/layer_1/ffn/linear_0/weight" not in checkpoint


@pytest.mark.parametrize(("version", "specification"), [(5, "WhisperSpec"), (6, "TransformerSpec")])
def test_another_kind_of_model_is_refused_with_how_to_convert(
    tmp_path: Path, version: int, specification: str
) -> None:
    with pytest.raises(ModelError, match="ct2-transformers-converter"):
        _checkpoint(tmp_path, _file(version, specification))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(0, len(_file()) - 1))
def test_a_file_that_ends_too_early_is_refused_by_name(tmp_path: Path, length: int) -> None:
    with pytest.raises(ModelError, match=r"model\.bin"):
        _checkpoint(tmp_path, _file()[:length])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_other_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelError, match=r"model\.bin"):
        _checkpoint(tmp_path, content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin"):
        Checkpoint(tmp_path)
