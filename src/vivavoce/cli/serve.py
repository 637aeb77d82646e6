"""`vivavoce serve`: the server in this process."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra
from vivavoce.processes import die_of, handling

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
    tls_cert: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Certificate for HTTPS, as PEM. (VIVAVOCE_TLS_CERT)"),
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The certificate's key. (VIVAVOCE_TLS_KEY)")
    ] = None,
) -> None:
    """Run the server until it is interrupted. All settings are VIVAVOCE_* in the environment."""
    # Until the server takes them, signals end the process at once: nothing is open that must be closed.
    with handling((signal.SIGINT, signal.SIGTERM), _end):
        with needs_server_extra():
            from vivavoce.server.serve import run
            from vivavoce.settings import Settings
        given = {"host": host, "port": port, "capacity": capacity, "data_dir": data_dir}
        settings = Settings.from_environment(given | {"tls_cert": tls_cert, "tls_key": tls_key})
        run(settings, _say_ready)


def _end(number: int, _frame: FrameType | None) -> None:
    # Not by a stream: what was interrupted may be writing to it.
    os.write(_STDERR, b"stopped\n")
    die_of(number)


def _say_ready(url: str, has_keys: bool) -> None:
    who = "" if has_keys else " (without an API key: for this machine only)"
    typer.echo(f"Vivavoce is ready at {url}{who}")
