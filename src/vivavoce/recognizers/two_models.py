"""A model for finals beside a smaller one for partials."""

from __future__ import annotations

from vivavoce.recognizers.base import Around, Hypothesis, Recognizer, Request


class TwoModels(Around):
    """Finals from `thorough`; partials from `quick`, where it knows every language that may be spoken."""

    def __init__(self, thorough: Recognizer, quick: Recognizer) -> None:
        super().__init__(thorough)
        self._quick = quick

    def recognize(self, request: Request) -> Hypothesis:
        """As the model does that the request is for. Raises `RecognizerError`."""
        chosen = self._quick if not request.final and self._suits(request) else self._recognizer
        return chosen.recognize(request)

    def _suits(self, request: Request) -> bool:
        """Whether the quick model can serve a partial of this request."""
        able = self._quick.capabilities
        possible = frozenset(request.languages) or self.capabilities.languages
        return possible <= able.languages and (len(possible) == 1 or able.detects_language)
