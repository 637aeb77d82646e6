"""A live session, step by step: stopping, recognition, connections, limits."""

from __future__ import annotations

import json

import pytest

from live.shell import (
    CHUNK,
    NOISE,
    Shell,
    connected,
    final,
    partial,
    recording,
    speech_end,
    speech_start,
    with_messages,
)
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.errors import VivavoceError
from vivavoce.live.add_ons import failed
from vivavoce.live.limits import Limits
from vivavoce.live.phase import Phase
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.stream import Diagnosis, Failed, Flushed, Progress

FLUSHED = Flushed(1)
EVERYTHING = with_messages()
MONO = AudioFormat("wav/pcm", 16, 16_000, 1)


# Stopping


def test_a_stop_is_followed_by_finals_then_the_results_then_the_end() -> None:
    shell = recording(EVERYTHING)
    shell.stop()
    shell.hear(final(0), final(1), FLUSHED)
    assert shell.story() == [
        "flush",
        "send stop_recording",
        "send transcript",
        "send transcript",
        "send end_recording",
        "postprocess",
        "send post_transcript",
        "conclude",
        "send post_final_transcript",
        "finish as done",
        "send end_session",
        "close 1 with 1000",
    ]
    assert shell.settled


def test_the_results_that_are_sent_hold_the_finals() -> None:
    shell = recording()
    shell.hear(final(0, " split"), final(1, " infinity"))
    shell.stop()
    shell.hear(FLUSHED)
    [transcript] = shell.messages("post_transcript")
    assert transcript["data"]["full_transcript"] == "split infinity"
    [result] = shell.messages("post_final_transcript")
    assert result["data"]["transcription"] == transcript["data"]
    assert result["data"]["metadata"]["audio_duration"] == 0.1
    assert "messages" not in result["data"]


def test_a_stop_says_how_much_was_recorded_and_how_much_is_left() -> None:
    shell = recording()
    shell.stop(left=0.05)
    [ack] = shell.messages("stop_recording")
    assert ack["acknowledged"] is True
    assert ack["data"] == {"recording_duration": 0.1, "recording_left_to_process": 0.05}


def test_a_second_stop_is_refused_and_changes_nothing() -> None:
    shell = recording()
    shell.stop()
    shell.stop()
    assert shell.refusals() == ["the recording has been stopped already"]
    assert shell.flushes() == [1]
    shell.hear(FLUSHED)
    assert len(shell.finishes()) == 1
    assert shell.closed[1].code == 1000


def test_a_session_without_audio_ends_in_order() -> None:
    shell = connected(EVERYTHING)
    shell.stop()
    shell.hear(FLUSHED)
    assert shell.story() == [
        "flush",
        "send stop_recording",
        "send end_recording",
        "postprocess",
        "send post_transcript",
        "conclude",
        "send post_final_transcript",
        "finish as done",
        "send end_session",
        "close 1 with 1000",
    ]


@pytest.mark.parametrize("code", [1000, 1001])
def test_an_orderly_close_without_a_stop_ends_the_session_with_what_was_final(code: int) -> None:
    shell = recording(EVERYTHING)
    shell.hear(final(0), partial(1))
    shell.story()
    shell.lose(code=code)
    assert shell.story() == ["finish as done"]
    assert [kept.utterance.id for kept in shell.kept] == ["00_00000000"]
    assert shell.settled


@pytest.mark.parametrize("code", [1000, 1001])
def test_an_orderly_close_after_a_stop_loses_no_words(code: int) -> None:
    shell = recording()
    shell.stop()
    shell.lose(code=code)
    shell.hear(final(0), FLUSHED)
    assert [kept.utterance.id for kept in shell.kept] == ["00_00000000"]
    assert [finish.status for finish in shell.finishes()] == ["done"]


@pytest.mark.parametrize("code", [1002, 1006, 1011, 1012, 4000])
def test_a_lost_connection_ends_nothing(code: int) -> None:
    shell = recording()
    shell.lose(code=code)
    assert shell.live.phase is Phase.RECORDING
    shell.hear(final(0))
    assert len(shell.kept) == 1


def test_nothing_is_said_after_the_end() -> None:
    shell = recording(EVERYTHING)
    shell.stop()
    shell.hear(FLUSHED)
    shell.story()
    shell.hear(final(1), partial(2), speech_start(2), Failed("late"), FLUSHED, Diagnosis("late", ""))
    shell.wait(1000)
    shell.audio(NOISE[:CHUNK])
    shell.stop()
    assert shell.story() == []


