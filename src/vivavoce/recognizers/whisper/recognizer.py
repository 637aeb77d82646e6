"""The Whisper recogniser: how much context, which language, how hard to try, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Context, Draft, Hypothesis, Request
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import guards
from vivavoce.recognizers.whisper.context import BLOCK, FULL_CONTEXT, context
from vivavoce.recognizers.whisper.encoder import Encoded
from vivavoce.recognizers.whisper.model import LONGEST_TEXT, Decoding, WhisperModel
from vivavoce.recognizers.whisper.words import split_words

# Texts that are followed for a final; a partial takes the likeliest word each time.
_BEAM_SIZE = 5
# Of what was said before. With the prompt and the longest text it fits into the decoder's 448 positions.
_MOST_SAID = 216
# Seconds of what was said before.
_CONTEXT = 8.0
_LONG_CONTEXT = 20.0
# How likely another language than the expected one must be, and in how many samples.
_CLEARLY = 0.8
_ENOUGH_TO_TELL = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """What is encoded for a request, whose own audio is from sample `begin` to `end`, voiced in that
    share; `said` are the tokens of what comes before."""

    audio: NDArray[np.float32]
    begin: int
    end: int
    voiced: float
    said: tuple[int, ...] = ()

    def inside(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Those words, with times from `begin` on, of which at least half comes before `end`."""
        seconds = (self.end - self.begin) / SAMPLE_RATE
        heard = takewhile(lambda word: (word.start + word.end) / 2 < seconds, words)
        return tuple(replace(word, end=min(word.end, seconds)) for word in heard)


@dataclass(frozen=True, slots=True)
class _Language:
    code: str
    probability: float


