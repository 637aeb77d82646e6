"""Measurements as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vivavoce.bench.accuracy import Accuracy
from vivavoce.bench.markdown import head, section, table
from vivavoce.bench.measure import Measurement
from vivavoce.bench.outcome import Outcome
from vivavoce.bench.quantiles import Spread
from vivavoce.bench.report import ratio

_TIMES = ("shown", "stable", "final", "close", "turn_end")


def page(outcome: Outcome) -> str:
    """Everything that was measured in one run; what the figures mean is in docs/benchmarks.md."""
    return "\n".join(_lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from head("Results", "vivavoce bench", "benchmarks.md", outcome.surroundings)
    if outcome.measurements:
        yield from section("Times", "Seconds: p50 / p95 / p99 / max.", _times(outcome.measurements))
        yield from section("Words and cost", "", _costs(outcome.measurements))
    if len({one.target for one in outcome.measurements}) > 1:
        yield from section("Side by side", "", _ratios(outcome.measurements))
    if outcome.accuracies:
        yield from section("Accuracy", "", _accuracies(outcome.accuracies))
    if outcome.capacities:
        yield from section(
            "Capacity",
            "The largest number of sessions at which p95 *close* is at most 1 s and nothing is lost.",
            table(["load", "sessions"], [[name, str(count)] for name, count in outcome.capacities.items()]),
        )


def _times(measurements: Sequence[Measurement]) -> Iterator[str]:
    rows = [[*_what(one), *(_quantiles(getattr(one, name)) for name in _TIMES)] for one in measurements]
    return table(["load", "server", *(name.replace("_", " ") for name in _TIMES)], rows)


def _costs(measurements: Sequence[Measurement]) -> Iterator[str]:
    columns = ["load", "server", "WER", "words missing", "partials per s of speech", "CPU s per s of audio"]
    rows = [
        [
            *_what(one),
            f"{one.error_rate:.1%}",
            f"{one.missing_words} of {one.words}",
            f"{one.partials_per_speech_second:.1f}",
            _number(one.cpu_per_audio_second, 3),
            _number(one.peak_megabytes, 0),
            _number(one.server_lag_p99, 3),
            _number(one.client_late.p99 if one.client_late else None, 3),
            "; ".join(one.losses) or "nothing",
        ]
        for one in measurements
    ]
    return table([*columns, "MB at most", "server's lag p99", "clients late p99", "lost"], rows)


def _ratios(measurements: Sequence[Measurement]) -> Iterator[str]:
    ours = {one.scenario: one for one in measurements if one.target == measurements[0].target}
    others = (one for one in measurements if one.target != measurements[0].target)
    return (f"- {one.scenario}: {ratio(ours[one.scenario], one)}" for one in others)


def _accuracies(accuracies: Sequence[Accuracy]) -> Iterator[str]:
    rows = [
        [
            f"{one.target} {one.version}",
            f"{one.ask.endpointing:g} s",
            f"{one.recordings} ({one.audio_seconds / 60:.1f} min)",
            f"{one.error_rate:.2%}",
            "; ".join(one.losses) or "nothing",
        ]
        for one in accuracies
    ]
    return table(["server", "endpointing", "recordings", "WER of finals", "lost"], rows)


def _what(one: Measurement) -> list[str]:
    kind = f"{one.scenario}: {one.sessions} × {one.audio_seconds / one.sessions:.0f} s"
    return [f"{kind}, endpointing {one.ask.endpointing:g}", f"{one.target} {one.version}"]


def _quantiles(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    return " / ".join(f"{value:.2f}" for value in (spread.p50, spread.p95, spread.p99, spread.max))


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
