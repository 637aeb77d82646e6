"""What is made once, on whichever thread asks first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest

from vivavoce.errors import ModelError
from vivavoce.once import once


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


def test_what_could_not_be_loaded_is_not_tried_again_and_what_met_a_defect_is() -> None:
    failures = iter([ZeroDivisionError("once"), ModelError("no weights")])

    @once
    def thing() -> None:
        raise next(failures)

    with pytest.raises(ZeroDivisionError):
        thing()
    for _ in range(3):
        with pytest.raises(ModelError, match="no weights"):
            thing()
