"""The Whisper recogniser on real speech."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

from speech import clip, collection, two_cities
from vivavoce.errors import ModelError, RecognizerError
from vivavoce.protocol.stream import Hypothesis, Word
from vivavoce.recognizers import lexicon
from vivavoce.recognizers.base import SAMPLE_RATE, Request
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import WhisperRecognizer

_THREE_SECONDS = 3 * SAMPLE_RATE


def _hear(
    whisper: WhisperRecognizer, audio: NDArray[np.float32], *languages: str, final: bool = True
) -> Hypothesis:
    return whisper.recognize(Request(audio, languages, final))


def _text(hypothesis: Hypothesis) -> str:
    return "".join(word.text for word in hypothesis.words)


def _silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("final", [True, False], ids=["final", "partial"])
def test_a_clear_sentence_is_written_without_a_mistake(whisper: WhisperRecognizer, final: bool) -> None:
    sentence = clip("en", "quick_brown_fox")
    heard = _hear(whisper, sentence.samples(), "en", final=final)
    normal = EnglishTextNormalizer()
    assert normal(_text(heard)) == normal(sentence.text)


def test_of_texts_that_sound_alike_the_one_whose_words_exist_is_written(whisper: WhisperRecognizer) -> None:
    # By itself the network writes "vieau".
    assert "vieux" in _text(_hear(whisper, clip("fr", "pangrama").samples(), "fr"))


def test_partials_and_languages_without_a_list_of_words_are_heard_as_the_network_writes_them(
    whisper: WhisperRecognizer, base_files: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = tmp_path / "words.sha256"
    none.touch()
    monkeypatch.setattr(lexicon, "SUMS", none)
    without = WhisperRecognizer(base_files)
    for language, name, final in (("fr", "pangrama", False), ("hi", "ginti", True)):
        audio = clip(language, name).samples()
        heard = [_text(_hear(one, audio, language, final=final)) for one in (whisper, without)]
        assert heard[0] == heard[1] != ""


def test_a_long_reading_is_written_with_few_mistakes(whisper: WhisperRecognizer) -> None:
    reading = two_cities()
    audio = reading.samples()
    # Cut at pauses of the reading, as the engine would.
    cuts = [0, *(_quietest(audio, seconds) for seconds in (9, 18, 27, 36)), len(audio)]
    texts = [_text(_hear(whisper, audio[start:end], "en")) for start, end in pairwise(cuts)]
    normal = EnglishTextNormalizer()
    assert jiwer.wer(normal(reading.text), normal(" ".join(texts))) <= 0.08


def test_a_reading_that_is_cut_through_its_words_loses_none_and_doubles_none(
    whisper: WhisperRecognizer,
) -> None:
    reading = two_cities()
    audio = reading.samples()
    before: Request | None = None
    said = None
    words: list[Word] = []
    for start in range(0, len(audio), _THREE_SECONDS):
        request = Request(
            audio[start : start + _THREE_SECONDS],
            ("en",),
            final=True,
            before=before.audio if before else None,
            said_before=said,
            after=audio[start + _THREE_SECONDS :][:SAMPLE_RATE],
        )
        heard = whisper.recognize(request)
        assert all(0 <= word.start < word.end <= 3 for word in heard.words)
        assert all(any(map(str.isalnum, word.text)) for word in heard.words)
        words += heard.words
        before, said = request, heard.draft
    normal = EnglishTextNormalizer()
    heard_text = normal("".join(word.text for word in words))
    assert jiwer.wer(normal(reading.text), heard_text) <= 0.1


def test_more_words_before_than_the_model_can_read_are_left_out(whisper: WhisperRecognizer) -> None:
    audio = two_cities().samples()
    alone = Request(audio[_THREE_SECONDS : 2 * _THREE_SECONDS], ("en",), final=True)
    token = whisper.recognize(alone).draft
    assert token
    before = replace(token, tokens=token.tokens[:1] * 400)
    heard = whisper.recognize(replace(alone, before=audio[:_THREE_SECONDS], said_before=before))
    assert heard == whisper.recognize(alone)


def test_words_are_not_taken_for_those_that_were_said_before(whisper: WhisperRecognizer) -> None:
    sentence = clip("en", "quick_brown_fox")
    alone = Request(sentence.samples(), ("en",), final=True)
    heard = whisper.recognize(alone)
    silence = np.full(SAMPLE_RATE // 2, 1e-3, np.float32)
    again = whisper.recognize(replace(alone, before=silence, said_before=heard.draft))
    assert [word.text for word in again.words] == [word.text for word in heard.words]


@pytest.mark.parametrize(
    ("language", "name", "times", "least"),
    # Where a processor rounds otherwise, one round of the last four is lost.
    [("en", "hello_world", 18, 0.8), ("en", "quick_brown_fox", 7, 0.8), ("es", "conteo", 4, 0.7)],
)
def test_what_is_said_over_and_over_is_written_as_often(
    whisper: WhisperRecognizer, language: str, name: str, times: int, least: float
) -> None:
    said = clip(language, name)
    audio = np.concatenate([said.samples(), _silence(0.2)] * times)
    heard = whisper.recognize(Request(audio, (language,), final=True, voiced=0.9))
    count = len(said.text.split()) * times
    assert least * count <= len(heard.words) <= count
    assert all(word.start < later.start for word, later in pairwise(heard.words))
    assert heard.words[-1].end > len(audio) / SAMPLE_RATE - 2


@pytest.mark.parametrize(
    ("begin", "words"),
    # The second is what processors that round otherwise make of "incredulity".
    [(16.5, ["it was the season of darkness"]), (12.0, ["incredulity", "individuality"])],
)
def test_speech_that_makes_no_words_by_itself_is_heard_among_its_neighbours(
    whisper: WhisperRecognizer, begin: float, words: list[str]
) -> None:
    audio = two_cities().samples()
    start, end = round(begin * SAMPLE_RATE), round((begin + 1.5) * SAMPLE_RATE)
    before = audio[start - 8 * SAMPLE_RATE : start]
    heard = whisper.recognize(Request(audio[start:end], ("en",), final=True, voiced=0.9, before=before))
    written = EnglishTextNormalizer()(_text(heard))
    assert min(jiwer.wer(each, written) for each in words) <= 0.2
    assert all(0 <= word.start < word.end <= 1.5 for word in heard.words)


def _quietest(audio: NDArray[np.float32], seconds: float) -> int:
    """The middle of the quietest fifth of a second within two seconds of a moment."""
    start, width = round((seconds - 2) * SAMPLE_RATE), SAMPLE_RATE // 5
    power = np.convolve(np.square(audio[start : start + 4 * SAMPLE_RATE]), np.ones(width), "valid")
    return start + int(power.argmin()) + width // 2


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "quick_brown_fox"),
        ("es", "conteo"),
        ("fr", "bonjour_monde"),
        ("it", "conteggio"),
        ("ja", "konnichiwa_sekai"),
        ("pt", "contagem"),
        ("zh", "nihao_shijie"),
    ],
)
def test_the_language_is_detected(whisper: WhisperRecognizer, language: str, name: str) -> None:
    heard = _hear(whisper, clip(language, name).samples())
    assert heard.language == language
    assert heard.language_probability > 0.7


def test_another_language_than_the_expected_one_is_heard_only_where_it_is_clear(
    whisper: WhisperRecognizer,
) -> None:
    spanish = clip("es", "conteo").samples()
    clear = whisper.recognize(Request(spanish, ("en", "es"), final=True, expected="en"))
    assert clear.language == "es"
    short = whisper.recognize(Request(spanish[: SAMPLE_RATE // 2], ("en", "es"), final=True, expected="en"))
    assert short.language == "en"
    assert short.language_probability < 0.6


def test_candidates_share_the_probability(whisper: WhisperRecognizer) -> None:
    spanish = clip("es", "hola_mundo").samples()
    among_all = _hear(whisper, spanish, final=False)
    between_two = _hear(whisper, spanish, "es", "ja", final=False)
    assert between_two.language == "es"
    assert between_two.language_probability > among_all.language_probability


def test_silence_around_speech_changes_no_word(whisper: WhisperRecognizer) -> None:
    sentence = clip("en", "quick_brown_fox").samples()
    alone = _hear(whisper, sentence, "en")
    surrounded = _hear(whisper, np.concatenate([_silence(1.0), sentence, _silence(2.0)]), "en")
    assert _text(surrounded) == _text(alone)


def test_japanese_is_split_into_characters_that_join_to_the_text(whisper: WhisperRecognizer) -> None:
    greeting = clip("ja", "konnichiwa_sekai")
    heard = _hear(whisper, greeting.samples(), "ja")
    assert len(heard.words) > 1
    assert _text(heard).startswith("こんにちは")


@pytest.mark.parametrize("level", [1e-3, 1e-2, 0.2])
@pytest.mark.parametrize("final", [True, False], ids=["final", "partial"])
def test_noise_gives_no_words(whisper: WhisperRecognizer, level: float, final: bool) -> None:
    noise = np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE).astype(np.float32) * level
    assert _hear(whisper, noise, "en", final=final).words == ()


def test_recorded_noise_gives_no_words(whisper: WhisperRecognizer) -> None:
    noises = [clip for clip in collection() if not clip.text and "noise" in clip.path.stem]
    if not noises:
        pytest.skip("the collection of recordings is not at hand")
    for noise in noises:
        audio = noise.samples()[: 2 * SAMPLE_RATE]
        assert _hear(whisper, audio, "en").words == (), noise.path.name


def test_thirty_seconds_are_heard_to_their_end_and_more_is_refused(whisper: WhisperRecognizer) -> None:
    greeting = clip("en", "hello_world").samples()
    audio = np.concatenate([_silence(30.0)[len(greeting) :], greeting])
    assert "hello" in _text(_hear(whisper, audio, "en")).casefold()
    with pytest.raises(RecognizerError, match="30 s"):
        _hear(whisper, np.append(audio, audio[-1:]), "en")


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no Whisper model"):
        WhisperRecognizer(ModelFiles("none", tmp_path, "test"))


@pytest.mark.parametrize(
    "change",
    [
        {"alignment_heads": [[3, 20]]},
        {"alignment_heads": [[30, 0]]},
        {"suppress_ids": [1_000_000]},
    ],
    ids=["a head too many", "a layer too many", "a token too many"],
)
def test_files_of_different_models_are_refused(
    base_files: ModelFiles, tmp_path: Path, change: dict[str, object]
) -> None:
    for file in base_files.directory.iterdir():
        (tmp_path / file.name).symlink_to(file)
    config = json.loads((base_files.directory / "config.json").read_text("utf-8")) | change
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match="do not fit together"):
        WhisperRecognizer(ModelFiles("mixed", tmp_path, "test"))
