"""From bytes to samples: PCM of every depth, A-law and µ-law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.formats import AudioFormat

Samples = NDArray[np.float32]
"""float32, shape (channels, samples), -1 to 1."""


def codec(format: AudioFormat) -> Callable[[bytes], Samples]:
    """The function that turns whole frames of interleaved `format` into `Samples`."""
    channels = format.channels
    match format.encoding:
        case "wav/alaw":
            return _companded(alaw_table(), channels)
        case "wav/ulaw":
            return _companded(ulaw_table(), channels)
    match format.bit_depth:
        case 8:
            return lambda data: _scaled(np.frombuffer(data, np.int8) ^ np.int8(-128), channels, 8)
        case 16:
            return lambda data: _scaled(np.frombuffer(data, "<i2"), channels, 16)
        case 24:
            return lambda data: _scaled(widen_24_bit(data), channels, 32)
        case 32:
            return lambda data: _scaled(np.frombuffer(data, "<i4"), channels, 32)
        case depth:
            raise ValueError(f"bit_depth is {depth}; it must be 8, 16, 24 or 32")


def widen_24_bit(data: bytes | bytearray) -> NDArray[np.int32]:
    """Little-endian 24-bit samples as the upper three bytes of 32-bit ones."""
    packed = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(packed), 4), np.uint8)
    wide[:, 1:] = packed
    return wide.view("<i4")[:, 0]


def alaw_table() -> NDArray[np.float32]:
    """Sample value of each A-law byte: ITU-T G.711, table 1 (even bits inverted; 1 of 13 bits is 2**-12)."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 2**12).astype(np.float32)


def ulaw_table() -> NDArray[np.float32]:
    """Sample value of each µ-law byte: ITU-T G.711, table 2 (all bits inverted; 1 of 14 bits is 2**-13)."""
    code = ~np.arange(256)
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((2 * mantissa + 33) << exponent) - 33
    return (np.where(code & 0x80, -magnitude, magnitude) / 2**13).astype(np.float32)


def _companded(table: NDArray[np.float32], channels: int) -> Callable[[bytes], Samples]:
    return lambda data: table.take(_deinterleave(np.frombuffer(data, np.uint8), channels))


def _deinterleave(samples: NDArray[Any], channels: int) -> NDArray[Any]:
    return samples.reshape(-1, channels).T


def _scaled(samples: NDArray[Any], channels: int, bits: int) -> Samples:
    scale = np.float32(2.0 ** (1 - bits))
    scaled: Samples = np.multiply(_deinterleave(samples, channels), scale, order="C", dtype=np.float32)
    return scaled
