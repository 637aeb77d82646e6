"""How many sessions a server carries: the largest number with which all is still well."""

from __future__ import annotations

from collections.abc import Callable


def largest(is_well: Callable[[int], bool], first: int, most: int) -> int:
    """The largest number up to `most` for which `is_well` holds, 0 if there is none.

    Doubles or halves from `first` until it has a good and a bad number, then halves the space between
    them until it is an eighth of the number or 1. It takes `is_well` to fail from some number on.
    """
    good, bad = 0, most + 1
    number = min(first, most)
    while True:
        if is_well(number):
            good = number
        else:
            bad = number
        if bad - good <= max(1, good // 8):
            return good
        number = min(2 * good, most) if bad > most else (good + bad) // 2
