"""`vivavoce bench`: how fast and how well a server hears."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from annotated_types import Ge, Le

from vivavoce.cli.terminal import check_writable, needs_server_extra, say
from vivavoce.errors import ConfigurationError
from vivavoce.protocol.requests import LiveRequest

if TYPE_CHECKING:
    from vivavoce.bench.measure import Target
    from vivavoce.recognizers.base import Recognizer
    from vivavoce.settings import Settings


_SECONDS = 60.0


def bounds(field: str) -> dict[str, float]:
    """The least and the most that a request takes, as options take them."""
    limits: dict[Any, Any] = {type(one): one for one in LiveRequest.model_fields[field].metadata}
    return {"min": limits[Ge].ge, "max": limits[Le].le}


ENDPOINTING = bounds("endpointing")
MAXIMUM = bounds("maximum_duration_without_endpointing")


class ScenarioName(StrEnum):
    """The loads that have names."""

    READING = "reading"
    AGENT = "agent"
    READINGS = "readings"
    CALLS = "calls"
    ACCURACY = "accuracy"


class PeerName(StrEnum):
    """Other servers that can be measured beside ours."""

    WHISPERLIVE = "whisperlive"
    WHISPERLIVEKIT = "whisperlivekit"


def bench(
    scenario: Annotated[
        list[ScenarioName] | None,
        typer.Option(metavar="NAME", help=f"A load with a name: {', '.join(ScenarioName)}; repeatable."),
    ] = None,
    all_scenarios: Annotated[bool, typer.Option("--all", help="All of them but accuracy.")] = False,
    sessions: Annotated[int, typer.Option(min=1, help="Clients at once.")] = 1,
    reading: Annotated[
        bool, typer.Option("--reading", help="Continuous readings instead of conversations.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=5, help="Audio of each session.")] = _SECONDS,
    endpointing: Annotated[float, typer.Option(**ENDPOINTING, help="Silence that ends an utterance.")] = 0.3,
    maximum: Annotated[float, typer.Option(**MAXIMUM, help="The longest utterance.")] = 5.0,
    capacity: Annotated[
        bool, typer.Option("--capacity", help="Find how many sessions are carried, from --sessions on.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="Where the search for the capacity ends.")] = 128,
    peer: Annotated[
        list[PeerName] | None,
        typer.Option(metavar="NAME", help=f"Measure beside ours: {' or '.join(PeerName)}; repeatable."),
    ] = None,
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
    results: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page of Markdown.")] = None,
) -> None:
    """Stream speech to a server in real time and measure when its words come, and which."""
    with needs_server_extra():
        from vivavoce.bench.client import Ask
        from vivavoce.bench.error_rate import word_error_rate
        from vivavoce.bench.material import recordings
        from vivavoce.bench.outcome import Outcome
        from vivavoce.bench.peers import PEERS, launch
        from vivavoce.bench.plot import write_plot
        from vivavoce.bench.results import page
        from vivavoce.bench.scenarios import SCENARIOS, Library, Scenario
        from vivavoce.bench.suite import Suite
        from vivavoce.bench.surroundings import surroundings
        from vivavoce.bench.truth import Truth
        from vivavoce.server.models import model_registry
        from vivavoce.settings import Settings

    names = [*(SCENARIOS if all_scenarios else ()), *(scenario or ())]
    if names and (sessions, seconds, reading) != (1, _SECONDS, False):
        raise ConfigurationError(
            "--sessions, --seconds and --reading describe a load of your own: leave out --all and --scenario"
        )
    # What is missing shows before a minute is spent.
    check_writable(json, plot, results)
    word_error_rate([("one", "one")])
    outcome = Outcome(surroundings(shlex.join(["vivavoce", *sys.argv[1:]])))
    speech = recordings(material)
    settings = Settings.from_environment({"models": ("base",)})
    weights, cache = model_registry(settings).resolve("base").directory, settings.data_dir / "bench"
    # Of a load of one's own, what is carried is to be seen, not what the server takes itself to carry.
    unlimited = [] if names and not capacity else ["--capacity", "1000"]
    servers = [
        partial(_ours, url, [*unlimited, *(server_arg or [])]),
        *(partial(launch, PEERS[one], cache / "peers", weights, say) for one in peer or []),
    ]
    truth = Truth(weights, lambda: recognizer(settings, "base"), cache / "words", say)
    suite = Suite(Library(speech, truth), servers, seed, typer.echo, outcome)
    own = Scenario("own", sessions, reading, seconds, Ask(endpointing, maximum))
    for load in [SCENARIOS[name] for name in names if name in SCENARIOS] if names else [own]:
        if capacity:
            suite.capacity(load, most)
        else:
            suite.compare(load)
    if ScenarioName.ACCURACY in names:
        suite.accuracy(speech, Ask(endpointing, maximum, partials=False))
    if json:
        outcome.write_json(json)
    if plot:
        write_plot(plot, outcome.measurements)
    if results:
        results.write_text(page(outcome), encoding="utf-8")


def recognizer(settings: Settings, name: str) -> Recognizer:
    """Load a model as the server does."""
    from vivavoce.server.models import load_models

    return load_models(settings).recognizers[name]


@contextmanager
def _ours(url: str | None, arguments: list[str]) -> Iterator[Target]:
    from vivavoce.bench.measure import Target
    from vivavoce.cli.local_server import local_process

    if url:
        yield Target("vivavoce", "", url, None)
        return
    with local_process(arguments) as server:
        yield Target("vivavoce", version("vivavoce"), server.url, server.pid)
