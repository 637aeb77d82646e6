"""Names that are known: of people, places, languages, drugs, one a line. What is on no list is not found by one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def lines(kind: str) -> tuple[str, ...]:
    """A list as it is written."""
    text = files(__name__).joinpath(f"{kind}.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line and not line.startswith("#"))


@cache
def names(*kinds: str) -> frozenset[str]:
    """What is on any of these lists, in lower case."""
    return frozenset(line.lower() for kind in kinds for line in lines(kind))
