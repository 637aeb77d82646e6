"""Going on after a restart of the server, when no acknowledgement is remembered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from live.shell import CHUNK, NOISE, Shell, connected, final
from vivavoce.live.resume import find_repetition
from vivavoce.live.session import LAST_FLUSH
from vivavoce.protocol.stream import Flushed


@given(st.binary(min_size=300, max_size=600), st.integers(0, 200), st.binary(max_size=100))
def test_after_a_restart_a_repetition_is_found_without_acknowledgements(
    log: bytes, back: int, fresh: bytes
) -> None:
    start = len(log) - 100 - back
    frame = log[start:] + fresh
    found = find_repetition(frame, len(log), lambda a, b: log[a:b])
    # Where the bytes repeat themselves another place fits as well, and nobody could tell.
    assert found is None or log[found:] == frame[: len(log) - found]
    if len(set(frame[:64])) > 32:
        assert found == start


def test_after_a_restart_new_audio_is_not_taken_for_repeated_audio() -> None:
    log, frame = NOISE[:6400], NOISE[6400:9600]
    assert find_repetition(frame, len(log), lambda a, b: log[a:b]) is None


def test_a_client_that_repeats_audio_after_a_restart_doubles_none() -> None:
    shell = connected()
    shell.audio(NOISE[:6400])
    restarted = Shell(log=shell.log)
    restarted.connect()
    restarted.audio(NOISE[3200:9600])
    assert bytes(restarted.log) == NOISE[:9600]


LOG = NOISE[: 40 * CHUNK]
"""Four seconds; the finals below end after 0.5 and 2.5 of them."""


def test_finals_that_were_not_sent_before_a_restart_go_first() -> None:
    shell = Shell(log=LOG, sent=[final(0)], unsent=[final(2)])
    number = shell.connect()
    shell.audio(NOISE[40 * CHUNK : 41 * CHUNK])
    assert shell.finals(number) == ["00_00000002"]
    shell.hear(final(3))
    assert shell.finals(number) == ["00_00000002", "00_00000003"]


def test_finals_of_audio_that_the_client_saw_acknowledged_do_not_go_again_after_a_restart() -> None:
    shell = Shell(log=LOG, sent=[final(0), final(2)])
    number = shell.connect()
    shell.audio(LOG[-CHUNK:])
    assert shell.finals(number) == []
    assert shell.log == LOG


def test_finals_of_audio_that_the_client_did_not_see_acknowledged_go_again_after_a_restart() -> None:
    shell = Shell(log=LOG, sent=[final(0), final(2)])
    number = shell.connect()
    shell.audio(LOG[20 * CHUNK :])
    assert shell.finals(number) == ["00_00000002"]


def test_all_finals_go_again_after_a_restart_to_a_client_that_passes_over_repetitions() -> None:
    shell = Shell(log=LOG, sent=[final(0)], unsent=[final(2)])
    number = shell.connect(resume_from=len(LOG))
    assert shell.finals(number) == ["00_00000000", "00_00000002"]


def test_a_session_that_had_been_stopped_does_not_wait_for_its_client_after_a_restart() -> None:
    shell = Shell(log=LOG, sent=[final(0)], stopped=True)
    shell.hear(final(2), Flushed(LAST_FLUSH))
    assert [finish.status for finish in shell.finishes()] == ["done"]
    number = shell.connect()
    assert shell.finals(number) == ["00_00000002"]
    assert shell.closed[number].code == 1000


def test_a_session_that_had_been_stopped_takes_no_more_audio_after_a_restart() -> None:
    shell = Shell(log=LOG, stopped=True)
    shell.connect()
    shell.audio(LOG[-CHUNK:])
    shell.audio(NOISE[40 * CHUNK : 41 * CHUNK])
    assert shell.acks() == [(39 * CHUNK, 40 * CHUNK)]
    assert shell.log == LOG
    assert shell.refusals() == ["the recording has been stopped: no more audio is accepted"]
