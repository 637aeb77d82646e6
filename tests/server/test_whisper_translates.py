"""A server whose recogniser translates what nothing else does: by the sound, unless that is to be hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from disturbed.server import real_server
from server.add_ons import streamed
from server.peers import Message
from speech import ROOT, clip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    models = ROOT / ".cache" / "models"
    with real_server(models, whisper_translates=True, partials_model="same") as server:
        yield server.url


def translated(url: str, **realtime: Any) -> list[Message]:
    """What is said of each final of somebody who counts in Spanish."""
    translation = {"translation": True, "translation_config": {"target_languages": ["en"]}}
    asked = {
        "language_config": {"languages": ["es"]},
        "realtime_processing": translation | realtime,
    }
    _, texts = streamed(url, asked, clip("es", "conteo").pcm())
    return [message for text in texts if (message := json.loads(text))["type"] == "translation"]


def test_what_is_said_in_spanish_comes_in_english(url: str) -> None:
    messages = translated(url)
    assert messages
    assert [message["error"] for message in messages] == [None] * len(messages)
    text = " ".join(message["data"]["translated_utterance"]["text"] for message in messages).lower()
    # Where a processor rounds otherwise, the model writes figures.
    numbers = {"three": "3", "four": "4", "five": "5", "eight": "8", "nine": "9"}
    assert all(word in text or figure in text for word, figure in numbers.items()), text
    assert {message["data"]["original_language"] for message in messages} == {"es"}
    assert {message["data"]["target_language"] for message in messages} == {"en"}


def test_who_has_words_redacted_is_not_told_what_is_still_in_the_sound(url: str) -> None:
    messages = translated(url, pii_redaction=True)
    assert messages
    assert [message["data"] for message in messages] == [None] * len(messages)
    assert {message["error"]["status_code"] for message in messages} == {501}
    assert "redacted" in messages[0]["error"]["message"]
