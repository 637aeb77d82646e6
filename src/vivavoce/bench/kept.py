"""Answers that take long to find and never change, kept as JSON."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def digest(*question: bytes | str) -> str:
    """A name for all that the answer depends on."""
    digest = hashlib.sha256()
    for part in question:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()


class Kept:
    """One file for each answer in `directory`; each is there as a whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Any | None:
        """None if it is not kept."""
        try:
            return json.loads(self._path(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def write(self, name: str, answer: Any) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        begun = self._path(name).with_suffix(".new")
        begun.write_text(json.dumps(answer), encoding="utf-8")
        begun.replace(self._path(name))

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"
