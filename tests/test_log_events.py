"""What the server logs is what the page of events says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from speech import ROOT

LEVELS = {"exception": "error", "log": "info"}
"""Of methods that are not called as their level is. A function `log` is one of two methods."""


def logged() -> Iterator[tuple[str, str]]:
    """Each event that the code can log, and its level."""
    for path in (ROOT / "src" / "vivavoce").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("_log"), attr=name) | ast.Name(id="log" as name),
                    args=[ast.Constant(str(event))],
                ):
                    yield event, LEVELS.get(name, name)


def test_every_event_is_on_the_page_with_its_level_and_no_other() -> None:
    page = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE)
    assert len(rows) > 30
    assert sorted(rows) == sorted(set(logged()))
