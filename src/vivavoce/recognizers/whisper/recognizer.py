"""The Whisper recogniser: how much context, which language, how hard to try, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Context, Draft, Hypothesis, Request
from vivavoce.recognizers.lexicon import Lexicons
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.whisper import guards
from vivavoce.recognizers.whisper.context import FULL_CONTEXT, context
from vivavoce.recognizers.whisper.encoder import Encoded
from vivavoce.recognizers.whisper.model import Decoding, WhisperModel
from vivavoce.recognizers.whisper.stretch import MOST_SAID, PIECE, Stretch, around, going_on, pieces
from vivavoce.recognizers.whisper.word_costs import Letters, WordCosts
from vivavoce.recognizers.whisper.words import split_words

# Texts that are followed for a final; a partial takes the likeliest word each time.
_BEAM_SIZE = 5
# Seconds of what was said before.
_CONTEXT = 8.0
# How likely another language than the expected one must be, and in how many samples.
_CLEARLY = 0.8
_ENOUGH_TO_TELL = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a decoding amounts to: its words, and the tokens that write them, `starts` as in `Draft.words`."""

    decoding: Decoding
    words: tuple[Word, ...] = ()
    tokens: tuple[int, ...] = ()
    starts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Language:
    code: str
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    """What a stretch is heard as, and what other tries begin with."""

    stretch: Stretch
    encoded: Encoded
    language: _Language
    heard: _Heard


