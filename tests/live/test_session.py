"""A live session, step by step: audio and acknowledgements, messages, the end, the limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live.shell import (
    CHUNK,
    NOISE,
    SWITCHES,
    Shell,
    connected,
    final,
    partial,
    speech_end,
    speech_start,
    with_messages,
)
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.live.session import Limits, Phase
from vivavoce.protocol.stream import Diagnosis, Failed, Flushed, Progress

FLUSHED = Flushed(1)
EVERYTHING = with_messages()
MONO = AudioFormat("wav/pcm", 16, 16_000, 1)


def recording(body: dict[str, Any] | None = None, *, limits: Limits | None = None) -> Shell:
    """A session that has taken a tenth of a second; its story begins after that."""
    shell = connected(body, limits=limits)
    shell.audio(NOISE[:CHUNK])
    shell.story()
    return shell


# Audio


def test_audio_is_acknowledged_after_it_is_in_the_log() -> None:
    shell = connected()
    shell.audio(NOISE[:CHUNK])
    assert shell.story() == ["append 3200", "begin", "send audio_chunk"]
    assert shell.log == NOISE[:CHUNK]
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.story() == ["append 3200", "send audio_chunk"]
    assert shell.acks() == [(0, CHUNK), (CHUNK, 2 * CHUNK)]


def test_an_acknowledgement_has_the_time_of_its_bytes() -> None:
    shell = recording()
    shell.audio(NOISE[:CHUNK])
    [_, second] = shell.messages("audio_chunk")
    assert second["data"]["time_range"] == [0.1, 0.2]
    assert second["session_id"] == "the-session"
    assert second["created_at"].startswith("2023-11-14T22:13:20.0")
    assert second["error"] is None


def test_a_sample_split_across_frames_is_acknowledged_byte_for_byte() -> None:
    shell = connected()
    for cut in (NOISE[:101], NOISE[101:102], NOISE[102:301]):
        shell.audio(cut)
    assert shell.acks() == [(0, 101), (101, 102), (102, 301)]
    assert shell.log == NOISE[:301]


def test_an_empty_frame_only_keeps_the_session_alive() -> None:
    shell = recording()
    shell.wait(59)
    shell.audio(b"")
    shell.wait(59)
    assert shell.story() == []
    assert shell.live.phase is Phase.RECORDING


def test_a_wav_header_is_logged_but_is_no_audio() -> None:
    header = wav_header(MONO, 2 * CHUNK)
    shell = connected()
    shell.audio(header + NOISE[:CHUNK])
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.live.header_bytes == len(header)
    assert shell.live.audio_duration == 0.2
    times = [message["data"]["time_range"] for message in shell.messages("audio_chunk")]
    assert times == [[0.0, 0.1], [0.1, 0.2]]
    assert shell.acks()[-1] == (len(header) + CHUNK, len(header) + 2 * CHUNK)


def test_a_wav_header_that_contradicts_the_session_ends_it_as_an_error() -> None:
    shell = connected()
    shell.audio(wav_header(AudioFormat("wav/pcm", 16, 48_000, 2), CHUNK) + NOISE[:CHUNK])
    assert shell.story() == ["send audio_chunk", "note", "finish as error", "close 1 with 4400"]
    assert not shell.log
    [reason] = shell.refusals()
    assert "48000" in reason
    assert shell.notes() == [{"error": reason}]
    assert shell.finishes()[0].error_code == 400


def test_compressed_audio_is_refused_by_its_name() -> None:
    shell = connected()
    shell.audio(b"OggS" + bytes(200))
    [reason] = shell.refusals()
    assert "Ogg" in reason
    assert shell.closed[1].code == 4400
    assert shell.closed[1].reason == reason


def test_the_header_is_known_again_after_a_restart() -> None:
    header = wav_header(MONO, CHUNK)
    shell = Shell(log=header + NOISE[:CHUNK])
    assert shell.live.header_bytes == len(header)
    assert shell.live.audio_duration == 0.1


def test_what_could_not_be_written_is_not_acknowledged_and_can_be_sent_again() -> None:
    shell = recording()
    shell.disk_is_full = True
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.story() == ["append 3200", "send audio_chunk", "close 1 with 1013"]
    assert shell.refusals() == ["the disk is full"]
    shell.disk_is_full = False
    shell.connect()
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.log == NOISE[: 2 * CHUNK]


def test_frames_that_were_on_their_way_when_one_could_not_be_written_are_passed_over() -> None:
    shell = recording()
    shell.disk_is_full = True
    shell.audio(NOISE[CHUNK : 2 * CHUNK], connection=1)
    shell.disk_is_full = False
    shell.audio(NOISE[2 * CHUNK : 3 * CHUNK], connection=1)
    assert shell.log == NOISE[:CHUNK]


def test_a_header_that_could_not_be_written_is_recognised_when_it_comes_again() -> None:
    shell = connected()
    audio = wav_header(MONO, CHUNK) + NOISE[:CHUNK]
    shell.disk_is_full = True
    shell.audio(audio[:20])
    shell.disk_is_full = False
    shell.connect()
    shell.audio(audio[:20])
    shell.audio(audio[20:])
    assert shell.live.audio_duration == 0.1


def test_audio_after_stop_is_refused_and_left_out_of_the_log() -> None:
    shell = recording()
    shell.stop()
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert shell.refusals() == ["the recording has been stopped: no more audio is accepted"]
    assert shell.log == NOISE[:CHUNK]
    assert not shell.closed


def test_nothing_of_a_refused_frame_is_taken_for_repeated_audio() -> None:
    shell = recording()
    shell.stop()
    shell.lose()
    shell.connect(resume_from=CHUNK - 100)
    shell.audio(NOISE[CHUNK - 100 : 2 * CHUNK])
    shell.audio(NOISE[2 * CHUNK : 2 * CHUNK + 50])
    assert shell.acks() == [(0, CHUNK)]
    assert len(shell.refusals()) == 2


# Stopping


def test_a_stop_is_followed_by_finals_then_the_results_then_the_end() -> None:
    shell = recording(EVERYTHING)
    shell.stop()
    shell.hear(final(0), final(1), FLUSHED)
    assert shell.story() == [
        "send stop_recording",
        "flush",
        "keep 00_00000000",
        "send transcript",
        "keep 00_00000001",
        "send transcript",
        "send end_recording",
        "postprocess",
        "send post_transcript",
        "send post_final_transcript",
        "finish as done",
        "send end_session",
        "close 1 with 1000",
    ]
    assert shell.live.settled


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
        "send stop_recording",
        "flush",
        "send end_recording",
        "postprocess",
        "send post_transcript",
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
    assert shell.live.settled


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
    assert not shell.live.settled
    shell.story()
    second = shell.connect()
    assert shell.story() == [
        "send transcript",
        "send post_transcript",
        "send post_final_transcript",
        "close 2 with 1000",
    ]
    assert shell.finals(second) == ["00_00000000"]
    assert shell.live.settled


# Recognition


def test_a_final_is_kept_before_it_is_sent() -> None:
    shell = recording()
    shell.hear(final(7))
    assert shell.story() == ["keep 00_00000007", "send transcript"]
    [message] = shell.messages("transcript")
    assert message["data"]["is_final"] is True
    assert message["data"]["utterance"]["text"] == " hello"


def test_a_final_without_words_takes_a_partial_back_and_is_not_kept() -> None:
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
        "keep 00_00000000",
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


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"translation": True, "translation_config": {"target_languages": ["fr"]}}, "translation"),
        ({"named_entity_recognition": True}, "named_entity_recognition"),
        ({"sentiment_analysis": True}, "sentiment_analysis"),
    ],
)
def test_an_add_on_that_is_not_there_says_so_with_each_final_and_delays_none(
    asked: dict[str, Any], kind: str
) -> None:
    shell = recording({"realtime_processing": asked})
    shell.hear(final(0), final(1))
    assert shell.story() == [
        "keep 00_00000000",
        "send transcript",
        f"send {kind}",
        "keep 00_00000001",
        "send transcript",
        f"send {kind}",
    ]
    message = shell.messages(kind)[0]
    assert message["data"] is None
    assert message["error"]["status_code"] == 501
    assert kind in message["error"]["message"]


@pytest.mark.parametrize("name", ["summarization", "chapterization"])
def test_a_post_processing_add_on_that_is_not_there_says_so(name: str) -> None:
    shell = recording({"post_processing": {name: True}})
    shell.stop()
    shell.hear(FLUSHED)
    kinds = [message["type"] for message in shell.messages()]
    assert kinds[-3:] == ["post_transcript", f"post_{name}", "post_final_transcript"]
    [message] = shell.messages(f"post_{name}")
    assert message["data"] is None
    assert message["error"]["status_code"] == 501


# Which messages are sent

SENT_FOR = {
    "receive_partial_transcripts": {"partial"},
    "receive_final_transcripts": {"final"},
    "receive_speech_events": {"speech_start", "speech_end"},
    "receive_pre_processing_events": set[str](),
    "receive_realtime_processing_events": {"sentiment_analysis"},
    "receive_post_processing_events": {"post_transcript", "post_summarization", "post_final_transcript"},
    "receive_acknowledgments": {"audio_chunk", "stop_recording"},
    "receive_errors": set[str](),
    "receive_lifecycle_events": {"start_recording", "end_recording", "end_session"},
}


def everything_that_is_sent(switches: dict[str, bool]) -> set[str]:
    """The kinds of message of a session in which everything happens but refusals."""
    body = {
        "messages_config": switches,
        "realtime_processing": {"sentiment_analysis": True},
        "post_processing": {"summarization": True},
    }
    shell = recording(body)
    shell.hear(speech_start(0), partial(0), speech_end(0), final(0))
    shell.stop()
    shell.hear(FLUSHED)
    assert [kept.utterance.id for kept in shell.kept] == ["00_00000000"]
    assert shell.closed[1].code == 1000
    return {
        ("final" if m["data"]["is_final"] else "partial") if m["type"] == "transcript" else m["type"]
        for m in shell.messages()
    }


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_turns_off_its_messages_and_no_others(switch: str) -> None:
    everything = set().union(*SENT_FOR.values())
    assert everything_that_is_sent(dict.fromkeys(SWITCHES, True)) == everything
    switches = {name: name != switch for name in SWITCHES}
    assert everything_that_is_sent(switches) == everything - SENT_FOR[switch]


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_turns_on_its_messages_and_no_others(switch: str) -> None:
    switches = {name: name == switch for name in SWITCHES}
    assert everything_that_is_sent(switches) == SENT_FOR[switch]


def test_without_switches_partials_and_lifecycle_events_are_left_out() -> None:
    left_out = SENT_FOR["receive_partial_transcripts"] | SENT_FOR["receive_lifecycle_events"]
    assert everything_that_is_sent({}) == set().union(*SENT_FOR.values()) - left_out


@pytest.mark.parametrize(
    ("acknowledgments", "errors", "told"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_refusals_are_told_to_whoever_wants_acknowledgements_or_errors(
    acknowledgments: bool, errors: bool, told: bool
) -> None:
    shell = recording(with_messages(acknowledgments=acknowledgments, errors=errors))
    shell.stop()
    shell.stop()
    shell.audio(NOISE[:CHUNK])
    shell.invalid("not JSON")
    reasons = [
        "the recording has been stopped already",
        "the recording has been stopped: no more audio is accepted",
        "not JSON",
    ]
    assert shell.refusals() == (reasons if told else [])
    assert shell.closed[1].code == 4400


def test_start_recording_comes_with_the_first_audio_and_once() -> None:
    shell = connected(EVERYTHING)
    assert shell.messages() == []
    shell.audio(NOISE[:CHUNK])
    shell.audio(NOISE[CHUNK : 2 * CHUNK])
    assert [m["type"] for m in shell.messages()] == ["start_recording", "audio_chunk", "audio_chunk"]


def test_end_recording_has_the_duration_of_the_audio() -> None:
    shell = recording(EVERYTHING)
    shell.stop()
    shell.hear(FLUSHED)
    assert shell.messages("end_recording")[0]["data"] == {"recording_duration": 0.1}


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
