"""The little of Markdown that the generated pages need."""

from collections.abc import Iterable


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """The lines of a table; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return [" | ".join(cell.replace("|", "\\|") for cell in cells).join(("| ", " |")) for cells in lines]
