"""What the commands share: where they print, how they fail, how they find a server."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich import box, markup
from rich.console import Console
from rich.table import Column, Table

from vivavoce.errors import AuthenticationError, ConfigurationError, LimitError, ServerUnreachable

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The server. (VIVAVOCE_URL)")]
Key = Annotated[str | None, typer.Option("--key", metavar="KEY", help="The API key. (VIVAVOCE_API_KEY)")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

ERROR = "error: "
WARNING = "warning: "
DAMAGED = "damaged"
"""The state of what is stored and cannot be read."""
NO_KEY = "Give one with --key or VIVAVOCE_API_KEY; where the server runs, `vivavoce keys create` makes it."

NO_SERVER = "Start a server with `vivavoce serve`, or name another one with --url or VIVAVOCE_URL."

_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0x7F, 0xA0))
    if chr(code) not in "\n\t"
}
_NOT_ESCAPED_BY_JSON = re.compile("[\x7f-\x9f]")


def stdout() -> Console:
    """For results: plain text where it is not a terminal."""
    return Console(highlight=False, soft_wrap=True)


def stderr() -> Console:
    """For everything else."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """What comes from elsewhere, with nothing in it that a terminal obeys.

    Control characters (C0 but line breaks and tabs, DEL, C1) are replaced, so that no sequence begins.
    """
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def printable_json(document: str) -> str:
    """The same JSON, what is left in it of such characters escaped: nothing that it says is lost."""
    return _NOT_ESCAPED_BY_JSON.sub(lambda control: f"\\u{ord(control[0]):04x}", document)


def escape(text: str) -> str:
    """What comes from elsewhere, for a console: printable, and no markup."""
    return markup.escape(printable(text))


def write(text: str, nl: bool = True) -> None:
    """A result, to standard output."""
    typer.echo(printable(text), nl=nl)


def advised(error: Exception) -> str:
    """What an error says, and what to do: how to have a server, how to give a key, when to try again."""
    match error:
        case ServerUnreachable(is_there=False):
            return f"{error}\n       {NO_SERVER}"
        case AuthenticationError():
            return f"{error}\n       {NO_KEY}"
        case LimitError(retry_after=seconds) if seconds:
            return f"{error}\n       The server asks to wait for {seconds:g} s."
    return str(error)


def report(error: object) -> None:
    """Say what went wrong."""
    stderr().print(f"[bold red]{ERROR}[/]{escape(str(error))}")


def fail(error: object) -> NoReturn:
    """Say what went wrong and end with exit code 1."""
    report(error)
    raise typer.Exit(1)


def warn(text: str) -> None:
    """Say, in one line, what is wrong with a part while the rest goes on."""
    stderr().print(f"[bold yellow]{WARNING}[/]{escape(' '.join(text.split()))}")


@contextmanager
def warnings_said(said: set[str]) -> Iterator[None]:
    """What is a warning of Python's in the block is said as the commands say it, unless it is in `said`.

    It is added there.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            for text in (str(each.message) for each in caught if issubclass(each.category, UserWarning)):
                if text not in said:
                    said.add(text)
                    warn(text)


def say(text: str) -> None:
    """A remark beside the result."""
    stderr().print(escape(text), style="dim")


def confirm(question: str, yes: bool) -> None:
    """Ask, unless the answer is `yes` already. Ends the command if it is no, or nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nobody can be asked, since the input is no terminal: say --yes if you are sure")
    typer.confirm(question, abort=True, err=True)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], none: str = "") -> None:
    """Columns for readers; tab-separated values, without a heading, for other programs.

    `none` is said where there are no rows: what would be among them, and how it comes there.
    """
    console = stdout()
    if none and not rows:
        say(none)
        return
    if not console.is_terminal:
        _write_values(rows)
        return
    # What a row is called is copied into other commands: the rest makes room for it.
    first = Column(columns[0], no_wrap=True)
    table = Table(first, *columns[1:], box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def show_entries(rows: Sequence[Sequence[str]], lines: Callable[..., Sequence[str]], none: str) -> None:
    """What is too wide for a table: of each row a line and what belongs below it, made of its values.

    Otherwise as `show_table`.
    """
    console = stdout()
    if not rows:
        say(none)
    elif not console.is_terminal:
        _write_values(rows)
    else:
        for row in rows:
            first, *below = map(escape, lines(*row))
            console.print(first)
            for line in below:
                console.print(f"  {line}", style="dim")


def _write_values(rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        write("\t".join(row))


@contextmanager
def needs_server_extra() -> Iterator[None]:
    """Say how to install the server where one of its modules is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if find_spec((error.name or "vivavoce").partition(".")[0]) is not None:
            raise
        fail(
            f"this needs the server, and {error.name} is not installed.\n"
            "       Install it in the checkout: tools/setup server"
        )


def check_writable(*paths: Path | None) -> None:
    """Raises ConfigurationError for a file that cannot be written: before the work, not after it."""
    for path in filter(None, paths):
        problem = ""
        if path.is_dir():
            problem = "it is a directory; name a file in it"
        elif not path.parent.is_dir():
            problem = f"there is no directory {path.parent}"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            problem = "permission denied"
        if problem:
            raise ConfigurationError(f"{path} cannot be written: {problem}")


def counted(number: int, noun: str) -> str:
    """So many of them: 1 final, 2 finals."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def clock(seconds: float) -> str:
    """A time of audio: 0:03.9, 12:00.0, 1:02:03.4."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{tenths // 10:02}.{tenths % 10}"
