"""Measurements as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from vivavoce.bench.accuracy import Accuracy
from vivavoce.bench.measure import Measurement
from vivavoce.bench.quantiles import Spread

FIGURES = ("shown", "stable", "final", "close", "turn_end")


def lines(one: Measurement) -> Iterator[str]:
    """A measurement as a table and a few remarks."""
    share = one.speech_seconds / one.audio_seconds
    yield (
        f"{one.target} {one.version}: {one.sessions} session{'s' * (one.sessions > 1)}, "
        f"{one.audio_seconds / one.sessions:.0f} s each, {share:.0%} speech, "
        f"endpointing {one.ask.endpointing:g} s, at most {one.ask.maximum:g} s"
    )
    yield "          " + "".join(f"{name:>8}" for name in ("p50", "p90", "p95", "p99", "max", "count"))
    for name in FIGURES:
        figures: Spread | None = getattr(one, name)
        if figures:
            times = (figures.p50, figures.p90, figures.p95, figures.p99, figures.max)
            yield f"{name:10}" + "".join(f"{time:8.2f}" for time in times) + f"{figures.count:8}"
    yield (
        f"WER {one.error_rate:.1%}, {one.missing_words} of {one.words} words missing, "
        f"{one.partials_per_speech_second:.1f} partials per second of speech"
    )
    if one.cpu_per_audio_second is not None and one.peak_megabytes is not None:
        cost = f"{one.cpu_per_audio_second:.3f} CPU s per s of audio"
        yield f"{cost}, {one.peak_megabytes:.0f} MB resident at most"
    if one.server_lag_p99 is not None:
        yield f"server's event loop: p99 of its lag {one.server_lag_p99 * 1000:.0f} ms at most"
    if one.client_late:
        late = one.client_late
        yield f"clients late: p99 {late.p99 * 1000:.0f} ms, max {late.max * 1000:.0f} ms"
    if one.client_was_late:
        yield "The clients themselves were late: the figures are partly theirs."
    yield from (f"LOST: {loss}" for loss in one.losses)
    if not one.losses:
        yield "nothing lost"


def ratio(ours: Measurement, other: Measurement) -> str:
    """How many times as long the other server takes, at the median and the 95th percentile."""
    parts = []
    for name in FIGURES:
        one: Spread | None = getattr(ours, name)
        two: Spread | None = getattr(other, name)
        if one and two and min(one.p50, one.p95) > 0:
            parts.append(f"{name} {two.p50 / one.p50:.1f} (p95 {two.p95 / one.p95:.1f})")
    if ours.cpu_per_audio_second and other.cpu_per_audio_second:
        parts.append(f"CPU {other.cpu_per_audio_second / ours.cpu_per_audio_second:.1f}")
    return f"{other.target} takes, times what {ours.target} takes: {', '.join(parts) or 'nothing to compare'}"


def accuracy_lines(one: Accuracy) -> Iterator[str]:
    """The error rate, of what, and what was lost."""
    minutes = one.audio_seconds / 60
    yield f"{one.target} {one.version}: {one.recordings} recordings, {minutes:.1f} min, finals only"
    yield f"WER {one.error_rate:.2%} at endpointing {one.ask.endpointing:g} s"
    yield from (f"LOST: {loss}" for loss in one.losses)
