"""Which messages are sent: each switch, and what they say."""

from __future__ import annotations

import pytest

from live.shell import (
    CHUNK,
    NOISE,
    SWITCHES,
    connected,
    final,
    partial,
    recording,
    speech_end,
    speech_start,
    with_messages,
)
from vivavoce.protocol.stream import Flushed

FLUSHED = Flushed(1)
EVERYTHING = with_messages()


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