class WhisperRecognizer:
    """A Whisper model in CTranslate2's format. Nothing is sampled: the same audio gives the same words."""

    def __init__(self, files: ModelFiles, lexicons: Lexicons | None = None) -> None:
        """Loads the model. Concurrent callers use one core each. `lexicons` may serve several recognisers.

        Raises `ModelError` when the files do not make a Whisper model, or lists of words are damaged.
        """
        self.name = files.name
        self._model = WhisperModel(files.directory)
        self._multilingual = self._model.vocabulary.multilingual
        self._letters = Letters(self._model.vocabulary)
        self._lexicons = lexicons or Lexicons()
        self.capabilities = Capabilities(
            languages=self._model.vocabulary.languages,
            detects_language=self._multilingual,
            context=Context(_CONTEXT, MOST_SAID),
        )

    def recognize(self, request: Request) -> Hypothesis:
        """As `Recognizer` has it. Raises `RecognizerError`."""
        if not guards.is_audible(request.audio):
            return Hypothesis(request.expected or next(iter(request.languages), "en"), 0.0, ())
        try:
            first = self._first(request)
            heard = self._again(first, request) if request.final else first.heard
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error
        draft = Draft(self.name, heard.tokens, heard.starts)
        return Hypothesis(first.language.code, first.language.probability, heard.words, draft)

    @property
    def interprets(self) -> frozenset[str]:
        """The languages for which `in_english` writes English: none if the model knows English alone."""
        return self.capabilities.languages - {"en"} if self._multilingual else frozenset()

    def in_english(self, audio: NDArray[np.float32], language: str) -> str:
        """What is said in `language`, in English; "" where nobody speaks or nothing is understood.

        `audio` as in `Request`. The model was taught this beside writing what is said, and does it worse.
        Raises `RecognizerError`.
        """
        if not self._multilingual or language not in self.capabilities.languages:
            raise RecognizerError(f"{self.name} does not know {language}")
        if not guards.is_audible(audio):
            return ""
        try:
            decoding = self._model.decode(
                self._model.encode(audio, context(len(audio))),
                language,
                beam_size=_BEAM_SIZE,
                max_tokens=guards.token_limit(len(audio) / SAMPLE_RATE, "en"),
                in_english=True,
            )
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error
        if guards.is_silence(decoding):
            return ""
        tokens = guards.without_loop(decoding.tokens) if guards.is_runaway(decoding) else decoding.tokens
        return self._model.vocabulary.text(tokens).strip()

    def _first(self, request: Request) -> _Try:
        """What is heard going on from what was said before or, where that leads astray, without it."""
        stretch = going_on(request, self.name)
        encoded = self._encode(stretch)
        language = self._language(request, encoded)
        if stretch.said and language.code != (request.expected or language.code):
            # What was said before is no beginning of this.
            return self._first(replace(request, before=None, said_before=None))
        heard = self._hear(stretch, encoded, language.code, request)
        if stretch.said and not _goes_on(heard.decoding, stretch):
            return self._first(replace(request, said_before=None))
        return _Try(stretch, encoded, language, heard)

    def _again(self, first: _Try, request: Request) -> _Heard:
        """What is heard at another try where the first one cannot be all that was said."""
        stretch, language, heard = first.stretch, first.language.code, first.heard
        voiced = guards.is_voiced(stretch.voiced, stretch.seconds)
        long = voiced and len(request.audio) > PIECE
        rough = replace(request, final=False, draft=None)
        looping = guards.is_runaway(heard.decoding) and not guards.is_silence(heard.decoding, stretch.voiced)
        if looping and not long:
            # With the context that Whisper was trained on.
            heard = self._hear(stretch, self._encode(stretch, FULL_CONTEXT), language, rough)
        if guards.has_skipped(heard.words):
            # Word for word it may still be heard.
            greedy = self._hear(stretch, first.encoded, language, rough)
            if _is_better(greedy, stretch):
                heard = greedy
        if voiced and not heard.words and (whole := around(request)):
            # Speech of which nothing is heard is written among its neighbours.
            free = self._hear(whole, self._encode(whole), language, request)
            if _is_better(free, whole):
                heard = free
        if long and (looping or not heard.words):
            parted = self._in_pieces(_Heard(heard.decoding), language, request)
            return max(heard, parted, key=lambda one: len(one.words))
        if long and guards.ends_early(heard.words, stretch.seconds):
            return self._in_pieces(heard, language, request)
        return heard

    def _in_pieces(self, heard: _Heard, language: str, request: Request) -> _Heard:
        """What was heard and what comes after it, a few seconds at a time, each of which is heard once."""
        words, tokens, starts = list(heard.words), list(heard.tokens), list(heard.starts)
        begin = round(words[-1].end * SAMPLE_RATE) if words else 0
        before, said = (None, None) if words else (request.before, request.said_before)
        for start, piece in pieces(replace(request, languages=(language,), expected=None), begin):
            found = _Heard(heard.decoding)
            if guards.is_audible(piece.audio):
                found = self._first(replace(piece, before=before, said_before=said)).heard
            if guards.is_guess(found.decoding):
                found = _Heard(found.decoding)
            offset = start / SAMPLE_RATE
            words += (replace(word, start=word.start + offset, end=word.end + offset) for word in found.words)
            starts += ((at + len(tokens), seconds + offset) for at, seconds in found.starts)
            tokens += found.tokens
            before, said = piece.audio, Draft(self.name, found.tokens) if found.tokens else None
        return _Heard(heard.decoding, tuple(words), tuple(tokens), tuple(starts))

    def _encode(self, stretch: Stretch, blocks: int = 0) -> Encoded:
        return self._model.encode(stretch.audio, blocks or context(len(stretch.audio)))

    def _hear(self, stretch: Stretch, encoded: Encoded, language: str, request: Request) -> _Heard:
        """The words that are heard, and the tokens that write them.

        There are none in silence; what is repeated without being said counts once. The tokens are without
        the last punctuation: what a text continues with after a pause is heard better where no full stop was
        set before it. What is set there is then the first of the next tokens, and no word.
        """
        draft = request.draft
        decoding = self._model.decode(
            encoded,
            language,
            beam_size=_BEAM_SIZE if request.final else 1,
            max_tokens=guards.token_limit((len(stretch.audio) - stretch.heard_from) / SAMPLE_RATE, language),
            draft=draft.tokens if draft and draft.model == self.name else (),
            said=stretch.said,
            costs=self._costs(language, request),
        )
        if guards.is_silence(decoding, stretch.voiced):
            return _Heard(decoding)
        tokens = guards.without_loop(decoding.tokens) if guards.is_runaway(decoding) else decoding.tokens
        first = stretch.heard_from
        words = guards.without_echo(
            self._model.words(stretch.audio[first:], decoding, language, tokens, first)
        )
        if guards.is_noise(words):
            return _Heard(decoding)
        which, words = stretch.own(words)
        while words and stretch.said and not _is_spoken(words[0]):
            which, words = which[1:], words[1:]
        if not words:
            return _Heard(decoding)
        written = split_words(tokens, self._model.vocabulary, language)
        offsets = list(accumulate((piece.length for piece in written), initial=0))
        begins = offsets[which.start : which.stop]
        # After what was said before, its punctuation comes first.
        begin = 0 if stretch.said else begins[0]
        end = begins[-1] + written[which[-1]].spoken
        starts = tuple((at - begin, word.start) for at, word in zip(begins, words, strict=True))
        return _Heard(decoding, words, tokens[begin:end], starts)

    def _costs(self, language: str, request: Request) -> WordCosts | None:
        """For finals. Partials, which mostly come first, load the words, so that the first final need not."""
        lexicon = self._lexicons.of(language)
        return WordCosts(self._letters, lexicon) if lexicon is not None and request.final else None

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


def _goes_on(decoding: Decoding, stretch: Stretch) -> bool:
    """Whether what was said before helped, and did not lead astray.

    After a whole sentence the model may take everything for said, and write a full stop.
    """
    return not (
        guards.is_silence(decoding, stretch.voiced)
        or guards.is_runaway(decoding)
        or guards.is_guess(decoding)
        or guards.is_said_again(decoding.tokens, stretch.said)
    )


def _is_better(heard: _Heard, stretch: Stretch) -> bool:
    """Whether another try is worth more than one that failed."""
    return bool(heard.words) and not guards.has_skipped(heard.words) and _goes_on(heard.decoding, stretch)


def _is_spoken(word: Word) -> bool:
    return any(map(str.isalnum, word.text))


def _likeliest(probabilities: dict[str, float], candidates: Sequence[str]) -> _Language:
    """The best of the candidates, or of all, and its probability among them."""
    best = max(candidates or probabilities, key=lambda code: probabilities[code])
    return _share(probabilities, candidates, best)


def _share(probabilities: dict[str, float], candidates: Sequence[str], language: str) -> _Language:
    """The language with its probability among the candidates, or all."""
    possible = candidates or tuple(probabilities)
    return _Language(language, probabilities[language] / sum(probabilities[code] for code in possible))
