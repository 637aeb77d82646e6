"""A Whisper model on CTranslate2: audio is encoded once; languages, text and word times come from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.features import FRAMES_PER_SECOND, LogMel
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.whisper.words import split_words, timed_words, token_times

LONGEST_TEXT = 224
"""Tokens that the decoder can write: half of its context, as in Whisper's own decoding."""

Audio = NDArray[np.float32]
"""Mono, shape (samples,), 16 kHz."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the decoder wrote, in natural logarithms and probabilities from 0 to 1.

    `finished`: it ended by itself, not at a limit of tokens.
    """

    tokens: tuple[int, ...]
    text: str
    mean_log_probability: float
    no_speech_probability: float
    finished: bool


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The encoder's output for a batch, and how long each of its audios is, in seconds."""

    output: ctranslate2.StorageView
    durations: tuple[float, ...]

    def only(self, indices: Sequence[int]) -> Encoded:
        """The part of the batch at `indices`."""
        if len(indices) == len(self.durations):
            return self
        output = ctranslate2.StorageView.from_array(np.array(self.output)[list(indices)])
        return Encoded(output, tuple(self.durations[i] for i in indices))


class WhisperModel:
    """The weights, shared by `threads` concurrent callers that compute on one core each.

    Raises `ModelError` when the directory does not hold a Whisper model of CTranslate2.
    """

    def __init__(self, directory: Path, *, threads: int, compute_type: str) -> None:
        try:
            self._model = ctranslate2.models.Whisper(
                str(directory),
                device="cpu",
                compute_type=compute_type,
                inter_threads=threads,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{directory} cannot be loaded as a Whisper model: {error}") from error
        self.vocabulary = Vocabulary.load(directory, multilingual=self._model.is_multilingual)
        self._log_mel = LogMel(self._model.n_mels)

    def encode(self, audios: Sequence[Audio], seconds: int) -> Encoded:
        """Each audio, followed by silence up to `seconds`, as one batch."""
        features = np.stack([self._log_mel(audio, seconds * FRAMES_PER_SECOND) for audio in audios])
        output = self._model.encode(ctranslate2.StorageView.from_array(features))
        return Encoded(output, tuple(len(audio) / SAMPLE_RATE for audio in audios))

    def detect_languages(self, encoded: Encoded) -> list[dict[str, float]]:
        """The probability of every language, for each of the batch. Only for multilingual models."""
        return [
            {token.strip("<|>"): probability for token, probability in probabilities}
            for probabilities in self._model.detect_language(encoded.output)
        ]

    def decode(
        self, encoded: Encoded, languages: Sequence[str], *, beam_size: int, max_tokens: Sequence[int]
    ) -> list[Decoding]:
        """The likeliest text of each, in its language, of at most `max_tokens`."""
        prompts = [self.vocabulary.prompt(language) for language in languages]
        results = self._model.generate(
            encoded.output,
            prompts,
            beam_size=beam_size,
            # CTranslate2 wants the length of the whole context, of which the text may fill one half.
            max_length=2 * min(max(max_tokens), LONGEST_TEXT),
            return_scores=True,
            return_no_speech_prob=True,
        )
        decodings = []
        for result, limit in zip(results, max_tokens, strict=True):
            # The longest of a batch sets its limit; cut each at its own, so that no neighbour changes it.
            written = result.sequences_ids[0]
            tokens = tuple(written[:limit])
            decodings.append(
                Decoding(
                    tokens=tokens,
                    text=self.vocabulary.text(tokens),
                    # The score leaves the end of the text out of the count, but not out of the sum.
                    mean_log_probability=result.scores[0] * len(written) / (len(written) + 1),
                    no_speech_probability=result.no_speech_prob,
                    finished=len(written) < min(limit, LONGEST_TEXT),
                )
            )
        return decodings

    def words(
        self, encoded: Encoded, languages: Sequence[str], texts: Sequence[Sequence[int]]
    ) -> list[tuple[Word, ...]]:
        """The words that the tokens of each text write, placed by cross-attention."""
        words: list[tuple[Word, ...]] = [()] * len(texts)
        # One call has one start sequence, and an empty text has nothing to align.
        for language in dict.fromkeys(languages):
            indices = [i for i, text in enumerate(texts) if text and languages[i] == language]
            if not indices:
                continue
            part = encoded.only(indices)
            alignments = self._model.align(
                part.output,
                self.vocabulary.start_sequence(language),
                [list(texts[i]) for i in indices],
                [max(1, round(duration * FRAMES_PER_SECOND)) for duration in part.durations],
            )
            for i, duration, alignment in zip(indices, part.durations, alignments, strict=True):
                pieces = split_words(texts[i], self.vocabulary, language)
                times = token_times(alignment.alignments, len(texts[i]), duration)
                words[i] = timed_words(pieces, times, alignment.text_token_probs)
        return words
