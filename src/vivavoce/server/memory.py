"""Memory that is free is given back to the system."""

from __future__ import annotations

import ctypes


def release_memory() -> None:
    """Give back what is free.

    Weights pass through several forms while they are loaded; the GNU C library keeps the memory that these
    took, 0.2 GB, for later use, of which there is little. Other libraries give it back by themselves.
    """
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
