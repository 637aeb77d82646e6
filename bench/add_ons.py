"""What entities, sentiment and translation cost: finals with them and without, CPU time, and when they come.

    .venv/bin/python bench/add_ons.py [--sessions 4 8] [--rounds 4] [--seconds 60]

Starts the real server with its own models, and streams English conversations to it as voice agents do
(endpointing 0.1 s, frames of 20 ms, partials on), the same ones without add-ons and with all three
(translation to Portuguese), one after the other. Each round has other conversations, and begins with what the
last one ended with. A short load before the first loads the models. Prints for each number of sessions, off
and on,

  close       finals: seconds from the last word's end plus endpointing until the final is there (p50, p95)
  cpu         CPU milliseconds of the whole server for each final; partials, of which a free machine makes
              more, are in it
  add-ons     CPU milliseconds of each add-on for each final, by the server's /metrics
  after       seconds from a final's arrival to that of what an add-on says of it (p50, p95, max)

and at the end whether p95 of *close* stayed within 10 %, and the add-ons within 150 ms of CPU for each final.
A machine that others use says little about the first. Needs the development set-up (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from server_process import ServerProcess, server_process

from vivavoce.bench.client import Ask, converse
from vivavoce.bench.clock import Lateness, Start
from vivavoce.bench.hearing import Hearing
from vivavoce.bench.lags import lags
from vivavoce.bench.material import recordings
from vivavoce.bench.quantiles import Spread, spread
from vivavoce.bench.scenarios import Library, Scenario
from vivavoce.bench.tracks import Track
from vivavoce.bench.truth import Truth
from vivavoce.server.models import DEFAULT_MODEL, load_models, model_registry
from vivavoce.settings import Settings

ENDPOINTING, FRAME = 0.1, 0.02
MOST_LATER = 1.1
MOST_CPU = 150.0
WARM_UP = 20.0
ADD_ONS = {
    "named_entity_recognition": True,
    "sentiment_analysis": True,
    "translation": True,
    "translation_config": {"target_languages": ["pt"]},
}
_SUM = re.compile(r'^vivavoce_add_on_cpu_seconds_sum\{add_on="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class AskForAll(Ask):
    """With all that is done with words while people speak."""

    @property
    def body(self) -> dict[str, Any]:
        return super().body | {"realtime_processing": ADD_ONS}


OFF, ON = Ask(ENDPOINTING, frame_seconds=FRAME), AskForAll(ENDPOINTING, frame_seconds=FRAME)


@dataclass
class Figures:
    """All rounds of one load. Milliseconds of CPU altogether; `after` seconds by add-on."""

    close: list[float] = field(default_factory=list)
    after: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    add_ons: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    server: float = 0.0
    finals: int = 0
    clients_late: list[float] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def take(self, hearings: Iterable[Hearing]) -> None:
        for hearing in hearings:
            self.close += lags(hearing, ENDPOINTING).close
            self.finals += len(hearing.finals)
            self.losses += hearing.losses
            came = {final.utterance: final.at for final in hearing.finals}
            for said in hearing.add_ons:
                self.after[said.name].append(said.at - came[said.utterance])

    def lines(self, name: str) -> Iterable[str]:
        yield (
            f"{name:>4}  close {_quantiles(spread(self.close))}  finals {self.finals}  "
            f"cpu {self.server / self.finals:.0f} ms/final  clients late p99 "
            f"{spread(self.clients_late).p99 * 1000:.0f} ms  lost {len(self.losses)} {set(self.losses) or ''}"
        )
        for add_on, times in self.after.items():
            each = self.add_ons[add_on] / self.finals
            yield (
                f"      {add_on:<24}  cpu {each:5.1f} ms/final  after {_quantiles(spread(times))}  "
                f"told of {len(times)} finals"
            )


def _quantiles(figures: Spread | None) -> str:
    return f"{figures.p50:.3f} / {figures.p95:.3f} / {figures.max:.3f} s" if figures else "-"


class Bench:
    def __init__(self, server: ServerProcess, library: Library) -> None:
        self._server = server
        self._library = library

    def round(self, sessions: int, seconds: float, seed: int, figures: dict[str, Figures]) -> None:
        """The same conversations off and on, in turn the one and the other first."""
        tracks = self._library.tracks(Scenario("agents", sessions, is_reading=False, seconds=seconds), seed)
        asks = {"off": OFF, "on": ON}
        for name in sorted(asks, reverse=bool(seed % 2)):
            one = Figures()
            self.measure(tracks, asks[name], one)
            print(f"round {seed}, {sessions} sessions", *one.lines(name), sep="\n", flush=True)
            self.add(one, figures[name])

    def measure(self, tracks: Sequence[Track], ask: Ask, figures: Figures) -> None:
        add_ons, server = self._add_ons(), sum(self._server.cpu().values())
        hearings, late = asyncio.run(_converse(self._server.url, tracks, ask))
        figures.server += (sum(self._server.cpu().values()) - server) * 1000
        for name, spent in self._add_ons().items():
            figures.add_ons[name] += (spent - add_ons.get(name, 0.0)) * 1000
        figures.clients_late += late
        figures.take(hearings)

    @staticmethod
    def add(one: Figures, all_of_them: Figures) -> None:
        all_of_them.close += one.close
        for name, times in one.after.items():
            all_of_them.after[name] += times
        for name, spent in one.add_ons.items():
            all_of_them.add_ons[name] += spent
        all_of_them.server += one.server
        all_of_them.finals += one.finals
        all_of_them.clients_late += one.clients_late
        all_of_them.losses += one.losses

    def _add_ons(self) -> dict[str, float]:
        """CPU seconds of each so far."""
        text = httpx.get(f"{self._server.url}/metrics").raise_for_status().text
        return {name: float(seconds) for name, seconds in _SUM.findall(text)}


async def _converse(url: str, tracks: Sequence[Track], ask: Ask) -> tuple[list[Hearing], list[float]]:
    lateness, start = Lateness(), Start(len(tracks))
    async with lateness.watch(), asyncio.TaskGroup() as group:
        tasks = [group.create_task(converse(url, track, ask, start, lateness)) for track in tracks]
    return [task.result() for task in tasks], [*lateness.frames, *lateness.beats]


def judged(sessions: int, off: Figures, on: Figures) -> bool:
    before, after = spread(off.close), spread(on.close)
    later = after.p95 / before.p95
    cpu = sum(on.add_ons.values()) / on.finals
    whole = on.server / on.finals - off.server / off.finals
    print(f"{sessions} sessions, all rounds", *off.lines("off"), *on.lines("on"), sep="\n")
    print(
        f"p95 of close {later - 1:+.1%} (at most +10 %), p50 {after.p50 / before.p50 - 1:+.1%}; "
        f"add-ons {cpu:.0f} ms of CPU for each final (at most 150), the whole server {whole:+.0f} ms\n",
        flush=True,
    )
    return later <= MOST_LATER and cpu <= MOST_CPU and not (off.losses or on.losses)


def library(settings: Settings) -> Library:
    """As `vivavoce bench` has it, with what it has found out about the recordings."""
    weights = model_registry(settings).resolve("base").directory
    cache = settings.data_dir / "bench" / "words"
    truth = Truth(weights, lambda: load_models(settings).recognizers[DEFAULT_MODEL], cache, print)
    return Library(recordings(None), truth)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    speech = library(Settings.from_environment({"models": ("base",)}))
    well = True
    with tempfile.TemporaryDirectory() as data, server_process(data, "real") as server:
        bench = Bench(server, speech)
        warm = speech.tracks(Scenario("warm", 2, is_reading=False, seconds=WARM_UP), 0)
        bench.measure(warm, ON, Figures())
        for sessions in arguments.sessions:
            figures = {"off": Figures(), "on": Figures()}
            for seed in range(1, arguments.rounds + 1):
                bench.round(sessions, arguments.seconds, seed, figures)
            well &= judged(sessions, **figures)
    print("well" if well else "not well")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
