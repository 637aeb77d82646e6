"""`vivavoce bench`: how fast and how well a server hears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra, say

if TYPE_CHECKING:
    from vivavoce.bench.measure import Target
    from vivavoce.bench.scenarios import Library


def bench(
    sessions: Annotated[int, typer.Option(min=1, help="Clients at once.")] = 1,
    reading: Annotated[
        bool, typer.Option("--reading", help="Continuous readings instead of conversations.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=5, help="Audio of each session.")] = 60.0,
    endpointing: Annotated[float, typer.Option(help="Silence that ends an utterance.")] = 0.3,
    maximum: Annotated[float, typer.Option(help="The longest utterance.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Another order of turns and pauses.")] = 1,
    material: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Recordings: a manifest.jsonl or its directory.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A server that runs already.")] = None,
    server_arg: Annotated[
        list[str] | None, typer.Option(metavar="ARG", help="Given to `vivavoce serve`; repeatable.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures as JSON.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw how the times are spread, as PNG or SVG.")
    ] = None,
) -> None:
    """Stream speech to a server in real time and measure when its words come, and which."""
    with needs_server_extra():
        from vivavoce.bench.client import Ask
        from vivavoce.bench.measure import measure
        from vivavoce.bench.plot import write_plot
        from vivavoce.bench.report import lines, write_json
        from vivavoce.bench.scenarios import Scenario
    scenario = Scenario("own", sessions, reading, seconds, Ask(endpointing, maximum))
    library = _library(material)
    with _target(url, server_arg or []) as target:
        one = measure(target, scenario, library.tracks(scenario, seed))
    typer.echo("\n".join(lines(one)))
    if json:
        write_json(json, {}, [one])
    if plot:
        write_plot(plot, [one])


def _library(material: Path | None) -> Library:
    from vivavoce.bench.material import recordings
    from vivavoce.bench.scenarios import Library
    from vivavoce.bench.truth import Truth
    from vivavoce.server.models import model_registry
    from vivavoce.settings import Settings

    settings = Settings.from_environment()
    say("finding the times of words (once for each recording)")
    truth = Truth(model_registry(settings).resolve("base"), settings.data_dir / "bench" / "words")
    return Library(recordings(material), truth)


@contextmanager
def _target(url: str | None, arguments: list[str]) -> Iterator[Target]:
    from vivavoce.bench.measure import Target
    from vivavoce.cli.local_server import local_process

    if url:
        yield Target("vivavoce", "", url, None)
        return
    with local_process(arguments) as server:
        yield Target("vivavoce", version("vivavoce"), server.url, server.pid)
