"""A model for finals beside a smaller one for partials."""

from __future__ import annotations

from vivavoce.recognizers.base import Capabilities, Hypothesis, Recognizer, Request


class TwoModels:
    """Finals from `thorough`; partials from `quick`, where it knows every language that may be spoken."""

    def __init__(self, thorough: Recognizer, quick: Recognizer) -> None:
        self._thorough = thorough
        self._quick = quick

    @property
    def name(self) -> str:
        return self._thorough.name

    @property
    def capabilities(self) -> Capabilities:
        return self._thorough.capabilities

    def recognize(self, request: Request) -> Hypothesis:
        """As the model does that the request is for. Raises `RecognizerError`."""
        chosen = self._quick if not request.final and self._suits(request) else self._thorough
        return chosen.recognize(request)

    def _suits(self, request: Request) -> bool:
        """Whether the quick model can serve a partial of this request."""
        able = self._quick.capabilities
        possible = frozenset(request.languages) or self.capabilities.languages
        return possible <= able.languages and (len(possible) == 1 or able.detects_language)
