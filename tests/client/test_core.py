"""The session's state, its buffer and its reconnections: no event loop, no socket, no clock."""

from __future__ import annotations

import pytest

from client import wire
from vivavoce.client.core import FRAME_BYTES, STOP_RECORDING, LiveCore, may_reconnect
from vivavoce.client.events import Connected, Connecting, Ended, Ending, Event
from vivavoce.errors import SessionClosed, VivavoceError


def started(**options: bool | int) -> LiveCore:
    core = LiveCore(**options)  # type: ignore[arg-type]
    core.start(wire.CREATED)
    return core


def connected(**options: bool | int) -> LiveCore:
    core = started(**options)
    core.connect()
    core.opened()
    return core


def frames(core: LiveCore) -> list[bytes | str]:
    return list(iter(core.next_frame, None))


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def texts(events: list[Event]) -> list[str]:
    return [event.payload.data.utterance.text for event in events if event.name == "message"]


def reconnect(core: LiveCore) -> str:
    core.closed(1006, "")
    url, _ = core.connect()
    core.opened()
    return url


# Life


def test_a_session_goes_through_its_states_in_order() -> None:
    core = LiveCore()
    seen = [core.status]
    assert core.start(wire.CREATED) == [Event("started", wire.CREATED)]
    seen.append(core.status)
    assert core.connect() == (wire.CREATED.url, [Event("connecting", Connecting(1))])
    seen.append(core.status)
    assert core.opened() == [Event("connected", Connected(1))]
    seen.append(core.status)
    assert core.stop() == [Event("ending", Ending(1000))]
    seen.append(core.status)
    assert core.closed(1000, "") == [Event("ended", Ended(1000))]
    seen.append(core.status)
    assert seen == ["starting", "started", "connecting", "connected", "ending", "ended"]


def test_a_step_out_of_order_says_what_was_expected() -> None:
    with pytest.raises(RuntimeError, match="the session is starting; this is for one that is started or"):
        LiveCore().connect()


def test_ending_comes_once_though_the_recording_was_stopped_before() -> None:
    core = connected()
    assert names(core.stop()) == ["ending"]
    assert names(core.stop()) == []
    assert names(core.end()) == ["ended"]
    assert names(core.end()) == []


def test_an_end_by_the_server_is_told_as_ending_and_ended() -> None:
    core = connected()
    assert core.closed(4408, "idle") == [
        Event("ending", Ending(4408, "idle")),
        Event("ended", Ended(4408, "idle")),
    ]


def test_nothing_is_told_after_the_end() -> None:
    core = connected()
    core.end()
    assert core.receive(wire.transcript("late")) == []
    assert core.next_frame() is None


def test_start_session_is_made_by_the_client_when_lifecycle_events_are_asked_for() -> None:
    started_event, message = LiveCore(lifecycle=True).start(wire.CREATED)
    assert started_event.name == "started"
    assert message.payload.type == "start_session"
    assert message.payload.session_id == wire.CREATED.id


# Audio


def test_audio_written_before_the_connection_is_sent_when_it_opens() -> None:
    core = started()
    core.write(b"early")
    assert core.next_frame() is None
    core.connect()
    core.opened()
    assert frames(core) == [b"early"]


def test_audio_is_sent_in_frames_that_every_server_takes() -> None:
    core = connected()
    core.write(bytes(FRAME_BYTES + 1))
    assert [len(frame) for frame in frames(core)] == [FRAME_BYTES, 1]


def test_an_empty_chunk_is_a_keep_alive() -> None:
    core = connected()
    core.write(b"")
    assert frames(core) == [b""]


def test_the_buffer_is_bounded_and_acknowledgments_make_room() -> None:
    core = connected(buffer_bytes=10)
    assert core.write(b"0123456789ab") == 10
    assert core.room == 0
    assert core.write(b"ab") == 0
    frames(core)
    core.receive(wire.ack(0, 4))
    assert core.room == 4


def test_a_buffer_of_no_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer_bytes must be at least 1"):
        LiveCore(buffer_bytes=0)


def test_no_audio_is_taken_after_stop() -> None:
    core = connected()
    core.stop()
    with pytest.raises(SessionClosed, match="the recording was stopped"):
        core.write(b"late")


def test_no_audio_is_taken_after_the_end_and_the_error_says_why() -> None:
    core = connected()
    core.closed(4429, "too many sessions")
    with pytest.raises(SessionClosed, match="4429: too many sessions"):
        core.write(b"late")


