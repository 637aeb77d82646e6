"""`vivavoce replay`: a stored session once more, and whether the same is heard."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from vivavoce.cli.data import DataDir
from vivavoce.cli.terminal import counted, needs_server_extra, say, write


def replay(
    session_id: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="Its id, in the data directory.")
    ] = None,
    exported: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="One that was exported instead.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the session there, its audio and words in it, and no more."),
    ] = None,
    real_time: Annotated[bool, typer.Option("--real-time", help="At the pace of speech.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Recognise a stored session once more, and show what differs: exit code 1 if anything does.

    Nothing stored changes, and a server may be running.
    """
    with needs_server_extra():
        from vivavoce.server.logs import configure_logging
        from vivavoce.server.models import load_models, model_registry
        from vivavoce.server.recorded import from_data, from_export
        from vivavoce.server.replay import compare
        from vivavoce.server.replay import replay as replayed
        from vivavoce.settings import Settings
    if session_id is not None and exported is not None:
        raise typer.BadParameter("choose one of SESSION and --from")
    if session_id is None and exported is None:
        raise typer.BadParameter("name a session, or a directory with --from")
    settings = Settings.from_environment({"data_dir": data_dir, "log_level": "error"})
    configure_logging(settings)
    if exported:
        recorded, audio = from_export(exported)
    else:
        assert session_id is not None, "one of them was given"
        recorded, audio = asyncio.run(from_data(settings.data_dir, session_id, to_export=export is not None))
    if export:
        registry = model_registry(settings)
        sums = {name: registry.verify(name, full=True).sha256 or "" for name in settings.weights}
        dataclasses.replace(recorded, models=sums).export(audio, export)
        say(f"{export}: the session's audio, its request and {counted(len(recorded.finals), 'final')}")
        return
    models = load_models(settings)
    begun = perf_counter()
    try:
        finals = asyncio.run(
            replayed(recorded, audio, models, decoder_threads=settings.decoder_threads, real_time=real_time)
        )
    finally:
        models.close()
    comparison = compare(recorded, finals)
    for line in comparison.lines:
        write(line)
    if comparison.later:
        later = counted(comparison.later, "final")
        say(f"beyond the end of what was recognised then: {later}")
    took = f"{perf_counter() - begun:.1f} s"
    if comparison.lines:
        typer.echo(f"different; the same: {counted(comparison.same, 'final')} ({took})")
        raise typer.Exit(1)
    typer.echo(f"the same: {counted(comparison.same, 'final')} ({took})")
