"""Finals from one model, partials from a smaller one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from speech import clip
from vivavoce.recognizers.base import Draft, Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.recognizers.two_models import TwoModels
from vivavoce.recognizers.whisper import WhisperRecognizer


@pytest.mark.parametrize("languages", [(), ("en",), ("en", "es"), ("es",)])
def test_finals_are_those_of_the_larger_model(
    two_models: TwoModels, whisper: WhisperRecognizer, languages: tuple[str, ...]
) -> None:
    request = Request(clip("en", "quick_brown_fox").samples(), languages, final=True)
    assert two_models.recognize(request) == whisper.recognize(request)


def test_partials_are_those_of_the_smaller_model(
    two_models: TwoModels, tiny_english: WhisperRecognizer
) -> None:
    request = Request(clip("en", "quick_brown_fox").samples(), ("en",), final=False)
    assert two_models.recognize(request) == tiny_english.recognize(request)


@pytest.mark.parametrize("languages", [(), ("en", "es"), ("es",)])
def test_partials_in_a_language_that_it_does_not_know_are_not(
    two_models: TwoModels, whisper: WhisperRecognizer, languages: tuple[str, ...]
) -> None:
    request = Request(clip("es", "hola_mundo").samples(), languages, final=False)
    assert two_models.recognize(request) == whisper.recognize(request)


def test_any_of_several_languages_may_be_spoken_if_the_smaller_model_tells_them_apart() -> None:
    large = ScriptedRecognizer(word_every(0.4), languages=("en", "fr", "de"))
    small = ScriptedRecognizer(word_every(0.2), languages=("en", "fr"))
    both, audio = TwoModels(large, small), clip("en", "quick_brown_fox").samples()
    for languages, expected in ((("en", "fr"), small), (("fr", "de"), large), ((), large)):
        request = Request(audio, languages, final=False)
        assert both.recognize(request) == expected.recognize(request)


def test_what_one_model_drafted_is_no_draft_for_the_other(tiny_english: WhisperRecognizer) -> None:
    audio = clip("en", "quick_brown_fox").samples()
    partial = Request(audio, ("en",), final=False)
    # A token that the smaller model does not have.
    foreign = replace(partial, draft=Draft("base", (10**6,)))
    assert tiny_english.recognize(foreign) == tiny_english.recognize(partial)