def test_stop_is_sent_after_all_audio() -> None:
    core = connected()
    core.write(b"audio")
    core.stop()
    assert frames(core) == [b"audio", STOP_RECORDING]


def test_audio_that_was_refused_for_good_is_an_error_before_the_end() -> None:
    core = connected()
    core.receive(wire.refused_audio("this is MP3"))
    events = core.closed(4400, "this is MP3")
    assert names(events) == ["error", "ending", "ended"]
    assert isinstance(events[0].payload, VivavoceError)
    assert "this is MP3" in str(events[0].payload)


@pytest.mark.parametrize("answer", [wire.ack(0, 0), wire.refused_audio("of this, too")])
def test_audio_that_was_left_out_while_the_connection_goes_on_is_an_error(answer: str) -> None:
    core = connected()
    core.receive(wire.refused_audio("no base64"))
    [event] = core.receive(answer)
    assert (event.name, str(event.payload)) == ("error", "the server refused audio: no base64")
    assert core.receive(wire.ack(0, 0)) == [] or answer != wire.ack(0, 0)


def test_audio_that_was_refused_for_now_is_sent_again_and_no_error() -> None:
    core = connected()
    core.write(b"heard|refused")
    frames(core)
    core.receive(wire.ack(0, 6))
    assert core.receive(wire.refused_audio("the disk is full")) == []
    assert core.closed(1013, "try again") == []
    url, [connecting] = core.connect()
    core.opened()
    assert connecting.payload == Connecting(1, 1013, "try again")
    assert url == wire.CREATED.url + "&resume_from=6"
    assert frames(core) == [b"refused"]
    assert core.receive(wire.ack(6, 13)) == []
    assert names(core.end()) == ["ending", "ended"]


def test_who_is_only_refused_gives_up_after_the_last_attempt() -> None:
    core = started(max_attempts=3)
    core.connect()
    core.opened()
    assert texts(core.receive(wire.transcript("heard before"))) == ["heard before"]
    told = core.closed(1013, "try again")
    for _ in range(3):
        core.connect()
        core.opened()
        told += core.receive(wire.transcript("heard before"))
        told += core.receive(wire.refused_audio("the disk is full"))
        told += core.closed(1013, "try again")
    assert told == [Event("ending", Ending(1013, "try again")), Event("ended", Ended(1013, "try again"))]


# Reconnection


@pytest.mark.parametrize("code", [1002, 1006, 1011, 1012, 3008, 4399, 4500, 9999])
def test_these_close_codes_leave_the_session_alive(code: int) -> None:
    core = connected()
    assert core.closed(code, "") == []
    assert core.connect()[0].startswith(wire.CREATED.url)


@pytest.mark.parametrize("code", [1000, 1001, 4400, 4401, 4404, 4409, 4429, 4499, 10_000])
def test_these_close_codes_end_the_session(code: int) -> None:
    assert not may_reconnect(code)
    core = connected()
    assert names(core.closed(code, "")) == ["ending", "ended"]


def test_the_first_connection_does_not_resume() -> None:
    core = started()
    assert core.connect()[0] == wire.CREATED.url
    core.closed(1006, "refused")
    assert core.connect()[0] == wire.CREATED.url


def test_a_reconnection_sends_what_was_not_acknowledged_and_says_where_that_begins() -> None:
    core = connected()
    core.write(b"heard|lost")
    frames(core)
    core.receive(wire.ack(0, 6))
    assert reconnect(core) == wire.CREATED.url + "&resume_from=6"
    assert frames(core) == [b"lost"]


def test_resume_from_begins_the_query_of_a_url_without_one() -> None:
    core = LiveCore()
    core.start(wire.CREATED.model_copy(update={"url": "ws://server/live"}))
    core.connect()
    core.opened()
    assert reconnect(core) == "ws://server/live?resume_from=0"


def test_audio_acknowledged_beyond_what_this_connection_sent_is_still_sent() -> None:
    core = connected()
    core.write(b"abcdef")
    frames(core)
    assert reconnect(core).endswith("resume_from=0")
    core.receive(wire.ack(0, 6))
    assert frames(core) == [b"abcdef"]


def test_stop_is_sent_again_after_a_reconnection() -> None:
    core = connected()
    core.stop()
    assert frames(core) == [STOP_RECORDING]
    reconnect(core)
    assert core.status == "ending"
    assert frames(core) == [STOP_RECORDING]


