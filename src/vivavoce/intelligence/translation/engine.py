"""What translates between certain languages, whatever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vivavoce.intelligence.base import AddOnError, TranslationOptions

Pair = tuple[str, str]
"""The codes of the language that is spoken and of the one that is wanted."""


class Engine(Protocol):
    """`backend`: a name for it. `pairs`: what it serves, None for all that there are. `remote`: whether it
    asks another service, and computes nothing here."""

    @property
    def backend(self) -> str: ...

    @property
    def remote(self) -> bool: ...

    @property
    def pairs(self) -> frozenset[Pair] | None: ...

    def load(self) -> None:
        """All that it needs, which it else does at the first request. Raises `ModelError`."""
        ...

    def translate(self, sentences: Sequence[str], pair: Pair, options: TranslationOptions) -> list[str]:
        """The same in the other language, in order, in as many texts or in fewer. Raises `AddOnError`."""
        ...


def name_of(pair: Pair) -> str:
    return "-".join(pair)


def not_loaded(pair: Pair) -> AddOnError:
    """For a client: it is not told where the server keeps its files, of which the cause speaks."""
    return AddOnError(f"the model for {name_of(pair)} cannot be loaded; `vivavoce doctor` says why")
