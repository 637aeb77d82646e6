"""`vivavoce serve`: the server in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra


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
    with needs_server_extra():
        from vivavoce.server.serve import run
        from vivavoce.settings import Settings
    settings = Settings.from_environment(
        {"host": host, "port": port, "capacity": capacity, "data_dir": data_dir}
    )
    run(settings, _say_ready)


def _say_ready(url: str, has_keys: bool) -> None:
    who = "" if has_keys else " (without an API key: for this machine only)"
    typer.echo(f"Vivavoce is ready at {url}{who}")
