"""The Whisper recogniser: how much context, which language, how hard to try, and whether to believe it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

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
            languages=self._model.vocabulary.languages, detects_language=self._multilingual, word_times=True
        )

    def batch_key(self, request: Request) -> Hashable:
        return request.final, _context(request), self._is_language_known(request)

    def recognize(self, batch: Sequence[Request]) -> list[Hypothesis]:
        try:
            return self._recognize(batch)
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed on a batch of {len(batch)}: {error}") from error

    def _recognize(self, batch: Sequence[Request]) -> list[Hypothesis]:
        encoded = self._model.encode([request.audio for request in batch], max(map(_context, batch)))
        languages = self._languages(batch, encoded)
        codes = [language.code for language in languages]
        decodings = self._model.decode(
            encoded,
            codes,
            beam_size=_FINAL_BEAM if batch[0].final else _PARTIAL_BEAM,
            max_tokens=[guards.token_limit(duration) for duration in encoded.durations],
        )
        doubtful = [guards.is_silence(decoding) or guards.is_runaway(decoding) for decoding in decodings]
        believed = [
            () if doubt and request.final else self._believed(decoding)
            for request, doubt, decoding in zip(batch, doubtful, decodings, strict=True)
        ]
        words = self._model.words(encoded, codes, believed)
        for i, request in enumerate(batch):
            if doubtful[i] and request.final:
                words[i] = self._words_of_second_try(request, codes[i])
        return [
            Hypothesis(language.code, language.probability, heard)
            for language, heard in zip(languages, words, strict=True)
        ]

    def _words_of_second_try(self, request: Request, language: str) -> tuple[Word, ...]:
        encoded = self._model.encode([request.audio], FULL_CONTEXT)
        [decoding] = self._model.decode(encoded, [language], beam_size=_FINAL_BEAM, max_tokens=[LONGEST_TEXT])
        [words] = self._model.words(encoded, [language], [self._believed(decoding)])
        return words

    def _believed(self, decoding: Decoding) -> tuple[int, ...]:
        """The tokens to show: none of silence, no rounds of a loop but the first."""
        if guards.is_silence(decoding):
            return ()
        if not guards.is_runaway(decoding):
            return decoding.tokens
        tokens = guards.without_loop(decoding.tokens)
        shortened = replace(decoding, tokens=tokens, text=self._model.vocabulary.text(tokens), finished=True)
        return () if guards.is_runaway(shortened) else tokens

    def _is_language_known(self, request: Request) -> bool:
        return len(request.languages) == 1 or not self._multilingual

    def _languages(self, batch: Sequence[Request], encoded: Encoded) -> list[_Language]:
        if not self._multilingual:
            return [_Language("en", 1.0)] * len(batch)
        if all(map(self._is_language_known, batch)):
            return [_Language(request.languages[0], 1.0) for request in batch]
        return [
            _likeliest(probabilities, request.languages)
            for request, probabilities in zip(batch, self._model.detect_languages(encoded), strict=True)
        ]


def _context(request: Request) -> int:
    return context_seconds(len(request.audio) / SAMPLE_RATE, final=request.final)


def _likeliest(probabilities: dict[str, float], candidates: Sequence[str]) -> _Language:
    """The best of the candidates, or of all, and its probability among them."""
    open_to = candidates or tuple(probabilities)
    best = max(open_to, key=lambda code: probabilities[code])
    return _Language(best, probabilities[best] / sum(probabilities[code] for code in open_to))
