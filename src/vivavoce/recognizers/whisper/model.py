"""A Whisper model: audio is encoded once; languages, text and word times come from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.alignment import token_steps
from vivavoce.recognizers.whisper.checkpoint import Checkpoint
from vivavoce.recognizers.whisper.decoder import Decoder
from vivavoce.recognizers.whisper.encoder import STEPS_PER_SECOND, Encoded, Encoder
from vivavoce.recognizers.whisper.search import Costs, beam_search
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.whisper.words import split_words
from vivavoce.recognizers.word_times import loud_steps, timed_words

_MULTILINGUAL_SIZE = 51_865


@dataclass(frozen=True, slots=True, eq=False)
class Decoding:
    """What the decoder wrote in `language`. `finished`: it ended by itself, not at the limit of tokens.

    `probabilities` has one for each of `tokens`; `attention` (heads, prompt + tokens + 1, steps) begins with
    the `prompt` tokens that were read before.
    """

    tokens: tuple[int, ...]
    text: str
    mean_log_probability: float
    no_speech_probability: float
    finished: bool
    probabilities: tuple[float, ...]
    attention: NDArray[np.float32]
    prompt: int
    language: str


class WhisperModel:
    """The weights; concurrent callers compute on one core each.

    They are rounded to 8 bits, and from a third of the layers on the audio is heard in steps of 40 ms. If it
    is to be `accurate`, they stay in float32 and all layers but the last hear steps of 20 ms: no word is more
    right for that, and each costs twice as much, but so it can be compared with what others compute.

    Raises `ModelError` when the directory does not hold a Whisper model of CTranslate2.
    """

    def __init__(self, directory: Path, *, accurate: bool = False) -> None:
        checkpoint = Checkpoint(directory)
        try:
            size = len(checkpoint.array("decoder/embeddings/weight"))
            self.vocabulary = Vocabulary.load(directory, multilingual=size >= _MULTILINGUAL_SIZE)
            writable = np.arange(size) <= self.vocabulary.end
            writable[checkpoint.config.get("suppress_ids", [])] = False
            self._not_first = frozenset(checkpoint.config.get("suppress_ids_begin", []))
            self.encode = Encoder(checkpoint, accurate=accurate)
            self._decoder = Decoder(checkpoint, writable, quantized=not accurate)
            # What does not fit together shows as soon as it is computed.
            self.languages(self.encode(np.zeros(0, np.float32), 1))
            checkpoint.unload()
        except KeyError as error:
            raise ModelError(f"{directory} lacks {error}, which every Whisper model has") from error
        except (RuntimeError, IndexError, ValueError) as error:
            raise ModelError(f"the files in {directory} do not fit together: {error}") from error

    def languages(self, encoded: Encoded) -> dict[str, float]:
        """The probability of every language; of little meaning for models that know one."""
        special = self._decoder.start(encoded, self.vocabulary.start_sequence("en")[:1]).special
        languages = self.vocabulary.language_tokens
        total = sum(float(special[token - self.vocabulary.end]) for token in languages.values())
        return {
            code: float(special[token - self.vocabulary.end]) / total for code, token in languages.items()
        }

    def decode(
        self,
        encoded: Encoded,
        language: str,
        *,
        beam_size: int,
        max_tokens: int,
        draft: Sequence[int] = (),
        said: Sequence[int] = (),
        in_english: bool = False,
        costs: Costs | None = None,
    ) -> Decoding:
        """The likeliest text, of at most `max_tokens`, after the tokens of what is already `said`. All of
        them, with the prompt, fit into the positions that the decoder has.

        With `in_english` it is the translation of what is said in `language`. `costs` are what words cost
        beside how likely they are.

        A `draft` makes a greedy search (`beam_size` 1) quicker where it guesses right. It can only change the
        text where two tokens are about as likely: numbers are rounded together that are computed together.
        """
        prompt = [*self.vocabulary.prompt(language, in_english=in_english), *said]
        rows = self._decoder.start(encoded, prompt, draft if beam_size == 1 else ())
        no_speech = float(rows.special[self.vocabulary.no_speech - self.vocabulary.end])
        before = rows.prompt_attention
        found = beam_search(
            rows.first,
            rows.advance,
            end=self.vocabulary.end,
            beam_size=beam_size,
            max_tokens=min(max_tokens, self._decoder.positions - len(prompt)),
            not_first=self._not_first,
            costs=costs,
        )
        return Decoding(
            tokens=found.tokens,
            text=self.vocabulary.text(found.tokens),
            mean_log_probability=found.score / (len(found.tokens) + 1),
            no_speech_probability=no_speech,
            finished=found.finished,
            probabilities=found.probabilities,
            attention=np.concatenate([before, found.attention], axis=1),
            prompt=before.shape[1],
            language=language,
        )

    def words(
        self,
        audio: NDArray[np.float32],
        decoding: Decoding,
        language: str,
        tokens: Sequence[int],
        begin: int = 0,
    ) -> tuple[Word, ...]:
        """The words that `tokens`, which `decoding` begins with, write, placed in `audio`.

        That is what was encoded from sample `begin` on, and times count from there.
        """
        if not tokens:
            return ()
        first, last = (round(at / SAMPLE_RATE * STEPS_PER_SECOND) for at in (begin, begin + len(audio)))
        length = decoding.prompt + len(tokens) + 1
        begins = token_steps(decoding.attention[:, :length, first : max(last, first + 1)], decoding.prompt)
        pieces = split_words(tokens, self.vocabulary, language)
        times = (begins / STEPS_PER_SECOND).tolist()
        return timed_words(pieces, times, decoding.probabilities, loud_steps(audio))