def test_a_client_that_comes_back_after_the_end_is_told_so() -> None:
    shell = recording()
    shell.stop()
    shell.lose()
    shell.hear(final(0), FLUSHED)
    assert not shell.settled
    shell.story()
    second = shell.connect()
    assert shell.story() == [
        "send stop_recording",
        "send transcript",
        "send post_transcript",
        "send post_final_transcript",
        "close 2 with 1000",
    ]
    assert shell.finals(second) == ["00_00000000"]
    assert shell.settled


# Recognition


def test_a_final_is_sent_at_once() -> None:
    shell = recording()
    shell.hear(final(7))
    assert shell.story() == ["send transcript"]
    [message] = shell.messages("transcript")
    assert message["data"]["is_final"] is True
    assert message["data"]["utterance"]["text"] == " hello"


def test_a_final_without_words_takes_a_partial_back() -> None:
    shell = recording()
    shell.hear(final(0, ""))
    assert shell.story() == ["send transcript"]
    assert shell.messages("transcript")[0]["data"]["utterance"]["text"] == ""


def test_speech_events_carry_their_time_and_channel() -> None:
    shell = recording()
    shell.hear(speech_start(3), speech_end(3))
    assert [(m["type"], m["data"]) for m in shell.messages()[1:]] == [
        ("speech_start", {"time": 3.0, "channel": 0}),
        ("speech_end", {"time": 3.5, "channel": 0}),
    ]


def test_a_diagnosis_is_noted_and_the_session_goes_on() -> None:
    shell = recording()
    shell.hear(Diagnosis("format_mismatch", "this looks like A-law"), Progress(0.1))
    assert shell.story() == ["note"]
    warning = {"code": "format_mismatch", "message": "this looks like A-law"}
    assert shell.notes() == [{"warnings": [warning]}]


def test_a_failure_of_recognition_ends_the_session_and_keeps_what_was_final() -> None:
    shell = recording(EVERYTHING)
    shell.hear(final(0), Failed("the model broke"))
    assert shell.story() == [
        "send transcript",
        "note",
        "finish as error",
        "send end_session",
        "close 1 with 1011",
    ]
    assert shell.finishes()[0].error_code == 500
    assert shell.notes() == [{"error": "the model broke"}]


def test_a_client_that_comes_back_after_a_failure_does_not_try_for_ever() -> None:
    shell = recording()
    shell.hear(Failed("the model broke"))
    shell.connect()
    assert shell.closed[2].code == 4401


@pytest.mark.parametrize("name", ["translation", "named_entity_recognition", "sentiment_analysis"])
def test_an_add_on_that_fails_says_so_and_the_transcript_stands(name: str) -> None:
    shell = recording()
    shell.hear(final(0))
    utterance = shell.kept[0].utterance
    failure = AddOnResult(name, utterance.id, error=failed(VivavoceError("the model broke")))
    shell.hear(shell.live.out.add_on(failure, utterance, shell.now), final(1))
    assert shell.story() == ["send transcript", f"send {name}", "send transcript"]
    [message] = shell.messages(name)
    assert message["data"] is None
    assert message["error"]["status_code"] == 500
    assert message["error"]["message"] == "the model broke; the transcript is not affected"


@pytest.mark.parametrize("name", ["summarization", "chapterization"])
def test_a_post_processing_add_on_that_fails_says_so_and_the_session_ends(name: str) -> None:
    shell = recording()
    failure = AddOnResult(name, error=failed(VivavoceError("the model broke"), 502))
    shell.failures.append(failure)
    shell.stop()
    shell.hear(FLUSHED)
    kinds = [message["type"] for message in shell.messages()]
    assert kinds[-3:] == ["post_transcript", f"post_{name}", "post_final_transcript"]
    [message] = shell.messages(f"post_{name}")
    assert message["data"] is None
    assert message["error"]["status_code"] == 502
    assert shell.settled


# Connections


def test_a_newer_connection_replaces_the_older_one() -> None:
    shell = recording()
    second = shell.connect()
    assert shell.closed[1].code == 4409
    shell.audio(NOISE[CHUNK : 2 * CHUNK], connection=1)
    shell.lose(connection=1, code=1000)
    assert shell.live.connection == second
    assert shell.log == NOISE[:CHUNK]


