"""Reads a Whisper model in CTranslate2's format: the arrays of `model.bin`, and `config.json`.

Format: little-endian; version, specification, revision; then, for every variable, its name, shape, element
type and bytes; then aliases of variables (CTranslate2, `ModelSpec.save`).
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError

_VERSION = 6
_SPECIFICATION = "WhisperSpec"
_ELEMENTS = (np.float32, np.int8, np.int16, np.int32, np.float16)


class Checkpoint:
    """The weights of one model, by CTranslate2's names for them. Raises `ModelError` for other files."""

    def __init__(self, directory: Path) -> None:
        path = directory / "model.bin"
        self._position = 0
        try:
            # Mapped, not read: what the networks do not copy costs no memory of ours.
            with path.open("rb") as file:
                self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._data = np.frombuffer(self._file, np.uint8)
            version, specification, _ = self._number("I"), self._text(), self._number("I")
            if version != _VERSION or specification != _SPECIFICATION:
                raise ModelError(
                    f"{path} is not a Whisper model of CTranslate2 (format {version}, {specification!r}): "
                    "convert it with ct2-transformers-converter"
                )
            self._arrays = dict(self._array() for _ in range(self._number("I")))
            self._aliases = {self._text(): self._text() for _ in range(self._number("I"))}
        except (OSError, struct.error, ValueError, IndexError) as error:
            raise ModelError(
                f"{path} is no Whisper model of CTranslate2 ({error}): copy or convert it again"
            ) from error
        try:
            self.config: Mapping[str, Any] = json.loads((directory / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{directory / 'config.json'} cannot be read: {error}") from error
        if not isinstance(self.config, dict):
            raise ModelError(f"{directory / 'config.json'} must be an object of settings")

    def __contains__(self, name: str) -> bool:
        return name in self._arrays or name in self._aliases

    def integer(self, name: str) -> int:
        return int(self._arrays[name])

    def array(self, name: str) -> NDArray[Any]:
        """The array as it is stored."""
        return self._arrays[self._aliases.get(name, name)]

    def weights(self, name: str) -> NDArray[np.float32]:
        """The array as float32; weights that are stored as integers are scaled back, row by row."""
        return self.rows(name, np.arange(len(self.array(name))))

    def rows(self, name: str, index: NDArray[np.integer]) -> NDArray[np.float32]:
        """Those rows of the array, as `weights` gives them, shape (*index.shape, *shape of a row)."""
        name = self._aliases.get(name, name)
        stored = self._arrays[name]
        picked = stored[index].astype(np.float32)
        if np.issubdtype(stored.dtype, np.integer):
            scales = np.broadcast_to(self._arrays[f"{name}_scale"], len(stored))[index]
            picked = picked / scales.reshape(*index.shape, *[1] * (stored.ndim - 1))
        return np.asarray(picked, np.float32)

    def unload(self) -> None:
        """What was read leaves memory, until it is read again."""
        self._file.madvise(mmap.MADV_DONTNEED)

    def layers(self, part: str) -> list[str]:
        """The names of the layers of the encoder or decoder, as prefixes of their variables' names."""
        count = 0
        while f"{part}/layer_{count}/ffn/linear_0/weight" in self:
            count += 1
        return [f"{part}/layer_{number}" for number in range(count)]

    def _number(self, kind: str) -> int:
        [value] = struct.unpack_from(f"<{kind}", self._data.data, self._position)
        self._position += struct.calcsize(kind)
        return int(value)

    def _text(self) -> str:
        return self._bytes(self._number("H")).tobytes().rstrip(b"\0").decode()

    def _array(self) -> tuple[str, NDArray[Any]]:
        name = self._text()
        shape = [self._number("I") for _ in range(self._number("B"))]
        element = np.dtype(_ELEMENTS[self._number("B")]).newbyteorder("<")
        return name, self._bytes(self._number("I")).view(element).reshape(shape)

    def _bytes(self, size: int) -> NDArray[np.uint8]:
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            raise ValueError("it ends too early")
        return self._data[start : self._position]
