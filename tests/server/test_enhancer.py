"""The audio enhancer: words come from what it makes of the audio; the recording stays what was sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.harness import LANGUAGES, Server, create, record, serving
from speech import clip
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.engine.vad import SileroVad, silero_path
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.scripted import ScriptedRecognizer
from vivavoce.server.models import Models, load_enhancer, with_default
from vivavoce.settings import Settings

RATE = 16_000


def _hears_noise(audio: NDArray[np.float32]) -> tuple[Word, ...]:
    """One word: how the quietest tenth of a second of the audio sounds."""
    step = RATE // 10
    floor = min(audio[start : start + step].std() for start in range(0, len(audio) - step, step))
    return (Word(" noisy" if floor > 0.0075 else " clean", 0.0, len(audio) / RATE, 1.0),)


def _models(_: Settings) -> Models:
    recognizer = ScriptedRecognizer(_hears_noise, languages=LANGUAGES)
    return Models(SileroVad(silero_path()), with_default({"base": recognizer}, "base"), load_enhancer())


def test_words_come_from_enhanced_audio_and_the_recording_is_what_was_sent(tmp_path: Path) -> None:
    said = clip("en", "quick_brown_fox").samples()
    samples = np.pad(said, (0, RATE)) + np.random.default_rng(1).normal(0, 0.01, len(said) + RATE)
    audio = (samples.clip(-1, 1) * 32_767).astype("<i2").tobytes()

    async def words_and_times(server: Server, enhanced: bool) -> tuple[list[str], list[float]]:
        created = await create(server.http, pre_processing={"audio_enhancer": enhanced})
        await record(server, created["url"], audio)
        path = f"/v2/live/{created['id']}"
        recording = (await server.http.get(f"{path}/file")).content
        assert recording == wav_header(AudioFormat("wav/pcm", 16, RATE, 1), len(audio)) + audio
        session = (await server.http.get(path)).json()
        assert session["post_session_metadata"] == {}
        utterances = session["result"]["transcription"]["utterances"]
        words = [utterance["text"].strip() for utterance in utterances]
        return words, [utterance[bound] for utterance in utterances for bound in ("start", "end")]

    async def body(server: Server) -> None:
        noisy, times = await words_and_times(server, False)
        clean, same = await words_and_times(server, True)
        assert set(noisy) == {"noisy"}
        assert set(clean) == {"clean"}
        assert times == same

    serving(tmp_path, body, _models)
