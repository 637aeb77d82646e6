"""The Whisper recogniser: one encoder pass per batch, shared by detection, decoding and word times."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import ctranslate2
import numpy as np

from vivavoce.errors import ModelError, RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Hypothesis, Request
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import guards
from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context_seconds
from vivavoce.recognizers.whisper.features import FRAMES_PER_SECOND, LogMel
from vivavoce.recognizers.whisper.guards import Decoding
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.whisper.words import aligned_words, split_words, token_times

_CAREFUL_BEAM = 5
_DECODER_LENGTH = 448


@dataclass(frozen=True, slots=True)
class _Language:
    code: str
    probability: float


class WhisperRecognizer:
    """A Whisper model in CTranslate2's format. Decoding is deterministic; nothing is sampled."""

    def __init__(
        self, files: ModelFiles, *, threads: int, beam_size: int = 1, compute_type: str = "int8"
    ) -> None:
        """Loads the model for `threads` concurrent callers, each decoding on one core.

        Raises `ModelError` when the files do not make a Whisper model.
        """
        try:
            self._model = ctranslate2.models.Whisper(
                str(files.directory),
                device="cpu",
                compute_type=compute_type,
                inter_threads=threads,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{files.directory} cannot be loaded as a Whisper model: {error}") from error
        self.name = files.name
        self._beam_size = beam_size
        self._features = LogMel(self._model.n_mels)
        self._vocabulary = Vocabulary.load(files.directory, multilingual=self._model.is_multilingual)
        self.capabilities = Capabilities(
            languages=self._vocabulary.languages,
            detects_language=self._vocabulary.multilingual,
            word_times=True,
        )

    def batch_key(self, request: Request) -> Hashable:
        seconds = context_seconds(len(request.audio) / SAMPLE_RATE, final=request.final)
        return seconds, request.final

    def recognize(self, batch: Sequence[Request]) -> list[Hypothesis]:
        try:
            return self._recognize(batch)
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error

    def _recognize(self, batch: Sequence[Request]) -> list[Hypothesis]:
        seconds = max(
            context_seconds(len(request.audio) / SAMPLE_RATE, final=request.final) for request in batch
        )
        encoded = self._encode(batch, seconds)
        languages = self._languages(batch, encoded)
        decodings = self._decode(batch, encoded, languages, self._beam_size)
        words = self._words(batch, encoded, languages, decodings)
        hypotheses = []
        for i, request in enumerate(batch):
            heard = words[i]
            if guards.is_suspicious(decodings[i]):
                heard = self._careful(request, languages[i]) if request.final else ()
            hypotheses.append(Hypothesis(languages[i].code, languages[i].probability, heard))
        return hypotheses

    def _careful(self, request: Request, language: _Language) -> tuple[Word, ...]:
        """A second decoding with all of Whisper's usual context and a beam; no words if it fails too."""
        batch, languages = [request], [language]
        encoded = self._encode(batch, FULL_CONTEXT)
        decoding = self._decode(batch, encoded, languages, _CAREFUL_BEAM)[0]
        if guards.is_silence(decoding):
            return ()
        if guards.is_runaway(decoding):
            tokens = guards.without_loop(decoding.tokens)
            decoding = Decoding(
                tokens, self._vocabulary.text(tokens), decoding.duration, decoding.mean_log_probability,
                decoding.no_speech_probability, True,
            )  # fmt: skip
            if guards.is_runaway(decoding):
                return ()
        return self._words(batch, encoded, languages, [decoding])[0]

    def _encode(self, batch: Sequence[Request], seconds: int) -> ctranslate2.StorageView:
        n_frames = seconds * FRAMES_PER_SECOND
        features = np.stack([self._features(request.audio, n_frames) for request in batch])
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def _languages(self, batch: Sequence[Request], encoded: ctranslate2.StorageView) -> list[_Language]:
        if all(len(request.languages) == 1 for request in batch):
            return [_Language(request.languages[0], 1.0) for request in batch]
        if not self._vocabulary.multilingual:
            return [_Language("en", 1.0) for _ in batch]
        languages = []
        for request, detected in zip(batch, self._model.detect_language(encoded), strict=True):
            candidates = request.languages or self.capabilities.languages
            probabilities = {code: p for token, p in detected if (code := token.strip("<|>")) in candidates}
            best = max(probabilities, key=probabilities.__getitem__)
            languages.append(_Language(best, probabilities[best] / sum(probabilities.values())))
        return languages

    def _decode(
        self,
        batch: Sequence[Request],
        encoded: ctranslate2.StorageView,
        languages: Sequence[_Language],
        beam_size: int,
    ) -> list[Decoding]:
        prompts = [
            [*self._vocabulary.start_sequence(language.code), self._vocabulary.no_timestamps]
            for language in languages
        ]
        # CTranslate2 takes the length of its whole context here and lets the text have half of it.
        results = self._model.generate(
            encoded,
            prompts,
            beam_size=beam_size,
            max_length=_DECODER_LENGTH,
            return_scores=True,
            return_no_speech_prob=True,
        )
        decodings = []
        for request, result in zip(batch, results, strict=True):
            tokens = tuple(result.sequences_ids[0])
            decodings.append(
                Decoding(
                    tokens=tokens,
                    text=self._vocabulary.text(tokens),
                    duration=len(request.audio) / SAMPLE_RATE,
                    mean_log_probability=result.scores[0],
                    no_speech_probability=result.no_speech_prob,
                    finished=len(tokens) < _DECODER_LENGTH // 2,
                )
            )
        return decodings

    def _words(
        self,
        batch: Sequence[Request],
        encoded: ctranslate2.StorageView,
        languages: Sequence[_Language],
        decodings: Sequence[Decoding],
    ) -> list[tuple[Word, ...]]:
        """Words of each decoding, placed by the cross-attention over the encoder's output."""
        if not any(decoding.tokens for decoding in decodings):
            return [() for _ in batch]
        # One call takes one start sequence; nothing but the language differs between those of a batch.
        sequence = self._vocabulary.start_sequence(languages[0].code)
        alignments = self._model.align(
            encoded,
            sequence,
            [list(decoding.tokens) for decoding in decodings],
            [max(1, round(d.duration * FRAMES_PER_SECOND)) for d in decodings],
        )
        words = []
        for decoding, language, alignment in zip(decodings, languages, alignments, strict=True):
            times = token_times(alignment.alignments, len(decoding.tokens), decoding.duration)
            split = split_words(decoding.tokens, self._vocabulary, language.code)
            words.append(aligned_words(split, times, alignment.text_token_probs))
        return words
