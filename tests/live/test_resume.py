"""Going on after a broken connection: where the audio goes on, and which messages go again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.shell import CHUNK, NOISE, Shell, connected, final, partial, with_messages
from vivavoce.live.resume import AckHistory, find_repetition, find_resumption
from vivavoce.protocol.stream import Failed, Flushed

FLUSHED = Flushed(1)


def resumption(frame: bytes, log: bytes, ends: Sequence[int]) -> int | None:
    return find_resumption(frame, ends, len(log), lambda start, end: log[start:end])


def interrupted(chunks: int = 3) -> Shell:
    """A session whose connection broke after so many acknowledged chunks; its story begins after that."""
    shell = connected()
    for number in range(chunks):
        shell.audio(chunk(number))
    shell.lose()
    shell.story()
    return shell


def chunk(number: int) -> bytes:
    return NOISE[number * CHUNK : (number + 1) * CHUNK]


# Where a frame goes on


def test_new_audio_repeats_nothing() -> None:
    assert resumption(NOISE[300:400], NOISE[:300], [0, 100, 200, 300]) is None


@pytest.mark.parametrize("start", [0, 100, 200])
def test_a_frame_goes_on_where_the_log_holds_it(start: int) -> None:
    assert resumption(NOISE[start : start + 50], NOISE[:300], [0, 100, 200, 300]) == start


def test_a_frame_may_begin_in_the_log_and_go_on_beyond_it() -> None:
    assert resumption(NOISE[200:5000], NOISE[:300], [0, 100, 200, 300]) == 200


def test_only_places_that_were_acknowledged_are_looked_at() -> None:
    assert resumption(NOISE[150:300], NOISE[:300], [0, 100, 200, 300]) is None


def test_nothing_is_repeated_of_an_empty_log() -> None:
    assert resumption(NOISE[:100], b"", [0]) is None


def test_a_frame_that_differs_late_is_new_audio() -> None:
    frame = NOISE[100:299] + b"\0"
    assert frame[-1] != NOISE[299]
    assert resumption(frame, NOISE[:300], [0, 100, 200]) is None


def test_where_several_places_match_the_one_that_repeats_most_wins() -> None:
    log = NOISE[:290] + NOISE[200:210]
    assert resumption(NOISE[200:290] + NOISE[200:400], log, [0, 200, 290]) == 200


@given(st.integers(2, 100), st.integers(4, 12), st.integers(1, 400))
def test_audio_that_repeats_itself_proves_nothing(period: int, frames: int, length: int) -> None:
    """A steady tone: what comes next may be new, and then must not be lost."""
    tone = NOISE[:period] * 1000
    step = period * 50
    ends = [number * step for number in range(frames + 1)]
    assert resumption(tone[: step + length], tone[: ends[-1]], ends) is None
    assert find_repetition(tone[: step + length], ends[-1], lambda a, b: tone[: ends[-1]][a:b]) is None


def test_the_order_of_the_places_does_not_matter() -> None:
    assert resumption(NOISE[100:200], NOISE[:300], [300, 0, 200, 100]) == 100


@pytest.mark.parametrize("silence", [b"\0", b"\xff", b"\x80"])
def test_silence_proves_nothing(silence: bytes) -> None:
    log = NOISE[:100] + silence * 200
    assert resumption(silence * 100, log, [0, 100, 200, 300]) is None
    assert resumption(silence * 200 + NOISE[:10], log, [0, 100, 200, 300]) is None


def test_silence_before_sound_that_is_in_the_log_is_recognised() -> None:
    log = NOISE[:100] + bytes(200) + NOISE[200:300]
    assert resumption(bytes(200) + NOISE[200:250], log, [0, 100, 200, 300]) == 100


def test_of_thousands_of_places_in_a_long_silence_the_one_before_the_sound_is_found() -> None:
    silence = 4000 * CHUNK
    log = bytes(silence) + NOISE[:CHUNK]
    frame = bytes(silence // 2) + NOISE * 10
    assert resumption(frame, log, range(0, len(log), CHUNK)) == silence // 2


@given(
    st.lists(st.integers(8, 400), min_size=1, max_size=30),
    st.data(),
    st.integers(8, 3000),
)
def test_whatever_part_of_the_acknowledgements_was_seen_it_goes_on_right_there(
    sizes: list[int], data: st.DataObject, length: int
) -> None:
    ends = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    seen = data.draw(st.sampled_from(ends))
    found = resumption(NOISE[seen : seen + length], NOISE[: ends[-1]], ends)
    assert found == (seen if seen < ends[-1] else None)


# Which acknowledgements are remembered


def test_the_start_of_the_session_is_a_place_to_go_on_from() -> None:
    assert list(AckHistory()) == [0]


def test_a_client_cannot_go_on_from_before_what_it_has_seen() -> None:
    acks = AckHistory()
    for end in (100, 200, 300):
        acks.sent(end)
    acks.seen(200)
    acks.sent(250)
    acks.sent(250)
    assert list(acks) == [200, 250]


def test_few_acknowledgements_and_few_bytes_are_remembered() -> None:
    acks = AckHistory()
    for number in range(10_000):
        acks.sent(number)
    assert len(list(acks)) == 4096
    acks.sent(1 << 30)
    assert list(acks) == [1 << 30]


# A session that goes on


@pytest.mark.parametrize("seen", [0, 1, 2])
def test_audio_that_is_sent_again_is_acknowledged_again_and_not_appended(seen: int) -> None:
    shell = interrupted()
    shell.connect()
    for number in range(seen, 4):
        shell.audio(chunk(number))
    assert shell.log == NOISE[: 4 * CHUNK]
    again = [(number * CHUNK, (number + 1) * CHUNK) for number in range(seen, 4)]
    assert shell.acks()[3:] == again


def test_a_frame_that_repeats_and_goes_on_is_appended_from_where_the_log_ends() -> None:
    shell = interrupted()
    shell.connect()
    shell.audio(NOISE[CHUNK : 5 * CHUNK])
    assert shell.story() == [f"append {2 * CHUNK}", "send audio_chunk"]
    assert shell.log == NOISE[: 5 * CHUNK]
    assert shell.acks()[-1] == (CHUNK, 5 * CHUNK)


def test_new_audio_after_a_reconnection_is_appended() -> None:
    shell = interrupted()
    shell.connect()
    shell.audio(chunk(3))
    assert shell.log == NOISE[: 4 * CHUNK]


def test_a_client_that_says_where_it_goes_on_is_believed() -> None:
    shell = Shell()
    shell.connect()
    for _ in range(3):
        shell.audio(bytes(CHUNK))
    shell.lose()
    shell.connect(resume_from=CHUNK + 10)
    shell.audio(bytes(3 * CHUNK))
    assert len(shell.log) == 4 * CHUNK + 10
    assert shell.acks()[-1] == (CHUNK + 10, 4 * CHUNK + 10)


def test_a_client_that_wants_no_acknowledgements_has_seen_none() -> None:
    shell = connected(with_messages(acknowledgments=False))
    for number in range(3):
        shell.audio(chunk(number))
    shell.lose()
    shell.connect()
    shell.audio(NOISE[: 4 * CHUNK])
    assert shell.log == NOISE[: 4 * CHUNK]


def test_a_second_break_before_anything_came_back_changes_nothing() -> None:
    shell = interrupted()
    shell.connect()
    shell.lose()
    shell.connect()
    shell.audio(NOISE[CHUNK : 4 * CHUNK])
    assert shell.log == NOISE[: 4 * CHUNK]


def test_after_a_restart_a_client_may_go_on_from_where_it_says() -> None:
    shell = Shell(log=NOISE[: 3 * CHUNK])
    shell.connect(resume_from=2 * CHUNK)
    shell.audio(NOISE[2 * CHUNK : 4 * CHUNK])
    assert shell.log == NOISE[: 4 * CHUNK]
    assert shell.story() == [f"append {CHUNK}", "send audio_chunk"]


def test_after_a_restart_new_audio_is_appended() -> None:
    shell = Shell(log=NOISE[: 3 * CHUNK])
    shell.connect()
    shell.audio(chunk(3))
    assert shell.log == NOISE[: 4 * CHUNK]


# Messages that the client has missed


def test_finals_that_came_while_nobody_was_connected_go_first() -> None:
    shell = interrupted()
    shell.hear(partial(0), final(0), final(1))
    second = shell.connect()
    assert shell.finals(second) == []
    shell.hear(final(2))
    shell.audio(chunk(3))
    assert shell.finals(second) == ["00_00000000", "00_00000001", "00_00000002"]
    assert len(shell.messages("transcript")) == 3


def test_a_final_that_the_socket_did_not_take_goes_again() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.broken.add(1)
    shell.hear(final(0), final(1))
    shell.lose()
    shell.hear(final(2))
    second = shell.connect()
    shell.audio(chunk(1))
    assert shell.finals(second) == ["00_00000000", "00_00000001", "00_00000002"]


def test_a_final_after_an_acknowledgement_that_was_not_seen_goes_again() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.hear(final(0))
    shell.confirm()
    shell.audio(chunk(1))
    shell.hear(final(1))
    shell.audio(chunk(2))
    shell.lose()
    second = shell.connect()
    shell.audio(NOISE[CHUNK : 3 * CHUNK])
    assert shell.finals(second) == ["00_00000001"]


def test_a_final_that_may_have_been_seen_goes_again_to_a_client_that_passes_over_repetitions() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.hear(final(0))
    shell.lose()
    second = shell.connect(resume_from=CHUNK)
    assert shell.finals(second) == ["00_00000000"]
    shell.audio(chunk(1))
    shell.lose()
    third = shell.connect(resume_from=2 * CHUNK)
    assert shell.finals(third) == []


def test_a_final_that_was_received_does_not_go_again_to_others() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.hear(final(0))
    shell.confirm()
    shell.hear(final(1))
    shell.lose()
    second = shell.connect()
    shell.audio(chunk(1))
    assert shell.finals(second) == ["00_00000001"]


def test_what_was_not_received_after_the_stop_goes_again_to_any_client() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.stop()
    shell.hear(final(0))
    shell.confirm()
    shell.hear(final(1), FLUSHED)
    shell.lose()
    second = shell.connect()
    assert [json.loads(text)["type"] for text in shell.wires[second]] == [
        "transcript",
        "post_transcript",
        "post_final_transcript",
    ]
    assert shell.finals(second) == ["00_00000001"]
    shell.confirm()
    third = shell.connect()
    assert shell.wires[third] == []
    assert shell.closed[third].code == 1000


def test_a_final_goes_again_to_a_client_that_shows_that_it_lost_the_acknowledgement_before_it() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.audio(chunk(1))
    shell.hear(final(0))
    shell.confirm()
    shell.lose()
    second = shell.connect()
    shell.audio(NOISE[CHUNK : 3 * CHUNK])
    assert shell.finals(second) == ["00_00000000"]


def test_a_client_that_comes_back_after_its_stop_need_not_send_anything() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.stop()
    shell.lose()
    shell.hear(final(0))
    second = shell.connect()
    assert shell.finals(second) == ["00_00000000"]
    shell.hear(FLUSHED)
    assert shell.closed[second].code == 1000


def test_a_client_that_repeats_audio_after_its_stop_gets_nothing_twice() -> None:
    shell = connected()
    for number in range(3):
        shell.audio(chunk(number))
    shell.stop()
    shell.lose()
    shell.hear(final(0))
    second = shell.connect()
    shell.audio(NOISE[CHUNK : 3 * CHUNK])
    assert shell.finals(second) == ["00_00000000"]
    shell.confirm()
    shell.lose()
    third = shell.connect()
    shell.audio(NOISE[CHUNK : 3 * CHUNK])
    assert shell.finals(third) == []


def test_a_client_that_only_comes_back_to_stop_gets_what_it_missed_after_the_acknowledgement() -> None:
    shell = interrupted()
    shell.hear(final(0))
    second = shell.connect()
    shell.stop()
    assert shell.finals(second) == ["00_00000000"]


def test_a_client_that_comes_back_and_stays_silent_gets_what_it_missed_before_the_end() -> None:
    shell = interrupted()
    shell.hear(final(0))
    second = shell.connect()
    shell.hear(final(1))
    shell.wait(61)
    shell.hear(final(2), FLUSHED)
    assert shell.finals(second) == ["00_00000000", "00_00000001", "00_00000002"]
    assert shell.closed[second].code == 4408
    assert shell.settled


def test_a_client_that_comes_back_to_a_failure_gets_what_it_missed_before_the_end() -> None:
    shell = interrupted()
    shell.hear(final(0))
    second = shell.connect()
    shell.hear(Failed("the model broke"))
    assert shell.finals(second) == ["00_00000000"]
    assert shell.settled


def test_finals_that_go_again_keep_their_order() -> None:
    shell = connected()
    shell.audio(chunk(0))
    shell.audio(chunk(1))
    shell.hear(final(0), final(1))
    shell.broken.add(1)
    shell.hear(final(2))
    shell.lose()
    shell.hear(final(3))
    second = shell.connect()
    shell.audio(chunk(0))
    assert shell.finals(second) == [f"00_0000000{number}" for number in range(4)]
