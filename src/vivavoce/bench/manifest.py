"""Manifests: JSON lines, each of which describes a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vivavoce.errors import ConfigurationError

MANIFEST = "manifest.jsonl"


class TurnLine(BaseModel):
    """One turn of a recording, in seconds; not every collection knows its times."""

    model_config = ConfigDict(frozen=True)
    start: float | None = None
    end: float | None = None
    language: str | None = None


class Line(BaseModel):
    """A recording. `file` is relative to the manifest.

    `language` is a code, several joined by "+", or null where nobody speaks. `reference` is what is said:
    "" is nothing, null is not known. `uncertain`: the reference may be wrong. `derived`: made of recordings
    that the manifest lists too.
    """

    model_config = ConfigDict(frozen=True)
    file: Annotated[str, Field(min_length=1)]
    language: str | None
    reference: str | None
    duration_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    kind: str | None = None
    uncertain: bool = False
    derived: bool = False
    speakers: tuple[TurnLine, ...] | None = None


def numbered_lines(manifest: Path) -> Iterator[tuple[int, Line]]:
    """Each line with its number, from 1. Raises ConfigurationError naming the line that is wrong."""
    for number, text in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield number, Line.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            reason = f"{field}: {first['msg']}" if field else first["msg"]
            raise ConfigurationError(
                f"line {number} of {manifest} does not describe a recording: {reason}"
            ) from error
