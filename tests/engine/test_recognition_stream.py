"""One session's way through the engine, step by step, without threads."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.samples import MONO, exact, reading, settings, silence, vad
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.engine.stream import RecognitionStream, StreamSettings
from vivavoce.errors import InvalidAudio
from vivavoce.protocol.stream import (
    Audio,
    Diagnosis,
    Final,
    Flush,
    Flushed,
    Hypothesis,
    Partial,
    Progress,
    SpeechEnd,
    SpeechStart,
    Up,
    Utterance,
)
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer
from vivavoce.speech.outputs import Cancel, Decode

STEREO_48 = AudioFormat("wav/pcm", 16, 48_000, 2)


@dataclass(slots=True)
class Session:
    """A stream whose requests are answered at once."""

    settings: StreamSettings = field(default_factory=settings)
    recognizer: ScriptedRecognizer = field(default_factory=exact)
    ups: list[Up] = field(default_factory=list)
    decodes: list[Decode] = field(default_factory=list)
    fed: int = 0
    stream: RecognitionStream = field(init=False)

    def __post_init__(self) -> None:
        self.stream = RecognitionStream(self.settings, vad())

    def feed(self, data: bytes, size: int = 32_000) -> Session:
        for at in range(0, len(data), size):
            self.take(Audio(self.fed, data[at : at + size]))
            self.fed += len(data[at : at + size])
        return self

    def flush(self, marker: int = 1) -> Session:
        self.take(Flush(marker))
        return self

    def take(self, item: Audio | Flush) -> None:
        self._act(self.stream.take(item))

    def _act(self, outputs: Iterable[Up | Decode | Cancel]) -> None:
        for output in list(outputs):
            if isinstance(output, Decode):
                self.decodes.append(output)
                request = Request(output.audio, output.languages, output.final)
                self._act(self.stream.answer(output, self.recognizer.recognize(request)))
            elif not isinstance(output, Cancel):
                self.ups.append(output)

    def heard(self, *kinds: type[Up]) -> list[Up]:
        return [up for up in self.ups if isinstance(up, kinds)]

    @property
    def finals(self) -> list[Utterance]:
        return [up.utterance for up in self.ups if isinstance(up, Final)]


def interleaved(*channels: bytes) -> bytes:
    """16 bit channels of one length as the frames of one stream."""
    return np.stack([np.frombuffer(channel, "<i2") for channel in channels], axis=1).tobytes()


def cuts(data: bytes, chance: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = chance.choice([1, 7, 1000, 3200, 40_000, 200_000])
        yield data[at : at + size]
        at += size


# Finals


def test_speech_becomes_finals_in_order() -> None:
    session = Session().feed(reading()).flush()
    finals = session.finals
    assert len(finals) > 10
    assert [final.id for final in finals] == [f"00_{number:08}" for number in range(len(finals))]
    assert all(0 < final.start < final.end <= 44.4 for final in finals)


@pytest.fixture(scope="module")
def finals_of_ten_seconds() -> list[Utterance]:
    return Session().feed(reading(10)).flush().finals


@hypothesis_settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_however_the_bytes_are_cut_the_finals_are_the_same(
    finals_of_ten_seconds: list[Utterance], seed: int
) -> None:
    session = Session()
    for piece in cuts(reading(10), random.Random(seed)):
        session.take(Audio(0, piece))
    assert session.flush().finals == finals_of_ten_seconds


@hypothesis_settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_however_the_bytes_of_two_channels_are_cut_each_has_the_same_finals(seed: int) -> None:
    audio = interleaved(reading(6, 48_000), reading(12, 48_000)[-len(reading(6, 48_000)) :])
    whole = Session(settings(format=STEREO_48)).feed(audio).flush()
    session = Session(settings(format=STEREO_48))
    for piece in cuts(audio, random.Random(seed)):
        session.take(Audio(0, piece))
    session.flush()
    for channel in (0, 1):
        mine = [final for final in session.finals if final.channel == channel]
        assert mine == [final for final in whole.finals if final.channel == channel]
        assert mine


def test_partials_change_no_final(finals_of_ten_seconds: list[Utterance]) -> None:
    session = Session(settings(partials=True)).feed(reading(10), size=1000).flush()
    assert len(session.heard(Partial)) > 5
    assert session.finals == finals_of_ten_seconds


def test_each_channel_is_heard_on_its_own() -> None:
    spoken = reading(5)
    both = Session(settings(format=AudioFormat("wav/pcm", 16, 16_000, 2)))
    both.feed(interleaved(bytes(len(spoken)), spoken)).flush()
    alone = Session().feed(spoken).flush()
    assert {final.channel for final in both.finals} == {1}
    assert {final.id[:3] for final in both.finals} == {"01_"}
    assert [final.words for final in both.finals] == [final.words for final in alone.finals]


def test_who_speaks_is_known_to_speak_from_the_beginning_of_an_utterance_to_its_end() -> None:
    session, audio, spoke = Session(), reading(10) + silence(1), []
    for at in range(0, len(audio), 3200):
        session.feed(audio[at : at + 3200])
        spoke.append(session.stream.speaking)
        assert spoke[-1] == (len(session.heard(SpeechStart)) > len(session.heard(SpeechEnd)))
    assert True in spoke
    assert not spoke[-1]


def test_silence_gives_no_words() -> None:
    session = Session().feed(silence(5)).flush()
    assert session.decodes == []
    assert session.ups[-1] == Flushed(1)


def test_what_is_known_is_passed_over(finals_of_ten_seconds: list[Utterance]) -> None:
    known = {final.id: Final(final, 0) for final in finals_of_ten_seconds[:2]}
    session = Session(settings(known=known)).feed(reading(10)).flush()
    assert session.finals == finals_of_ten_seconds[2:]


def test_no_request_is_longer_than_thirty_seconds() -> None:
    session = Session(settings(endpointing=10, maximum=60, partials=True)).feed(reading()).flush()
    assert len(session.finals) == 1
    assert max(len(decode.audio) for decode in session.decodes) <= 30 * 16_000


# Boundaries


def test_every_utterance_begins_and_ends_before_it_is_final() -> None:
    session = Session().feed(reading(10)).flush()
    starts, ends = session.heard(SpeechStart), session.heard(SpeechEnd)
    assert len(starts) == len(ends) > 2
    for start, end in zip(starts, ends, strict=True):
        assert session.ups.index(start) < session.ups.index(end)
        assert start.time < end.time


# Flushing


def test_a_flush_is_answered_after_the_last_final() -> None:
    session = Session().feed(reading(3)).flush(7)
    assert isinstance(session.ups[-2], Final | Progress)
    assert session.ups[-1] == Flushed(7)
    assert session.finals


@hypothesis_settings(max_examples=20, deadline=None)
@given(length=st.integers(8_000, 100_000), format=st.sampled_from([MONO, STEREO_48]))
def test_no_final_is_taken_up_from_beyond_the_audio(length: int, format: AudioFormat) -> None:
    audio = reading(4, format.sample_rate)[:length]
    session = Session(settings(format=format)).feed(audio).flush()
    finals = [up for up in session.ups if isinstance(up, Final)]
    assert all(final.resume_offset <= len(audio) for final in finals)


def test_a_flush_waits_for_the_answers() -> None:
    stream = RecognitionStream(settings(), vad())
    outputs = [*stream.take(Audio(0, reading(3))), *stream.take(Flush(7))]
    decodes = [output for output in outputs if isinstance(output, Decode)]
    assert decodes
    for decode in decodes:
        assert Flushed(7) not in outputs
        outputs = list(stream.answer(decode, exact().recognize(Request(decode.audio, ("en",), True))))
    assert outputs[-1] == Flushed(7)
    assert list(stream.answer(decodes[0], Hypothesis("en", 1.0, ()))) == []


def test_a_session_without_audio_is_flushed_at_once() -> None:
    assert Session().flush(3).ups == [Flushed(3)]


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_what_resampling_holds_back_is_heard_at_the_end(rate: int) -> None:
    # Without the last samples there would be a window less.
    samples = 75 * 512 + 20
    audio = reading(5, rate)[: 2 * samples * rate // 16_000]
    session = Session(settings(format=AudioFormat("wav/pcm", 16, rate, 1))).feed(audio).flush()
    last = session.decodes[-1]
    assert last.start + len(last.audio) == 76 * 512


def test_speech_up_to_the_last_sample_is_decoded() -> None:
    audio = reading(2.333)
    session = Session().feed(audio).flush()
    samples = np.frombuffer(audio, "<i2") / np.float32(32_768)
    last = session.decodes[-1]
    assert last.start + len(last.audio) >= len(samples)
    rest = samples[last.start :]
    assert np.array_equal(last.audio[: len(rest)], rest)


# What goes up beside


def test_progress_goes_on_and_never_past_what_was_heard() -> None:
    session = Session()
    times = []
    for second in range(10):
        session.feed(reading(10)[second * 32_000 : (second + 1) * 32_000])
        times += [(up.time, second + 1) for up in session.heard(Progress)[len(times) :]]
    assert len(times) >= 3
    assert all(time <= heard for time, heard in times)
    assert all(later >= earlier + 0.5 for (earlier, _), (later, _) in pairwise(times))


def test_in_silence_progress_goes_on_too() -> None:
    assert Session().feed(silence(10)).heard(Progress)[-1].time > 9


def test_a_final_says_from_which_byte_a_replay_gives_all_that_follow() -> None:
    header = wav_header(MONO, len(reading(10)))
    session = Session().feed(header + reading(10)).flush()
    finals = session.heard(Final)
    for final, following in pairwise(finals):
        assert len(header) < final.resume_offset <= following.resume_offset
        assert final.resume_offset <= len(header) + following.utterance.start * 32_000
    without = Session().feed(reading(10)).flush().heard(Final)
    assert [f.resume_offset for f in finals] == [f.resume_offset + len(header) for f in without]


def test_the_byte_of_a_replay_is_that_of_all_channels_and_of_the_sessions_rate() -> None:
    spoken = reading(10, 48_000)
    session = Session(settings(format=STEREO_48)).feed(interleaved(bytes(len(spoken)), spoken)).flush()
    for final, following in pairwise(session.heard(Final)):
        assert final.resume_offset % 4 == 0
        assert final.utterance.start < final.resume_offset / (4 * 48_000) <= following.utterance.start


def test_progress_waits_for_the_slowest_channel() -> None:
    spoken = reading(3)
    patient = settings(format=AudioFormat("wav/pcm", 16, 16_000, 2), endpointing=10, maximum=60)
    session = Session(patient).feed(interleaved(bytes(len(spoken)), spoken))
    [start] = session.heard(SpeechStart)
    assert all(up.time <= start.time for up in session.heard(Progress))


def test_a_wav_header_moves_no_word(finals_of_ten_seconds: list[Utterance]) -> None:
    header = wav_header(MONO, len(reading(10)))
    session = Session()
    for piece in cuts(header + reading(10), random.Random(4)):
        session.take(Audio(0, piece))
    assert session.flush().finals == finals_of_ten_seconds


def test_audio_of_another_format_is_diagnosed_once() -> None:
    session = Session(settings(format=AudioFormat("wav/pcm", 8, 16_000, 1))).feed(reading())
    [diagnosis] = session.heard(Diagnosis)
    assert diagnosis.code == "format_mismatch"
    assert "16-bit PCM" in diagnosis.message


def test_compressed_audio_is_an_error() -> None:
    with pytest.raises(InvalidAudio, match="Ogg"):
        Session().feed(b"OggS" + bytes(200))
