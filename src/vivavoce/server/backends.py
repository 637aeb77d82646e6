"""Which backend serves each capability, by the settings."""

from __future__ import annotations

from typing import NoReturn

from vivavoce.intelligence.base import AddOnError, Capability
from vivavoce.server.intelligence import Backend, Backends
from vivavoce.settings import Settings


def backends_of(settings: Settings) -> Backends:
    """Nothing is loaded yet."""
    return no_backends()


def no_backends() -> Backends:
    """Those of a server that does nothing with words but write them."""
    return Backends(
        _off("named_entity_recognition", "VIVAVOCE_ENTITIES"),
        _off("sentiment_analysis", "VIVAVOCE_SENTIMENT"),
        _off("translation", "VIVAVOCE_TRANSLATION"),
        _off("summarization", "VIVAVOCE_SUMMARIES"),
        _off("chapterization", "VIVAVOCE_SUMMARIES"),
    )


def _off(name: str, variable: str) -> Backend[NoReturn]:
    def refuse() -> NoReturn:
        raise AddOnError(f"{name} is switched off on this server; its operator sets {variable}", 501)

    return Backend(Capability(name, "off", ()), refuse)
