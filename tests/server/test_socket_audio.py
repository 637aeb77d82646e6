"""Audio as clients have it: encodings, depths, rates, channels, a WAV file; all of it is heard and kept."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from conformance.contract import word_error_rate
from server.peers import PATIENCE, Server, network_server, of_type, pieces
from speech import clip
from vivavoce import AsyncClient
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.protocol.responses import SessionObject, UtteranceModel

FOX, HELLO = clip("en", "quick_brown_fox"), clip("en", "hello_world")
PCM_SUBTYPES = {8: "PCM_U8", 16: "PCM_16", 24: "PCM_24", 32: "PCM_32"}
SUBTYPES = {"wav/alaw": "ALAW", "wav/ulaw": "ULAW"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with network_server(tmp_path_factory.mktemp("data")) as server:
        yield server


def said(rate: int) -> NDArray[np.float32]:
    """A sentence, a pause, another one; shape (samples,)."""
    pause = np.zeros(rate, np.float32)
    return np.concatenate([FOX.samples(rate), pause, HELLO.samples(rate), pause])


def written(samples: NDArray[np.float32], format: AudioFormat) -> bytes:
    """Samples of shape (samples,) or (samples, channels) as raw audio of this format."""
    out = io.BytesIO()
    subtype = SUBTYPES.get(format.encoding) or PCM_SUBTYPES[format.bit_depth]
    soundfile.write(out, samples, format.sample_rate, subtype, "LITTLE", "RAW")
    return out.getvalue()


def two_voices(rate: int) -> NDArray[np.float32]:
    """The fox on the left, then, while it is still running, the greeting on the right."""
    samples = np.zeros((5 * rate, 2), np.float32)
    left, right = FOX.samples(rate), HELLO.samples(rate)
    samples[: len(left), 0] = left
    samples[rate : rate + len(right), 1] = right
    return samples


def stream(url: str, audio: bytes, format: AudioFormat, **options: Any) -> tuple[SessionObject, bytes]:
    """The stored session and its recording, after the audio was sent in odd frames."""

    async def run() -> tuple[SessionObject, bytes]:
        async with asyncio.timeout(PATIENCE), AsyncClient(base_url=url) as client:
            declared = {
                "encoding": format.encoding,
                "bit_depth": format.bit_depth,
                "sample_rate": format.sample_rate,
                "channels": format.channels,
            }
            async with client.live().start_session(declared, endpointing=0.3, **options) as session:
                for piece in pieces(audio):
                    await session.send_audio(piece)
            return await client.live().get(session.id), await client.live().get_file(session.id)

    return asyncio.run(run())


def utterances(session: SessionObject) -> tuple[UtteranceModel, ...]:
    assert session.status == "done"
    assert session.post_session_metadata == {}
    assert session.result
    assert session.result.transcription
    return session.result.transcription.utterances


def speech_times(session: SessionObject) -> list[float]:
    """Where speech started and ended, in seconds."""
    assert session.result
    messages = [json.loads(text) for text in session.result.messages]
    return [message["data"]["time"] for message in of_type(messages, "speech_start", "speech_end")]


@pytest.mark.parametrize(
    "format",
    [
        AudioFormat("wav/pcm", 8, 16_000, 1),
        AudioFormat("wav/pcm", 16, 44_100, 1),
        AudioFormat("wav/pcm", 24, 48_000, 1),
        AudioFormat("wav/pcm", 32, 32_000, 1),
        AudioFormat("wav/alaw", 8, 8_000, 1),
        AudioFormat("wav/ulaw", 8, 8_000, 1),
    ],
    ids=str,
)
def test_speech_is_found_at_the_same_times_in_every_format(server: Server, format: AudioFormat) -> None:
    usual = AudioFormat("wav/pcm", 16, 16_000, 1)
    expected, _ = stream(server.url, written(said(16_000), usual), usual)
    audio = written(said(format.sample_rate), format)
    session, file = stream(server.url, audio, format)
    assert len(utterances(session)) == 2
    assert len(speech_times(session)) == 4
    assert speech_times(session) == pytest.approx(speech_times(expected), abs=0.15)
    assert file == wav_header(format, len(audio)) + audio
    assert session.result
    assert session.result.metadata.audio_duration == round(format.seconds(len(audio)), 3)


def test_each_channel_has_its_own_utterances_and_ids(server: Server) -> None:
    format = AudioFormat("wav/pcm", 16, 16_000, 2)
    audio = written(two_voices(16_000), format)
    heard: list[tuple[str, int]] = []

    async def run() -> SessionObject:
        async with asyncio.timeout(PATIENCE), AsyncClient(base_url=server.url) as client:
            session = await client.live().start_session(channels=2, endpointing=0.3)
            session.on("message", lambda message: heard.extend(transcribed(message)))
            async with session:
                for piece in pieces(audio):
                    await session.send_audio(piece)
            return await client.live().get(session.id)

    def transcribed(message: Any) -> list[tuple[str, int]]:
        return [(message.data.id, message.data.utterance.channel)] if message.type == "transcript" else []

    session = asyncio.run(run())
    left, right = utterances(session)
    assert sorted(heard) == [("00_00000000", 0), ("01_00000000", 1)]
    assert (left.channel, right.channel) == (0, 1)
    assert left.start == pytest.approx(0, abs=0.3)
    assert right.start == pytest.approx(1, abs=0.3)
    assert left.end > right.start
    assert session.result
    assert session.result.metadata.number_of_distinct_channels == 2
    assert session.result.metadata.billing_time == 2 * session.result.metadata.audio_duration == 10


def test_a_wav_file_may_be_sent_as_it_is(server: Server) -> None:
    format = AudioFormat("wav/pcm", 24, 44_100, 1)
    audio = written(said(44_100), format)
    file = wav_header(format, len(audio)) + audio
    session, recording = stream(server.url, file, format)
    assert recording == file
    assert len(utterances(session)) == 2
    assert session.result
    assert session.result.metadata.audio_duration == round(format.seconds(len(audio)), 3)


# With a real model


@pytest.mark.parametrize(
    ("format", "header"),
    [
        (AudioFormat("wav/ulaw", 8, 8_000, 1), False),
        (AudioFormat("wav/pcm", 16, 44_100, 1), True),
    ],
    ids=["a telephone line", "a WAV file"],
)
def test_the_words_are_right_however_they_come(live_server: str, format: AudioFormat, header: bool) -> None:
    audio = written(said(format.sample_rate), format)
    sent = wav_header(format, len(audio)) + audio if header else audio
    session, _ = stream(live_server, sent, format, language_config={"languages": ["en"]})
    heard = " ".join(one.text for one in utterances(session))
    assert word_error_rate(heard, f"{FOX.text} {HELLO.text}") <= 0.1


def test_two_people_who_talk_at_once_are_kept_apart(live_server: str) -> None:
    format = AudioFormat("wav/pcm", 16, 16_000, 2)
    audio = written(two_voices(16_000), format)
    session, _ = stream(live_server, audio, format, language_config={"languages": ["en"]})
    for channel, spoken in ((0, FOX.text), (1, HELLO.text)):
        heard = " ".join(one.text for one in utterances(session) if one.channel == channel)
        assert word_error_rate(heard, spoken) <= 0.1
