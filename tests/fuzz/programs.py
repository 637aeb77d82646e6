"""What a fuzzed session does, as Hypothesis makes it up: each step has a seed of its own for the details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from hypothesis import strategies as st

from live.shell import SWITCHES
from vivavoce.protocol.requests import BitDepth, Encoding, SampleRate

Kind = Literal["audio", "base64", "sips", "fragments", "control", "rest", "drain", "text", "broken", "stop"]
Query = Literal["told", "silent", "earlier", "too far", "no number", "wrong token"]
Ending = Literal["abort", "half", "end of file", "close", "replaced", "drain"]
Conclusion = Literal["stop", "close", "leave", "delete"]

# Four of five are steps after which the connection goes on.
_KINDS = st.sampled_from([*get_args(Kind)[:7]] * 4 + [*get_args(Kind)])
_SEEDS = st.integers(0, 2**32)


@dataclass(frozen=True, slots=True)
class Step:
    """`count` of one kind of message."""

    kind: Kind
    count: int
    seed: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection."""

    query: Query
    steps: list[Step]
    ending: Ending
    seed: int


@dataclass(frozen=True, slots=True)
class Program:
    """One session, over all its connections."""

    body: dict[str, Any]
    material: Literal["noise", "speech", "silence"]
    visits: list[Visit]
    conclusion: Conclusion
    seed: int

    @property
    def steps(self) -> int:
        return sum(len(visit.steps) for visit in self.visits)


def programs(most: int = 60) -> st.SearchStrategy[Program]:
    """`most`: how many messages a step may have."""
    steps = st.builds(Step, _KINDS, st.integers(1, most), _SEEDS)
    visits = st.builds(
        Visit,
        st.sampled_from(["told", "silent", *get_args(Query)]),
        st.lists(steps, max_size=8),
        st.sampled_from(get_args(Ending)),
        _SEEDS,
    )
    return st.builds(
        Program,
        _bodies(),
        st.sampled_from(["noise", "speech", "silence"]),
        st.lists(visits, min_size=1, max_size=4),
        st.sampled_from(["stop", "stop", *get_args(Conclusion)]),
        _SEEDS,
    )


def _bodies() -> st.SearchStrategy[dict[str, Any]]:
    # Without acknowledgements nobody could say what must be in the recording.
    switches = {name: st.booleans() for name in SWITCHES if name != "receive_acknowledgments"}
    return st.fixed_dictionaries(
        {},
        optional={
            "encoding": st.sampled_from(get_args(Encoding)),
            "bit_depth": st.sampled_from(get_args(BitDepth)),
            "sample_rate": st.sampled_from(get_args(SampleRate)),
            "channels": st.integers(1, 8),
            "endpointing": st.sampled_from([0.01, 0.3, 10]),
            "language_config": st.just({"languages": ["fr"]}),
            "realtime_processing": st.just(
                {"sentiment_analysis": True, "custom_spelling": True}
                | {"custom_spelling_config": {"spelling_dictionary": {"SQL": ["one"]}}}
            ),
            "post_processing": st.fixed_dictionaries(
                {
                    name: st.booleans()
                    for name in ("summarization", "chapterization", "sentences", "subtitles")
                }
            ),
            "messages_config": st.fixed_dictionaries({}, optional=switches),
        },
    )
