"""Transcripts as text, JSON and captions."""

from __future__ import annotations

import json

import pytest
import typer

from vivavoce.cli.terminal import clock
from vivavoce.cli.transcripts import Form, chosen, written
from vivavoce.protocol.responses import UtteranceModel, WordModel


def utterance(text: str, start: float, channel: int = 0, language: str = "en") -> UtteranceModel:
    end = start + 1
    words = tuple(WordModel(word=f" {word}", start=start, end=end, confidence=1) for word in text.split())
    return UtteranceModel(
        start=start,
        end=end,
        confidence=1,
        channel=channel,
        words=words,
        text=f" {text}",
        language=language,
    )


TALK = [utterance("And you?", 63.25), utterance("How are you?", 1), utterance("Gut.", 2, language="de")]
CALL = [utterance("Hello?", 0), utterance("Hi.", 0.5, channel=1)]


def test_text_is_a_line_for_each_utterance_in_the_order_of_speaking() -> None:
    assert written(Form.TEXT, TALK, "a.wav", "id") == "How are you?\nGut.\nAnd you?\n"


def test_captions_begin_with_their_time() -> None:
    assert written(Form.CAPTIONS, TALK, "a.wav", "id").splitlines()[-1] == " 1:03.2  And you?"


def test_captions_of_several_channels_say_which() -> None:
    assert written(Form.CAPTIONS, CALL, "a.wav", "id") == " 0:00.0  [1] Hello?\n 0:00.5  [2] Hi.\n"


def test_json_is_one_line_that_holds_everything() -> None:
    line = written(Form.JSON, TALK, "a.wav", "id")
    assert line.count("\n") == 1
    transcript = json.loads(line)
    assert transcript["file"] == "a.wav"
    assert transcript["session_id"] == "id"
    assert transcript["languages"] == ["en", "de"]
    assert transcript["text"] == "How are you? Gut. And you?"
    assert UtteranceModel.model_validate(transcript["utterances"][0]) == TALK[1]


def test_json_spaces_the_text_as_its_language_is_written() -> None:
    talk = [
        utterance("你好。", 0, language="zh"),
        utterance("再见。", 1, language="zh"),
        utterance("Bye.", 2),
    ]
    assert json.loads(written(Form.JSON, talk, "a.wav", "id"))["text"] == "你好。再见。 Bye."


def test_subtitles_are_made_of_the_words() -> None:
    assert written(Form.SRT, [TALK[1]], "a.wav", "id").endswith("How are you?\n\n")
    assert written(Form.VTT, [TALK[1]], "a.wav", "id").startswith("WEBVTT\n")


@pytest.mark.parametrize("form", [Form.TEXT, Form.CAPTIONS, Form.SRT])
def test_silence_is_an_empty_transcript(form: Form) -> None:
    assert written(form, [], "a.wav", "id") == ""


def test_one_form_can_be_chosen_at_a_time() -> None:
    assert chosen(text=False, json=False, srt=False, vtt=False) is Form.CAPTIONS
    assert chosen(text=False, json=False, srt=True, vtt=False) is Form.SRT
    with pytest.raises(typer.BadParameter, match="choose one of --text and --vtt"):
        chosen(text=True, json=False, srt=False, vtt=True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (3.94, "0:03.9"), (59.96, "1:00.0"), (754.5, "12:34.5"), (3723.4, "1:02:03.4")],
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert clock(seconds) == text
