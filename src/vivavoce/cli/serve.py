"""`vivavoce serve`: the server in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra
from vivavoce.processes import die_of

_STDERR = 2


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. (VIVAVOCE_HOST)")] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on; 0 takes a free one. (VIVAVOCE_PORT)"),
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(help="Sessions at once; measured if not given. (VIVAVOCE_CAPACITY)"),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept. (VIVAVOCE_DATA_DIR)")
    ] = None,
) -> None:
    """Run the server until it is interrupted. All settings are VIVAVOCE_* in the environment."""
    with _ended_by_signals():
        with needs_server_extra():
            from vivavoce.server.serve import run
            from vivavoce.settings import Settings
        settings = Settings.from_environment(
            {"host": host, "port": port, "capacity": capacity, "data_dir": data_dir}
        )
        run(settings, _say_ready)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Signals end the process at once until the server takes them: nothing is open that must be closed."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, _end)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    # Not by a stream: what was interrupted may be writing to it.
    os.write(_STDERR, b"stopped\n")
    die_of(number)


def _say_ready(url: str, has_keys: bool) -> None:
    who = "" if has_keys else " (without an API key: for this machine only)"
    typer.echo(f"Vivavoce is ready at {url}{who}")
