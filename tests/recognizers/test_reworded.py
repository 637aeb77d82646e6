"""A recogniser with a wording of its own hears the same and writes it differently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from speech import clip
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
    assert Reworded(whisper, [loud]).recognize(request) == replace(heard, words=loud(heard.words, "en"))


def test_a_draft_is_what_the_model_heard(whisper: WhisperRecognizer) -> None:
    audio = clip("en", "quick_brown_fox").samples()
    reworded = Reworded(whisper, [loud])
    draft = reworded.recognize(Request(audio[: len(audio) // 2], ("en",), final=False)).draft
    assert draft
    request = Request(audio, ("en",), final=False, draft=draft)
    assert reworded.recognize(request) == replace(
        whisper.recognize(request), words=loud(whisper.recognize(request).words, "en")
    )
