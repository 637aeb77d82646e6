"""The Whisper recogniser: how much context, which language, how hard to try, and whether to believe it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from vivavoce.errors import RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Hypothesis, Request
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import guards
from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context_seconds
from vivavoce.recognizers.whisper.model import LONGEST_TEXT, Decoding, Encoded, WhisperModel

_FINAL_BEAM = 5
_PARTIAL_BEAM = 1


@dataclass(frozen=True, slots=True)
class _Language:
    code: str
    probability: float


class WhisperRecognizer:
    """A Whisper model in CTranslate2's format. Nothing is sampled: the same audio gives the same words."""

    def __init__(self, files: ModelFiles, *, threads: int, compute_type: str = "int8") -> None:
        """Loads the model for `threads` concurrent callers, each of them using one core.

        Raises `ModelError` when the files do not make a Whisper model.
        """
        self.name = files.name
        self._model = WhisperModel(files.directory, threads=threads, compute_type=compute_type)
        self._multilingual = self._model.vocabulary.multilingual
        self.capabilities = Capabilities(
            languages=self._model.vocabulary.languages, detects_language=self._multilingual
        )

    def batch_key(self, request: Request) -> Hashable:
        return request.final, _context(request), self._is_given(request)

    def recognize(self, batch: Sequence[Request]) -> list[Hypothesis]:
        audible = [request for request in batch if guards.is_audible(request.audio)]
        try:
            heard = iter(self._hear(audible) if audible else ())
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed on a batch of {len(audible)}: {error}") from error
        return [next(heard) if guards.is_audible(request.audio) else _nothing(request) for request in batch]

    def _hear(self, batch: Sequence[Request]) -> list[Hypothesis]:
        final = batch[0].final
        encoded = [self._model.encode(request.audio, _context(request)) for request in batch]
        languages = self._languages(batch, encoded)
        decodings = self._model.decode(
            encoded,
            [language.code for language in languages],
            beam_size=_FINAL_BEAM if final else _PARTIAL_BEAM,
            # By what all of a batch have in common, since a beam's answer depends on where it has to end.
            max_tokens=guards.token_limit(_context(batch[0])),
        )
        hypotheses = []
        for request, one, language, decoding in zip(batch, encoded, languages, decodings, strict=True):
            if final and guards.is_runaway(decoding) and not guards.is_silence(decoding):
                words = self._hear_again(request, language.code)
            else:
                words = self._believed(one, language.code, decoding)
            hypotheses.append(Hypothesis(language.code, language.probability, words))
        return hypotheses

    def _hear_again(self, request: Request, language: str) -> tuple[Word, ...]:
        """A second try with the context that Whisper was trained on."""
        encoded = self._model.encode(request.audio, FULL_CONTEXT)
        [decoding] = self._model.decode([encoded], [language], beam_size=1, max_tokens=LONGEST_TEXT)
        return self._believed(encoded, language, decoding)

    def _believed(self, encoded: Encoded, language: str, decoding: Decoding) -> tuple[Word, ...]:
        """The words that were heard: none in silence, and what is repeated without being said, once."""
        if guards.is_silence(decoding):
            return ()
        tokens = guards.without_loop(decoding.tokens) if guards.is_runaway(decoding) else decoding.tokens
        words = guards.without_echo(self._model.words(encoded, language, tokens))
        return () if guards.is_noise(words) else words

    def _is_given(self, request: Request) -> bool:
        return len(request.languages) == 1 or not self._multilingual

    def _languages(self, batch: Sequence[Request], encoded: Sequence[Encoded]) -> list[_Language]:
        if not self._multilingual:
            return [_Language("en", 1.0)] * len(batch)
        if all(map(self._is_given, batch)):
            return [_Language(request.languages[0], 1.0) for request in batch]
        return [
            _likeliest(probabilities, request.languages)
            for request, probabilities in zip(batch, self._model.detect_languages(encoded), strict=True)
        ]


def _context(request: Request) -> int:
    return context_seconds(len(request.audio) / SAMPLE_RATE, final=request.final)


def _nothing(request: Request) -> Hypothesis:
    return Hypothesis(request.languages[0] if request.languages else "en", 0.0, ())


def _likeliest(probabilities: dict[str, float], candidates: Sequence[str]) -> _Language:
    """The best of the candidates, or of all, and its probability among them."""
    possible = candidates or tuple(probabilities)
    best = max(possible, key=lambda code: probabilities[code])
    return _Language(best, probabilities[best] / sum(probabilities[code] for code in possible))