class WhisperRecognizer:
    """A Whisper model in CTranslate2's format. Nothing is sampled: the same audio gives the same words."""

    def __init__(self, files: ModelFiles, *, accurate: bool = False) -> None:
        """Loads the model. Concurrent callers use one core each.

        One that is `accurate` hears more of what was said before and rounds nothing, for thrice the work.
        Raises `ModelError` when the files do not make a Whisper model.
        """
        self.name = files.name
        self._model = WhisperModel(files.directory, accurate=accurate)
        self._multilingual = self._model.vocabulary.multilingual
        self.capabilities = Capabilities(
            languages=self._model.vocabulary.languages,
            detects_language=self._multilingual,
            context=Context(_LONG_CONTEXT if accurate else _CONTEXT, _MOST_SAID),
        )

    def recognize(self, request: Request) -> Hypothesis:
        if not guards.is_audible(request.audio):
            return Hypothesis(request.languages[0] if request.languages else "en", 0.0, ())
        try:
            stretch = self._stretch(request)
            encoded = self._model.encode(stretch.audio, context(len(stretch.audio)))
            language = self._language(request, encoded)
            if stretch.said and language.code != (request.expected or language.code):
                # What was said before is no beginning of this.
                return self.recognize(replace(request, before=None, said_before=None))
            decoding = self._decode(encoded, language.code, request, stretch)
            if stretch.said and not _goes_on(decoding, stretch):
                return self.recognize(replace(request, before=None, said_before=None))
            silence = guards.is_silence(decoding, stretch.voiced)
            if request.final and guards.is_runaway(decoding) and not silence:
                # A second try with the context that Whisper was trained on.
                full = self._model.encode(stretch.audio, FULL_CONTEXT)
                decoding = self._model.decode(full, language.code, beam_size=1, max_tokens=LONGEST_TEXT)
            words, tokens = self._words(stretch, language.code, decoding)
            if request.final and guards.has_skipped(words):
                # Word for word it may still be heard.
                greedy = self._decode(
                    encoded, language.code, replace(request, final=False, draft=None), stretch
                )
                more = self._words(stretch, language.code, greedy)
                if not (guards.is_runaway(greedy) or guards.is_guess(greedy) or guards.has_skipped(more[0])):
                    words, tokens = more
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error
        return Hypothesis(language.code, language.probability, words, Draft(self.name, tokens))

    def _stretch(self, request: Request) -> _Stretch:
        """What is encoded. Without what was said before a cut, what was heard there is of no use."""
        said = request.said_before
        usable = said is not None and said.model == self.name and len(said.tokens) <= _MOST_SAID
        known = said.tokens if said and usable else ()
        before, audio, after = (request if known else replace(request, before=None)).heard
        if len(before) + len(audio) + len(after) > FULL_CONTEXT * BLOCK:
            return _Stretch(audio, 0, len(audio), request.voiced)
        whole = np.concatenate([before, audio, after])
        return _Stretch(whole, len(before), len(before) + len(audio), request.voiced, known)

    def _decode(self, encoded: Encoded, language: str, request: Request, stretch: _Stretch) -> Decoding:
        seconds = (len(stretch.audio) - stretch.begin) / SAMPLE_RATE
        return self._model.decode(
            encoded,
            language,
            beam_size=_BEAM_SIZE if request.final else 1,
            max_tokens=guards.token_limit(seconds),
            draft=request.draft.tokens if request.draft and request.draft.model == self.name else (),
            said=stretch.said,
        )

    def _words(
        self, stretch: _Stretch, language: str, decoding: Decoding
    ) -> tuple[tuple[Word, ...], tuple[int, ...]]:
        """The words that were heard, and the tokens that write them.

        There are none in silence; what is repeated without being said counts once; what is said after a cut
        belongs to the next utterance. The tokens are without the last punctuation: what a text continues
        with after a pause is heard better where no full stop was set before it. What is set there is then
        the first of the next tokens, and no word.
        """
        if guards.is_silence(decoding, stretch.voiced):
            return (), ()
        tokens = guards.without_loop(decoding.tokens) if guards.is_runaway(decoding) else decoding.tokens
        heard = self._model.words(stretch.audio[stretch.begin :], decoding, language, tokens, stretch.begin)
        words = guards.without_echo(heard)
        if guards.is_noise(words):
            return (), ()
        words = stretch.inside(words)
        pieces = split_words(tokens, self._model.vocabulary, language)[: len(words)]
        if stretch.said:
            words = tuple(dropwhile(_is_punctuation, words))
        if not words:
            return (), ()
        return words, tokens[: sum(piece.length for piece in pieces[:-1]) + pieces[-1].spoken]

    def _language(self, request: Request, encoded: Encoded) -> _Language:
        if not self._multilingual:
            return _Language("en", 1.0)
        if len(request.languages) == 1:
            return _Language(request.languages[0], 1.0)
        probabilities = self._model.languages(encoded)
        found = _likeliest(probabilities, request.languages)
        clear = found.probability >= _CLEARLY and len(request.audio) >= _ENOUGH_TO_TELL
        if request.expected is None or clear:
            return found
        return _share(probabilities, request.languages, request.expected)


def _goes_on(decoding: Decoding, stretch: _Stretch) -> bool:
    """Whether what was said before helped, and did not lead astray.

    After a whole sentence the model may take everything for said, and write a full stop.
    """
    return not (
        guards.is_silence(decoding, stretch.voiced)
        or guards.is_runaway(decoding)
        or guards.is_guess(decoding)
        or guards.is_said_again(decoding.tokens, stretch.said)
    )


def _is_punctuation(word: Word) -> bool:
    return not any(map(str.isalnum, word.text))


def _likeliest(probabilities: dict[str, float], candidates: Sequence[str]) -> _Language:
    """The best of the candidates, or of all, and its probability among them."""
    best = max(candidates or probabilities, key=lambda code: probabilities[code])
    return _share(probabilities, candidates, best)


def _share(probabilities: dict[str, float], candidates: Sequence[str], language: str) -> _Language:
    """The language with its probability among the candidates, or all."""
    possible = candidates or tuple(probabilities)
    return _Language(language, probabilities[language] / sum(probabilities[code] for code in possible))
