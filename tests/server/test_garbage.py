"""No full collection holds up all threads while hours of speech are written, and then all is as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from vivavoce.server.garbage import full_collections_wait


@contextmanager
def counting_full_collections() -> Iterator[list[int]]:
    found: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            found.append(info["collected"])

    gc.callbacks.append(count)
    try:
        yield found
    finally:
        gc.callbacks.remove(count)


def test_full_collections_wait_until_the_last_is_written() -> None:
    before = gc.get_threshold()
    with counting_full_collections() as found:
        with full_collections_wait():
            with full_collections_wait():
                pass
            many = [[number] for number in range(1_000_000)]
            assert found == []
        assert gc.get_threshold() == before
        many += [[number] for number in range(100_000)]
    assert len(found) > 0
