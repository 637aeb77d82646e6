"""Who does not take what is sent to it is let go, also if it takes a byte now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.server.stall import LEAST, Stall

PATIENCE = 20.0
ENOUGH = round(LEAST * PATIENCE)


class Loop(asyncio.SelectorEventLoop):
    """Its time passes when a test says so."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def passes(self, seconds: float) -> None:
        self.now += seconds
        # What is due by now is called after what was ready before.
        for _ in range(2):
            await asyncio.sleep(0)


class Leaving(asyncio.Transport):
    """Has so many bytes to send."""

    waiting = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting


def run(body: Callable[[Loop], Coroutine[Any, Any, None]]) -> None:
    loop = Loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(body(loop))


def let_go_after(taken: list[int], waiting: int) -> int | None:
    """How many periods a client is borne with that takes so much in each, of so many bytes."""
    gone: list[float] = []

    async def watch(loop: Loop) -> None:
        transport = Leaving()
        transport.waiting = waiting
        stall = Stall(transport, PATIENCE, lambda: gone.append(loop.now))
        stall.begins()
        for size in taken:
            transport.waiting -= size
            await loop.passes(PATIENCE)
        stall.ends()

    run(watch)
    return round(gone[0] / PATIENCE) if gone else None


@given(st.lists(st.integers(0, 3 * ENOUGH), min_size=1, max_size=30))
def test_a_client_is_let_go_as_soon_as_it_takes_too_little(taken: list[int]) -> None:
    slow = next((period for period, size in enumerate(taken, 1) if size < ENOUGH), None)
    assert let_go_after(taken, waiting=sum(taken)) == slow


def test_a_byte_now_and_then_is_too_little() -> None:
    assert let_go_after([1, 1, 1], waiting=65_536) == 1


def test_a_network_may_be_away_for_most_of_the_time() -> None:
    async def watch(loop: Loop) -> None:
        transport = Leaving()
        transport.waiting = 10 * ENOUGH
        stall = Stall(transport, PATIENCE, lambda: gone.append(loop.now))
        stall.begins()
        for _ in range(10):
            await loop.passes(PATIENCE * 0.9)
            transport.waiting -= ENOUGH
            await loop.passes(PATIENCE * 0.1)
        stall.ends()

    gone: list[float] = []
    run(watch)
    assert not gone


def test_who_has_taken_it_all_is_watched_no_more() -> None:
    async def watch(loop: Loop) -> None:
        stall = Stall(Leaving(), PATIENCE, lambda: gone.append(loop.now))
        stall.begins()
        stall.ends()
        await loop.passes(10 * PATIENCE)

    gone: list[float] = []
    run(watch)
    assert not gone
