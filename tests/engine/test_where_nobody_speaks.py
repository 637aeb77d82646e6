"""Where nobody speaks nothing is written: the engine with the default model, as a session uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from engine.non_speech import SOUNDS, Sound, pcm
from engine.samples import settings, vad
from speech import ROOT
from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.engine import Engine
from vivavoce.protocol.stream import Audio, Final, Flush, Flushed, Partial, Up
from vivavoce.recognizers.registry import ModelRegistry
from vivavoce.recognizers.whisper import WhisperRecognizer


@pytest.fixture(scope="module")
def whisper() -> WhisperRecognizer:
    return WhisperRecognizer(ModelRegistry(ROOT / ".cache").resolve("base"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(vad(), decoder_threads=2)
    engine.start()
    yield engine
    engine.stop()


@pytest.mark.parametrize("languages", [("en",), ()], ids=["English", "any language"])
@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.__name__)
def test_no_word_is_invented(
    engine: Engine,
    whisper: WhisperRecognizer,
    sound: Callable[[int], Sound],
    rate: int,
    languages: tuple[str, ...],
) -> None:
    ups: SimpleQueue[Up] = SimpleQueue()
    format = AudioFormat("wav/pcm", 16, rate, 1)
    stream = engine.open(settings(format=format, languages=languages, partials=True), whisper, ups.put)
    stream.feed(Audio(0, pcm(sound(rate))))
    stream.feed(Flush(1))
    said = []
    while not isinstance(up := ups.get(timeout=30.0), Flushed):
        if isinstance(up, Final | Partial):
            said.append(up.utterance.text)
    assert said == []
