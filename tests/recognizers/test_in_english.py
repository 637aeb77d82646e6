"""What is said in other languages, heard as English."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.spoken import utterance
from speech import clip
from vivavoce.errors import RecognizerError
from vivavoce.intelligence.base import AddOnError, TranslationOptions
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.speech import SpeechEngine
from vivavoce.intelligence.translation.translator import PairTranslator
from vivavoce.protocol.stream import Utterance
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.whisper import WhisperRecognizer

BASE = TranslationOptions()


@pytest.fixture
def hearing(whisper: WhisperRecognizer) -> SpeechEngine:
    return SpeechEngine(whisper)


def test_what_is_heard_is_translated_at_its_time(whisper: WhisperRecognizer) -> None:
    heard = whisper.recognize(Request(clip("en", "quick_brown_fox").samples(), ("en",), True))
    said = Utterance("00_00000000", 0, heard.words[0].start, heard.words[-1].end, "en", heard.words)
    written = PairTranslator([EmbeddedEngine()]).translate(said, "pt", BASE)
    [fox] = [word for word in written.words if "raposa" in word.text]
    assert said.start <= fox.start < fox.end < (said.start + said.end) / 2
    assert "cão preguiçoso" in written.text


@pytest.mark.parametrize(
    ("language", "name", "english"),
    [
        ("pt", "contagem", "One, two, three, four, five, six, seven, eight, nine, ten."),
        ("fr", "pangrama", "bring this old whiskey to the white judge."),
        ("zh", "nihao_shijie", "Hello, world"),
    ],
)
def test_simple_speech_is_understood(
    whisper: WhisperRecognizer, language: str, name: str, english: str
) -> None:
    assert whisper.in_english(clip(language, name).samples(), language) == english


def test_where_nobody_speaks_there_is_nothing_to_translate(whisper: WhisperRecognizer) -> None:
    assert whisper.in_english(np.zeros(32_000, np.float32), "fr") == ""


def test_a_language_that_the_model_does_not_know_is_refused(tiny_english: WhisperRecognizer) -> None:
    with pytest.raises(RecognizerError, match="does not know fr"):
        tiny_english.in_english(clip("fr", "pangrama").samples(), "fr")


def test_what_is_heard_takes_the_place_of_the_words(hearing: SpeechEngine) -> None:
    french = clip("fr", "pangrama")
    said = utterance(french.text, "fr")
    translator = PairTranslator([EmbeddedEngine()], speech=hearing)
    heard = translator.translate(said, "en", BASE, french.samples)
    assert heard.text == " bring this old whiskey to the white judge."
    assert (heard.language, heard.words[0].start, heard.words[-1].end) == ("en", said.start, said.end)
    assert "fr-en" in (translator.capability().languages or ())
    assert not translator.unserved(["en"], ["fr"], "base", heard=True)
    unheard = translator.unserved(["en"], ["fr"], "base", heard=False)
    assert unheard.startswith("no translation from fr to en")
    assert "words are redacted" in unheard
    with pytest.raises(AddOnError, match="no translation from fr to en") as refused:
        translator.translate(said, "en", BASE)
    assert refused.value.status_code == 501


def test_words_are_translated_by_their_text_where_a_model_knows_their_language(hearing: SpeechEngine) -> None:
    translator = PairTranslator([EmbeddedEngine()], speech=hearing)
    said = utterance("Como você está hoje?", "pt")
    assert (
        translator.translate(said, "en", BASE, clip("pt", "contagem").samples).text == " How are you today?"
    )


def test_what_was_heard_in_english_goes_on_to_a_third_language_where_it_may(hearing: SpeechEngine) -> None:
    french = clip("fr", "comptage")
    said = utterance(french.text, "fr")
    translator = PairTranslator([EmbeddedEngine()], speech=hearing, pivot=True)
    # Numbers are written alike.
    assert translator.translate(said, "pt", BASE, french.samples).text == " 1 2 3 4 5 6 7 8 9 10"
