"""The figures of a run as tables, for the terminal and for a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vivavoce.bench.error_rate import WITHOUT_SPACES
from vivavoce.bench.markdown import head, section, table
from vivavoce.bench.quality.figures import Detection, WordErrors
from vivavoce.bench.quality.intervals import Interval
from vivavoce.bench.quality.run import Outcome


@dataclass(frozen=True, slots=True)
class Figures:
    """A table with its title and what must be known to read it."""

    title: str
    text: str
    columns: list[str]
    rows: list[list[str]]


def tables(outcome: Outcome) -> Iterator[Figures]:
    """All that have something to say."""
    ways = [f"{way.endpointing:g} s" for way in outcome.ways]
    if outcome.by_language:
        yield Figures(
            "Words by language",
            "Errors in 100 words (CER: characters) of the finals, by endpointing, and in brackets how many "
            "points that is above offline. After each figure, where it may lie with other recordings of "
            "this sort (95 %).",
            ["language", "recordings", "min", "words", "offline", *ways],
            [[_language(one), *_rates(one)] for one in outcome.by_language],
        )
        yield Figures(
            "Words by kind of recording",
            "",
            ["language", "kind", "recordings", "min", "words", "offline", *ways],
            [[_language(one), one.kind, *_rates(one)] for one in outcome.by_kind],
        )
    if outcome.detection:
        yield Figures(
            "Language detection",
            "Utterances of more than 3 s whose language is right.",
            ["languages asked for", "language", "right", "of", "share"],
            [_detection(one) for one in outcome.detection],
        )
    if outcome.false_words:
        yield Figures(
            "Words where nobody speaks",
            "",
            ["kind", "recordings", "min", "offline", *ways],
            [
                [
                    one.kind,
                    str(one.recordings),
                    f"{one.seconds / 60:.1f}",
                    "–" if one.offline is None else str(one.offline),
                    *map(str, one.streamed),
                ]
                for one in outcome.false_words
            ],
        )
    if any(one.turns for one in outcome.endpoints):
        yield Figures(
            "Endpoints",
            "",
            ["endpointing", "turns", "divided at", "early cuts", "pauses between turns", "late closes"],
            [
                [way, *map(str, (one.turns, one.cuts, one.early_cuts, one.pauses, one.late_closes))]
                for way, one in zip(ways, outcome.endpoints, strict=True)
            ],
        )
    if any(outcome.word_times):
        yield Figures(
            "Times of words",
            "Milliseconds between starts and ends of words and those of an alignment of the whole recording.",
            ["endpointing", "times", "p50", "p90", "p95", "p99"],
            [
                [
                    way,
                    str(one.count),
                    *(f"{1000 * time:.0f}" for time in (one.p50, one.p90, one.p95, one.p99)),
                ]
                for way, one in zip(ways, outcome.word_times, strict=True)
                if one
            ],
        )


def page(outcome: Outcome) -> str:
    """All tables; what the figures mean is in docs/quality.md."""
    return "\n".join(_lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from head("Quality", "vivavoce eval", "quality.md", outcome.surroundings)
    enhanced = ", with the audio enhancer" if outcome.ways[0].enhance else ""
    yield (
        f"- {outcome.recordings} recordings, {outcome.seconds / 60:.1f} min; utterances of at most "
        f"{outcome.ways[0].maximum:g} s{enhanced}"
    )
    yield f"- lost: {'; '.join(outcome.losses) or 'nothing'}"
    for one in tables(outcome):
        yield from section(one.title, one.text, table(one.columns, one.rows))


def _language(one: WordErrors) -> str:
    return f"{one.language} (CER)" if one.language in WITHOUT_SPACES else one.language


def _rates(one: WordErrors) -> list[str]:
    return [
        str(one.recordings),
        f"{one.seconds / 60:.1f}",
        str(one.streamed[0].of),
        _points(one.offline.rate, one.offline_within, ".1f") if one.offline else "–",
        *(_compared(one, number) for number in range(len(one.streamed))),
    ]


def _compared(one: WordErrors, number: int) -> str:
    rate = one.streamed[number].rate
    text = _points(rate, one.streamed_within[number], ".1f")
    if one.offline is None:
        return text
    return f"{text} ({_points(rate - one.offline.rate, one.above_offline_within[number], '+.1f')})"


def _points(rate: float, within: Interval | None, form: str) -> str:
    text = f"{100 * rate:{form}}"
    return f"{text} [{100 * within.low:{form}}, {100 * within.high:{form}}]" if within else f"{text} [?]"


def _detection(one: Detection) -> list[str]:
    share = f"{one.right / one.of:.1%}" if one.of else "–"
    return [" ".join(one.candidates) or "any", one.language, str(one.right), str(one.of), share]
