"""What serves capabilities is there once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

from vivavoce.server.backends import once


def test_what_several_threads_ask_for_at_once_is_made_once() -> None:
    another, made = Barrier(2), []

    @once
    def thing() -> object:
        made.append(object())
        try:
            another.wait(0.3)
        except BrokenBarrierError:
            return made[0]
        raise AssertionError("it is made twice")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: thing(), range(2))
    assert [first] == [second] == made
