"""A recogniser whose words are written as its session wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Capabilities, Hypothesis, Recognizer, Request


class Reworded:
    """Hears what `recognizer` does; `write` turns its words into those of the hypothesis."""

    def __init__(self, recognizer: Recognizer, write: Callable[[tuple[Word, ...]], tuple[Word, ...]]) -> None:
        self._recognizer = recognizer
        self._write = write

    @property
    def name(self) -> str:
        return self._recognizer.name

    @property
    def capabilities(self) -> Capabilities:
        return self._recognizer.capabilities

    def recognize(self, request: Request) -> Hypothesis:
        """The draft stays the model's own. Raises `RecognizerError`."""
        heard = self._recognizer.recognize(request)
        return replace(heard, words=self._write(heard.words))
