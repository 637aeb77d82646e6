"""One measurement: clients stream their tracks to a server, all at once, and what came is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import chain

import httpx

from vivavoce.bench.accounting import lag_quantile, usage
from vivavoce.bench.client import Ask, converse
from vivavoce.bench.clock import Lateness, Start
from vivavoce.bench.error_rate import word_error_rate
from vivavoce.bench.hearing import Hearing
from vivavoce.bench.lags import lags
from vivavoce.bench.quantiles import Spread, spread
from vivavoce.bench.scenarios import Scenario
from vivavoce.bench.tracks import Track

Dialect = Callable[[str, Track, Ask, Start, Lateness], Coroutine[None, None, Hearing]]
"""How to talk to one kind of server: its URL, what to send, and when."""

LATEST_CLOSE = 1.0
"""Seconds. Finals that come later make a conversation halt."""
STANDSTILL = 5.0
"""Seconds. A virtual machine may be paused, a laptop asleep."""
TOO_LATE = 0.05
"""Seconds by which a client may miss its own times before its figures are doubted."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs. `pid` is known of those that we started."""

    name: str
    version: str
    url: str
    pid: int | None
    dialect: Dialect = converse


@dataclass(frozen=True, slots=True)
class Measurement:
    """What docs/benchmarks.md explains; times in seconds, `late` and `lag` too."""

    target: str
    version: str
    scenario: str
    sessions: int
    ask: Ask
    audio_seconds: float
    speech_seconds: float
    shown: Spread | None
    stable: Spread | None
    final: Spread | None
    close: Spread | None
    turn_end: Spread | None
    words: int
    missing_words: int
    error_rate: float
    partials_per_speech_second: float
    cpu_per_audio_second: float | None
    peak_megabytes: float | None
    server_lag_p99: float | None
    client_late: Spread | None
    losses: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]
    """Of each session, what was said and what was heard."""

    @property
    def is_well(self) -> bool:
        """Nothing was lost, and 95 of 100 finals came within a second after endpointing."""
        return not self.losses and self.close is not None and self.close.p95 <= LATEST_CLOSE

    @property
    def stood_still(self) -> bool:
        """Not even the clients, which do next to nothing, had a processor for seconds."""
        return self.client_late is not None and self.client_late.max > STANDSTILL

    @property
    def client_was_late(self) -> bool:
        """The clients missed their own times by so much that the figures are partly theirs."""
        return self.client_late is not None and self.client_late.p99 > TOO_LATE


def measure(target: Target, scenario: Scenario, tracks: Sequence[Track]) -> Measurement:
    """Stream each track in a session of its own."""
    return asyncio.run(_measure(target, scenario, tracks))


async def _measure(target: Target, scenario: Scenario, tracks: Sequence[Track]) -> Measurement:
    lateness, start = Lateness(), Start(len(tracks))
    before, metrics_before = target.pid and usage(target.pid), await _metrics(target)
    async with lateness.watch(), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(target.dialect(target.url, track, scenario.ask, start, lateness))
            for track in tracks
        ]
    after, metrics_after = target.pid and usage(target.pid), await _metrics(target)
    audio_seconds = sum(track.seconds for track in tracks)
    return evaluated(
        target,
        scenario,
        [task.result() for task in tasks],
        cpu_per_audio_second=(after.cpu_seconds - before.cpu_seconds) / audio_seconds
        if before and after
        else None,
        peak_megabytes=after.peak_megabytes if after else None,
        server_lag_p99=lag_quantile(metrics_before, metrics_after, 0.99),
        client_late=spread([*lateness.frames, *lateness.beats]),
    )


def evaluated(
    target: Target,
    scenario: Scenario,
    hearings: Sequence[Hearing],
    *,
    cpu_per_audio_second: float | None,
    peak_megabytes: float | None,
    server_lag_p99: float | None,
    client_late: Spread | None,
) -> Measurement:
    """The figures of all sessions together."""
    tracks = [hearing.track for hearing in hearings]
    each = [lags(hearing, scenario.ask.endpointing) for hearing in hearings]
    speech_seconds = sum(track.speech_seconds for track in tracks)
    partials = sum(not one.is_final for hearing in hearings for one in hearing.transcripts)
    losses = Counter(chain.from_iterable(hearing.losses for hearing in hearings))
    losses["a turn of which nothing became final"] += sum(one.unheard for one in each)
    texts = tuple((hearing.track.text, hearing.text) for hearing in hearings)
    return Measurement(
        target=target.name,
        version=target.version,
        scenario=scenario.name,
        sessions=len(tracks),
        ask=scenario.ask,
        audio_seconds=sum(track.seconds for track in tracks),
        speech_seconds=speech_seconds,
        shown=spread(chain.from_iterable(one.shown for one in each)),
        stable=spread(chain.from_iterable(one.stable for one in each)),
        final=spread(chain.from_iterable(one.final for one in each)),
        close=spread(chain.from_iterable(one.close for one in each)),
        turn_end=spread(chain.from_iterable(one.turn_end for one in each)),
        words=sum(len(track.words) for track in tracks),
        missing_words=sum(one.missing for one in each),
        error_rate=word_error_rate(texts),
        partials_per_speech_second=partials / speech_seconds,
        cpu_per_audio_second=cpu_per_audio_second,
        peak_megabytes=peak_megabytes,
        server_lag_p99=server_lag_p99,
        client_late=client_late,
        losses=tuple(f"{count} times: {loss}" for loss, count in losses.items() if count),
        texts=texts,
    )


async def _metrics(target: Target) -> str:
    if target.dialect is not converse:
        return ""
    try:
        async with httpx.AsyncClient(base_url=target.url) as http:
            response = await http.get("/metrics")
    except httpx.HTTPError:
        # A server that died: the clients' losses tell, and what else was measured is kept.
        return ""
    return response.text if response.is_success else ""