def test_what_is_no_message_closes_the_connection_and_leaves_the_session() -> None:
    shell = recording()
    shell.invalid('the message has no "type"')
    assert shell.story() == ["send audio_chunk", "close 1 with 4400"]
    assert shell.refusals() == ['the message has no "type"']
    shell.connect(resume_from=CHUNK)
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.log == NOISE[: 2 * CHUNK]


def test_nothing_is_heard_on_a_connection_after_it_was_closed() -> None:
    shell = recording()
    shell.invalid("not JSON")
    shell.audio(NOISE[CHUNK : 2 * CHUNK], connection=1)
    shell.stop(connection=1)
    assert shell.log == NOISE[:CHUNK]
    assert shell.live.phase is Phase.RECORDING


def test_a_client_that_goes_on_beyond_what_was_received_is_refused() -> None:
    shell = recording()
    shell.connect(resume_from=CHUNK + 1)
    assert shell.closed[2].code == 4400
    assert shell.closed[2].reason == "resume_from is 3201, but only 3200 bytes have been received"
    shell.audio(NOISE[CHUNK + 1 : 2 * CHUNK], connection=2)
    assert shell.log == NOISE[:CHUNK]


# Limits


def test_a_session_whose_client_is_silent_ends_as_if_it_had_been_stopped() -> None:
    shell = recording(EVERYTHING, limits=Limits(idle=60))
    shell.wait(59.9)
    assert shell.story() == []
    shell.wait(0.2)
    assert shell.story() == ["flush"]
    shell.hear(final(0), FLUSHED)
    assert shell.story()[-3:] == ["finish as done", "send end_session", "close 1 with 4408"]
    assert shell.closed[1].reason == "no frame for 60 s"


def test_the_deadline_is_when_silence_has_lasted_too_long() -> None:
    shell = recording(limits=Limits(idle=5))
    assert shell.live.deadline == pytest.approx(shell.now + 5, abs=0.01)
    shell.stop()
    assert shell.live.deadline is None


def test_a_session_that_nobody_comes_back_to_ends_by_itself() -> None:
    shell = recording(limits=Limits(idle=60))
    shell.lose()
    shell.wait(61)
    shell.hear(final(0), FLUSHED)
    assert [finish.status for finish in shell.finishes()] == ["done"]
    assert len(shell.kept) == 1


def test_the_longest_session_ends_as_if_it_had_been_stopped() -> None:
    shell = recording(EVERYTHING, limits=Limits(duration=0.2))
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.story() == ["append 3200", "send audio_chunk", "flush"]
    shell.audio(NOISE[2 * CHUNK : 3 * CHUNK])
    shell.hear(final(0), FLUSHED)
    assert shell.log == NOISE[: 2 * CHUNK]
    assert shell.closed[1].code == 4429
    assert shell.closed[1].reason == "a session lasts 0.2 s at most"


def test_a_wav_header_does_not_count_against_the_longest_session() -> None:
    shell = connected(limits=Limits(duration=0.1))
    shell.audio(wav_header(MONO, CHUNK) + NOISE[: CHUNK - 2])
    assert shell.live.phase is Phase.RECORDING
    shell.audio(NOISE[CHUNK - 2 : CHUNK])
    assert shell.live.phase is Phase.STOPPING


def test_a_session_without_a_client_is_abandoned_after_a_while() -> None:
    shell = Shell(limits=Limits(absence=30))
    assert not shell.live.abandoned(shell.now + 29)
    assert shell.live.abandoned(shell.now + 30)
    shell.connect()
    assert not shell.live.abandoned(shell.now + 3600)
    shell.lose()
    assert not shell.live.abandoned(shell.now + 29)
    assert shell.live.abandoned(shell.now + 30)


def test_a_session_whose_connection_the_server_closed_can_be_abandoned_too() -> None:
    shell = connected(limits=Limits(absence=30))
    shell.invalid("not JSON")
    assert shell.live.abandoned(shell.now + 30)


def test_the_time_of_transcription_counts_from_the_first_audio() -> None:
    shell = connected()
    shell.wait(20)
    shell.audio(NOISE[:CHUNK])
    assert shell.live.transcription_time(shell.now + 5) == pytest.approx(5, abs=0.01)


def test_messages_are_json_with_the_session_and_the_time_in_utc() -> None:
    shell = recording(EVERYTHING)
    for text in shell.wires[1]:
        message = json.loads(text)
        assert message["session_id"] == "the-session"
        assert message["created_at"].endswith("Z")