def test_a_stop_that_arrived_before_is_no_error() -> None:
    core = connected()
    core.stop()
    reconnect(core)
    assert core.receive(wire.stop_ack(acknowledged=False)) == []


def test_after_end_session_a_lost_connection_is_a_regular_end() -> None:
    core = connected()
    core.receive(wire.end_session())
    core.closed(1006, "reset")
    assert core.outcome == Ended(1000)


@pytest.mark.parametrize("code", [1000, 1011, 4400, 4408])
def test_after_end_session_the_close_code_still_tells_how_the_session_ended(code: int) -> None:
    core = connected()
    core.receive(wire.end_session())
    core.closed(code, "why")
    assert core.outcome == Ended(code, "why")


def test_attempts_wait_longer_and_longer_up_to_a_bound() -> None:
    core = started()
    waits = [core.delay(jitter=0)]
    for _ in range(7):
        core.connect()
        core.closed(1006, "refused")
        waits.append(core.delay(jitter=0))
    assert waits == [0, 0.25, 0.5, 1, 2, 4, 5, 5]
    assert core.delay(jitter=1) == 2.5


def test_a_connection_that_opens_and_says_nothing_counts_as_a_failed_attempt() -> None:
    core = connected()
    reconnect(core)
    core.closed(1011, "")
    assert core.delay(jitter=0) == 0.5


def test_a_word_from_the_server_starts_the_count_anew() -> None:
    core = connected()
    reconnect(core)
    core.receive(wire.transcript("hello"))
    core.closed(1012, "restarting")
    assert core.delay(jitter=0) == 0


def test_the_last_attempt_ends_the_session_with_its_reason() -> None:
    core = started(max_attempts=2)
    core.connect()
    assert core.closed(1006, "refused") == []
    core.connect()
    assert core.closed(1006, "refused")[-1] == Event("ended", Ended(1006, "refused"))


# Messages


def test_acknowledgments_are_passed_on_only_if_asked_for() -> None:
    assert connected().receive(wire.ack(0, 0)) == []
    assert names(connected(acknowledgments=True).receive(wire.ack(0, 0))) == ["message"]
    assert connected().receive(wire.stop_ack()) == []
    assert names(connected(acknowledgments=True).receive(wire.stop_ack())) == ["message"]


def test_a_final_that_comes_again_is_dropped() -> None:
    core = connected()
    assert texts(core.receive(wire.transcript("one", "00_00000000"))) == ["one"]
    reconnect(core)
    assert texts(core.receive(wire.transcript("one", "00_00000000"))) == []
    assert texts(core.receive(wire.transcript("two", "00_00000001"))) == ["two"]


def test_whatever_comes_again_word_for_word_is_dropped() -> None:
    core = connected()
    assert names(core.receive(wire.speech_start(12.5))) == ["message"]
    reconnect(core)
    assert core.receive(wire.speech_start(12.5)) == []
    assert names(core.receive(wire.speech_start(13))) == ["message"]


@pytest.mark.parametrize("said", [wire.end_recording(12.5), wire.summary("All is said.")])
def test_a_step_of_the_end_that_is_said_again_later_is_dropped(said: str) -> None:
    core = connected()
    assert names(core.receive(said)) == ["message"]
    reconnect(core)
    later = said.replace(wire.CREATED.created_at, "2026-01-01T00:00:09.000Z")
    assert later != said
    assert core.receive(later) == []


def test_partials_of_one_utterance_are_all_told() -> None:
    core = connected()
    told = [texts(core.receive(wire.transcript(text, is_final=False))) for text in ("a", "a b", "a b")]
    assert told == [["a"], ["a b"], ["a b"]]


def test_translations_of_one_utterance_into_two_languages_are_both_told() -> None:
    core = connected()
    told = [names(core.receive(wire.translation("00_00000000", code))) for code in ("fr", "de", "fr")]
    assert told == [["message"], ["message"], []]


def test_a_message_of_an_unknown_type_is_passed_on() -> None:
    [event] = connected().receive('{"type": "weather", "session_id": "s", "created_at": "", "data": 1}')
    assert event.payload.type == "weather"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"type": "transcript"}', b"\xff"])
def test_a_text_that_is_no_message_is_an_error_and_ends_nothing(text: str | bytes) -> None:
    core = connected()
    assert names(core.receive(text)) == ["error"]
    assert core.status == "connected"
