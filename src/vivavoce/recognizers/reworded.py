"""A recogniser whose words are written as its session wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from vivavoce.errors import NotLoaded, RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Around, Hypothesis, Recognizer, Request

_log = structlog.get_logger(__name__)

Write = Callable[[tuple[Word, ...], str], tuple[Word, ...]]
"""Turns words of a language into those to write. Raises `RecognizerError` when it cannot."""


class Reworded(Around):
    """Hears what `recognizer` does; each of `finals` in turn makes of a final's words those of the
    hypothesis, each of `partials` of a partial's."""

    def __init__(self, recognizer: Recognizer, finals: Sequence[Write], partials: Sequence[Write]) -> None:
        super().__init__(recognizer)
        self._finals = finals
        self._partials = partials

    def recognize(self, request: Request) -> Hypothesis:
        """The draft stays the model's own. Raises `RecognizerError`."""
        heard = self._recognizer.recognize(request)
        words = heard.words
        for write in self._finals if request.final else self._partials:
            try:
                words = write(words, heard.language)
            except NotLoaded:
                pass  # A final of that language will have it loaded.
            except RecognizerError as error:
                # Better the words as they were heard than none.
                _log.error("not_reworded", reason=str(error))
        return replace(heard, words=words)
