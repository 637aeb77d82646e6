"""A recogniser with a wording of its own hears the same and writes it differently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from speech import clip
from vivavoce.errors import NotLoaded
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.reworded import Reworded
from vivavoce.recognizers.whisper import WhisperRecognizer


def loud(words: tuple[Word, ...], language: str) -> tuple[Word, ...]:
    assert language == "en"
    return tuple(replace(word, text=word.text.upper()) for word in words)


@pytest.mark.parametrize("final", [True, False])
def test_partials_and_finals_are_reworded_and_nothing_else_changes(
    whisper: WhisperRecognizer, final: bool
) -> None:
    request = Request(clip("en", "quick_brown_fox").samples(), ("en",), final)
    heard = whisper.recognize(request)
    assert heard.words
    assert Reworded(whisper, [loud], [loud]).recognize(request) == replace(
        heard, words=loud(heard.words, "en")
    )


def not_at_once(words: tuple[Word, ...], language: str) -> tuple[Word, ...]:
    raise NotLoaded("it would take seconds")


def test_a_partial_does_without_what_it_would_have_to_wait_for(whisper: WhisperRecognizer) -> None:
    request = Request(clip("en", "quick_brown_fox").samples(), ("en",), final=False)
    heard = whisper.recognize(request)
    reworded = Reworded(whisper, [], [not_at_once, loud]).recognize(request)
    assert reworded == replace(heard, words=loud(heard.words, "en"))


def test_a_draft_is_what_the_model_heard(whisper: WhisperRecognizer) -> None:
    audio = clip("en", "quick_brown_fox").samples()
    reworded = Reworded(whisper, [loud], [loud])
    draft = reworded.recognize(Request(audio[: len(audio) // 2], ("en",), final=False)).draft
    assert draft
    request = Request(audio, ("en",), final=False, draft=draft)
    assert reworded.recognize(request) == replace(
        whisper.recognize(request), words=loud(whisper.recognize(request).words, "en")
    )
