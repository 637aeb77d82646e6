"""Names that are known: of people, cities, countries and states, one a line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def names(kind: str) -> frozenset[str]:
    """The lines of a list, in lower case."""
    text = files(__name__).joinpath(f"{kind}.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().lower() for line in text.splitlines() if line and not line.startswith("#"))
