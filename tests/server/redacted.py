"""Sessions that ask for redaction, of a server whose scripted recogniser says who is secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

from server.harness import Server, models
from vivavoce.errors import ModelError
from vivavoce.intelligence.base import Mention
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.server.models import Models, with_default
from vivavoce.server.redacting import Redaction
from vivavoce.settings import Settings

SECRET = "word1"


class SecretFinder:
    """`SECRET` is somebody's name. One that `fails` tells what it failed on."""

    def __init__(self, fails: bool = False) -> None:
        self._fails = fails

    def find(self, words: Sequence[Word], language: str) -> list[Mention]:
        return []

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        if self._fails:
            raise ValueError("what was said: " + "".join(word.text for word in words))
        return [
            Mention("NAME", SECRET, range(index, index + 1), word.start, word.end)
            for index, word in enumerate(words)
            if word.text.strip() == SECRET
        ]


def redacting(_: Settings) -> Models:
    return dataclasses.replace(models(), redaction=Redaction(SecretFinder))


def failing(_: Settings) -> Models:
    return dataclasses.replace(models(), redaction=Redaction(lambda: SecretFinder(fails=True)))


def crashing(_: Settings) -> Models:
    """Its recogniser says what it heard when it fails."""

    def crash(request: Request) -> bool:
        raise ValueError(f"cannot write {SECRET}")

    recognizer = ScriptedRecognizer(word_every(0.5), fails=crash)
    recognizers = with_default({"base": recognizer}, "base")
    return dataclasses.replace(models(), recognizers=recognizers, redaction=Redaction(SecretFinder))


def without_finder(_: Settings) -> Models:
    def make() -> SecretFinder:
        raise ModelError("/models/pii is missing; reinstall the package")

    return dataclasses.replace(models(), redaction=Redaction(make))


def asking(*, bleep: bool = True, **more: Any) -> dict[str, Any]:
    config = {"entity_types": ["NAME"], "bleep": bleep}
    return {
        "endpointing": 0.3,
        "realtime_processing": {"pii_redaction": True, "pii_redaction_config": config},
    } | more


async def utterances(server: Server, session_id: str) -> list[dict[str, Any]]:
    stored = (await server.http.get(f"/v2/live/{session_id}")).json()
    found: list[dict[str, Any]] = stored["result"]["transcription"]["utterances"]
    return found
