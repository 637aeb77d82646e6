"""Pages of results: where and with what was measured, sections, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vivavoce.bench.surroundings import Surroundings


def head(title: str, command: str, explained: str, where: Surroundings) -> Iterator[str]:
    """The page's beginning; `command` writes the page, the page `explained` says what the figures mean."""
    yield f"# {title}"
    yield ""
    yield f"<!-- Written by `{command} --results`. -->"
    yield ""
    yield f"What the figures mean and how to measure them: [docs/{explained}](../docs/{explained})."
    yield ""
    yield f"- {where.date}, `{where.command}`"
    yield f"- {where.machine}; {where.cores} cores, {where.memory_gigabytes:.0f} GB"
    yield f"- load of the machine before: {where.load:.1f}"
    yield f"- Python {where.python}, " + ", ".join(f"{name} {one}" for name, one in where.versions.items())
    changed = ", ".join(f"`{name}={value}`" for name, value in where.settings.items())
    yield f"- settings: {changed or 'the defaults'}"


def section(title: str, text: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if text:
        yield from (text, "")
    yield from lines


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(row)} |"
