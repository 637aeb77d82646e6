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
from vivavoce.recognizers.whisper.words import loud_steps, split_words, timed_words, token_times

LONGEST_TEXT = 224
"""Tokens that the decoder can write: half of its context, as in Whisper's own decoding."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the decoder wrote. `finished`: it ended by itself, not at the limit of tokens."""

    tokens: tuple[int, ...]
    text: str
    mean_log_probability: float
    no_speech_probability: float
    finished: bool


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The encoder's output for one audio of `duration` seconds, and which steps of 20 ms of it are loud."""

    output: ctranslate2.StorageView
    duration: float
    loud: NDArray[np.bool_]


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

    def encode(self, audio: NDArray[np.float32], seconds: int) -> Encoded:
        """Hear `audio` (samples,), followed by silence up to `seconds`.

        One at a time: a batch of encoder runs saves nothing and spills out of the processor's cache.
        Raises `ValueError` for audio that is longer.
        """
        if len(audio) > seconds * SAMPLE_RATE:
            raise ValueError(f"{len(audio) / SAMPLE_RATE:.2f} s of audio do not fit into {seconds} s")
        features = self._log_mel(audio, seconds * FRAMES_PER_SECOND)[np.newaxis]
        output = self._model.encode(ctranslate2.StorageView.from_array(features))
        return Encoded(output, len(audio) / SAMPLE_RATE, loud_steps(audio))

    def detect_languages(self, batch: Sequence[Encoded]) -> list[dict[str, float]]:
        """The probability of every language. Only for multilingual models; contexts must be equal."""
        return [
            {token.strip("<|>"): probability for token, probability in probabilities}
            for probabilities in self._model.detect_language(_joined(batch))
        ]

    def decode(
        self, batch: Sequence[Encoded], languages: Sequence[str], *, beam_size: int, max_tokens: int
    ) -> list[Decoding]:
        """The likeliest text of each, in its language, of at most `max_tokens`; contexts must be equal."""
        results = self._model.generate(
            _joined(batch),
            [self.vocabulary.prompt(language) for language in languages],
            beam_size=beam_size,
            # Normalised by length, a beam prefers to say things twice.
            length_penalty=0,
            # CTranslate2 wants the length of the whole context, of which the text may fill one half.
            max_length=2 * max_tokens,
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [
            Decoding(
                tokens=(tokens := tuple(result.sequences_ids[0])),
                text=self.vocabulary.text(tokens),
                mean_log_probability=result.scores[0] / (len(tokens) + 1),
                no_speech_probability=result.no_speech_prob,
                finished=len(tokens) < max_tokens,
            )
            for result in results
        ]

    def words(self, encoded: Encoded, language: str, tokens: Sequence[int]) -> tuple[Word, ...]:
        """The words that `tokens` write, placed in the audio by cross-attention."""
        if not tokens:
            return ()
        [alignment] = self._model.align(
            encoded.output,
            self.vocabulary.start_sequence(language),
            [list(tokens)],
            max(1, round(encoded.duration * FRAMES_PER_SECOND)),
        )
        return timed_words(
            split_words(tokens, self.vocabulary, language),
            token_times(alignment.alignments, len(tokens), encoded.duration),
            alignment.text_token_probs,
            encoded.loud,
        )


def _joined(batch: Sequence[Encoded]) -> ctranslate2.StorageView:
    if len(batch) == 1:
        return batch[0].output
    return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(e.output) for e in batch]))
