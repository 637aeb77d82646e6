"""Audio: what is logged, acknowledged and refused."""

from __future__ import annotations

from live.shell import (
    CHUNK,
    NOISE,
    Shell,
    connected,
    recording,
)
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.live.session import Phase

MONO = AudioFormat("wav/pcm", 16, 16_000, 1)


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


def test_what_ends_before_its_first_bytes_are_enough_is_refused_all_the_same() -> None:
    shell = connected()
    shell.audio(b"\0\0\0\x20ftypM4A ")
    shell.stop()
    [reason] = shell.refusals()
    assert reason.startswith("the stream is MP4 (M4A), but")
    assert shell.closed[1].code == 4400
    [finish] = shell.finishes()
    assert (finish.status, finish.error_code) == ("error", 400)


def test_of_a_wav_header_that_is_cut_short_nothing_is_recorded() -> None:
    shell = connected()
    shell.audio(wav_header(MONO, CHUNK)[:40])
    shell.stop()
    assert shell.live.header_bytes == 40
    assert shell.live.audio_duration == 0


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
