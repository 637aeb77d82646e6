"""Where connections are to break: chosen at random, but every point of the exchange has its turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from disturbed.add_ons import LIVE, WHOLE
from disturbed.network import Direction, Fault

_WHERE = ("before", "inside", "after")
_ONE_WAY: tuple[frozenset[Direction], ...] = (
    frozenset({"up"}),
    frozenset({"down"}),
    frozenset({"up", "down"}),
)


def _between_a_frame_and_its_acknowledgement(chance: random.Random, skip: int) -> list[Fault]:
    return [Fault("audio", "after", skip, frozenset({"down"}), chance.choice([0.02, 0.1]))]


def _within_a_frame(chance: random.Random, skip: int) -> list[Fault]:
    return [Fault("audio", "inside", skip)]


def _at_an_acknowledgement(chance: random.Random, skip: int) -> list[Fault]:
    return [Fault("audio_chunk", chance.choice(_WHERE), skip, dangling=chance.random() < 0.3)]


def _at_a_final(chance: random.Random, skip: int) -> list[Fault]:
    return [Fault("final", chance.choice(_WHERE), chance.randint(0, 1))]


def _half_open(chance: random.Random, skip: int) -> list[Fault]:
    deaf, linger = chance.choice(_ONE_WAY), chance.choice([0.1, 0.4])
    return [Fault("audio", chance.choice(_WHERE), skip, deaf, linger, dangling=chance.random() < 0.5)]


def _in_the_handshake_of_a_reconnection(chance: random.Random, skip: int) -> list[Fault]:
    return [Fault("audio", "after", skip), Fault("handshake", chance.choice(_WHERE))]


def _in_what_is_sent_again(chance: random.Random, skip: int) -> list[Fault]:
    return [
        Fault("audio", "after", skip, frozenset({"down"}), 0.1),
        Fault("audio", chance.choice(_WHERE), chance.randint(0, 1)),
    ]


def _twice_in_a_row(chance: random.Random, skip: int) -> list[Fault]:
    return [
        Fault("audio_chunk", "inside", skip),
        Fault(chance.choice(["up", "down", "handshake"]), chance.choice(_WHERE)),
        Fault("audio", "before"),
    ]


DURING: Sequence[Callable[[random.Random, int], list[Fault]]] = (
    _between_a_frame_and_its_acknowledgement,
    _within_a_frame,
    _at_an_acknowledgement,
    _at_a_final,
    _half_open,
    _in_the_handshake_of_a_reconnection,
    _in_what_is_sent_again,
    _twice_in_a_row,
)
ENDS = ("stop_recording", "end_recording", "post_transcript", "post_final_transcript", "end_session", "close")


def any_faults(chance: random.Random, frames: int, least: int, *, add_ons: bool = False) -> list[Fault]:
    """At least `least` of them for a session of so many frames of audio, some more at its end."""
    faults: list[Fault] = []
    while len(faults) < least:
        faults += chance.choice(DURING)(chance, chance.randint(0, max(1, frames // (least + 1))))
    if add_ons and chance.random() < 0.6:
        dangling = chance.random() < 0.3
        faults.append(
            Fault(chance.choice(LIVE), chance.choice(_WHERE), chance.randint(0, 1), dangling=dangling)
        )
    if add_ons and chance.random() < 0.4:
        faults.append(Fault(chance.choice(WHOLE), chance.choice(_WHERE)))
    if chance.random() < 0.7:
        deaf = chance.choice([frozenset(), frozenset({"down"}), frozenset({"up", "down"})])
        what = chance.choice(ENDS)
        skip = 1 if what == "stop_recording" and chance.random() < 0.5 else 0
        dangling = chance.random() < 0.4
        faults.append(Fault(what, chance.choice(_WHERE), skip, deaf, 0.3 if deaf else 0.0, dangling))
        if chance.random() < 0.3:
            faults.append(Fault(chance.choice(["end_session", "close"]), chance.choice(_WHERE)))
    return faults


def any_moment(chance: random.Random, *, add_ons: bool = False) -> tuple[str, int]:
    """What passes, and how often it has passed before, when the server is to end."""
    if add_ons and chance.random() < 0.5:
        return chance.choice(
            [*((name, chance.randint(0, 2)) for name in LIVE), *((name, 0) for name in WHOLE)]
        )
    return chance.choice(
        [
            ("handshake", 0),
            ("audio", 0),
            ("audio", chance.randint(1, 200)),
            ("audio_chunk", chance.randint(0, 200)),
            ("final", chance.randint(0, 3)),
            ("stop_recording", 0),
            ("stop_recording", 1),
            ("end_recording", 0),
            ("post_transcript", 0),
            ("post_final_transcript", 0),
            ("end_session", 0),
            ("close", 0),
        ]
    )
