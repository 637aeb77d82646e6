"""The Whisper recogniser: how much context, which language, how hard to try, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.errors import RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import Capabilities, Draft, Hypothesis, Request
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import guards
from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context
from vivavoce.recognizers.whisper.encoder import Encoded
from vivavoce.recognizers.whisper.model import LONGEST_TEXT, Decoding, WhisperModel

# Texts that are followed for a final; a partial takes the likeliest word each time.
_BEAM_SIZE = 5


@dataclass(frozen=True, slots=True)
class _Language:
    code: str
    probability: float


class WhisperRecognizer:
    """A Whisper model in CTranslate2's format. Nothing is sampled: the same audio gives the same words."""

    def __init__(self, files: ModelFiles) -> None:
        """Loads the model. Concurrent callers use one core each.

        Raises `ModelError` when the files do not make a Whisper model.
        """
        self.name = files.name
        self._model = WhisperModel(files.directory)
        self._multilingual = self._model.vocabulary.multilingual
        self.capabilities = Capabilities(
            languages=self._model.vocabulary.languages, detects_language=self._multilingual
        )

    def recognize(self, request: Request) -> Hypothesis:
        if not guards.is_audible(request.audio):
            return Hypothesis(request.languages[0] if request.languages else "en", 0.0, ())
        try:
            encoded = self._model.encode(request.audio, context(len(request.audio)))
            language = self._language(request, encoded)
            decoding = self._decode(encoded, language.code, request)
            words = self._words(request, language.code, decoding)
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error
        draft = Draft(self.name, decoding.tokens)
        return Hypothesis(language.code, language.probability, words, draft)

    def _decode(self, encoded: Encoded, language: str, request: Request) -> Decoding:
        decoding = self._model.decode(
            encoded,
            language,
            beam_size=_BEAM_SIZE if request.final else 1,
            max_tokens=guards.token_limit(encoded.duration),
            draft=request.draft.tokens if request.draft and request.draft.model == self.name else (),
        )
        if not request.final or not guards.is_runaway(decoding) or guards.is_silence(decoding):
            return decoding
        # A second try with the context that Whisper was trained on.
        full = self._model.encode(request.audio, FULL_CONTEXT)
        return self._model.decode(full, language, beam_size=1, max_tokens=LONGEST_TEXT)

    def _words(self, request: Request, language: str, decoding: Decoding) -> tuple[Word, ...]:
        """The words that were heard: none in silence, and what is repeated without being said, once."""
        if guards.is_silence(decoding):
            return ()
        tokens = guards.without_loop(decoding.tokens) if guards.is_runaway(decoding) else decoding.tokens
        words = guards.without_echo(self._model.words(request.audio, decoding, language, tokens))
        return () if guards.is_noise(words) else words

    def _language(self, request: Request, encoded: Encoded) -> _Language:
        if not self._multilingual:
            return _Language("en", 1.0)
        if len(request.languages) == 1:
            return _Language(request.languages[0], 1.0)
        return _likeliest(self._model.languages(encoded), request.languages)


def _likeliest(probabilities: dict[str, float], candidates: Sequence[str]) -> _Language:
    """The best of the candidates, or of all, and its probability among them."""
    possible = candidates or tuple(probabilities)
    best = max(possible, key=lambda code: probabilities[code])
    return _Language(best, probabilities[best] / sum(probabilities[code] for code in possible))
