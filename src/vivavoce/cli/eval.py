"""`vivavoce eval`: which words a server hears in recordings, and how many of them are wrong."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from vivavoce.cli.bench import ENDPOINTING, MAXIMUM, recognizer
from vivavoce.cli.terminal import check_writable, needs_server_extra, report, show_table, stderr
from vivavoce.errors import ConfigurationError


def evaluate(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="Recordings: a manifest.jsonl or its directory.")
    ],
    endpointing: Annotated[
        list[float] | None,
        typer.Option(
            **ENDPOINTING,
            metavar="SECONDS",
            help="Silence that ends an utterance; repeatable. [default: 0.3]",
        ),
    ] = None,
    maximum: Annotated[float, typer.Option(**MAXIMUM, help="The longest utterance.")] = 5.0,
    language: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only recordings in it; repeatable.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only recordings of this kind; repeatable.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many recordings.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline/--no-offline", help="Compare with the same weights without a stream.")
    ] = True,
    detect: Annotated[
        bool, typer.Option("--detect", help="Stream once more without saying the language.")
    ] = False,
    enhance: Annotated[bool, typer.Option("--enhance", help="Ask for the audio enhancer.")] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures and texts.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the error rates, as PNG or SVG.")
    ] = None,
    results: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of Markdown.")] = None,
) -> None:
    """Stream recordings to a server of this command's own, as fast as it takes them, and judge its words."""
    with needs_server_extra():
        from vivavoce.bench.error_rate import normalizer
        from vivavoce.bench.kept import Kept
        from vivavoce.bench.plot import new_figure
        from vivavoce.bench.quality.hearing import Listener, Way, server_version
        from vivavoce.bench.quality.items import read_items
        from vivavoce.bench.quality.offline import Offline
        from vivavoce.bench.quality.plot import write_plot
        from vivavoce.bench.quality.run import Ears
        from vivavoce.bench.quality.run import evaluate as run
        from vivavoce.bench.quality.tables import page, tables
        from vivavoce.bench.surroundings import surroundings
        from vivavoce.bench.truth import Truth
        from vivavoce.cli.local_server import local_server
        from vivavoce.recognizers.layout import is_transducer
        from vivavoce.server.models import model_registry
        from vivavoce.settings import Settings

    # What is missing shows before a minute is spent.
    check_writable(json, plot, results)
    normalizer("en")
    if plot:
        new_figure(1, 1)
    items = read_items(manifest, language or (), kind or (), limit)
    where = surroundings(shlex.join(["vivavoce", *map(_without_directory, sys.argv[1:])]))
    settings = Settings.from_environment()
    cache = settings.data_dir / "bench"
    files = model_registry(settings).resolve(settings.served[0])
    if offline and is_transducer(files.directory):
        raise ConfigurationError(f"faster-whisper cannot run the model {files.name!r}: add --no-offline")
    ways = [Way(one, maximum, enhance) for one in dict.fromkeys(endpointing or [0.3])]
    load = partial(recognizer, settings, settings.served[0])
    with Progress(console=stderr(), transient=True) as bar, local_server() as url:
        stages = Stages(bar)
        ears = Ears(
            Listener(url, server_version(where, files.weights), Kept(cache / "heard"), stages.advance),
            Offline(files.directory, Kept(cache / "offline"), stages.advance) if offline else None,
            Truth(files.directory, load, cache / "words", lambda _: stages.advance()) if offline else None,
            stages.begin,
        )
        outcome = run(ears, items, ways, detect, where)
    for one in tables(outcome):
        typer.echo(f"\n{one.title}")
        show_table(one.columns, one.rows)
    if json:
        outcome.write_json(json)
    if plot:
        write_plot(plot, outcome)
    if results:
        results.write_text(page(outcome), encoding="utf-8")
    for loss in outcome.losses:
        report(loss)
    if outcome.losses:
        raise typer.Exit(1)


class Stages:
    """What is being done, and a bar of how far it is."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", visible=False)

    def begin(self, what: str, count: int) -> None:
        self._bar.console.print(f"{what}: {count} recording{'' if count == 1 else 's'}", style="dim")
        self._bar.reset(self._task, total=count, description=what, visible=True)

    def advance(self) -> None:
        self._bar.advance(self._task)


def _without_directory(word: str) -> str:
    """Where recordings lie is nobody's business."""
    return Path(word).name if Path(word).is_absolute() else word
