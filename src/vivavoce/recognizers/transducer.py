"""Streaming transducers in ONNX, such as Zipformers, on sherpa-onnx.

They hear one language or a few that they do not tell apart, and are quicker than Whisper by far, so partials
and finals come from the same model: each from the beginning of its own stretch, so that nothing of a stream
is kept between requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError, RecognizerError
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Draft, Hypothesis, Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Context, Request
from vivavoce.recognizers.declaration import DECLARATION, Declaration
from vivavoce.recognizers.layout import TOKENS, TransducerFiles, transducer_files
from vivavoce.recognizers.onnx_runtime import read_metadata
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.word_times import Piece, continues, loud_steps, timed_words

if TYPE_CHECKING:
    from sherpa_onnx import OnlineRecognizer

_KINDS: Final = ("conformer", "lstm", "zipformer", "zipformer2")
_SPACE: Final = "▁"
# A chunk is complete with what follows it, so what was said last needs some silence after it.
_TAIL: Final = np.zeros(round(0.8 * SAMPLE_RATE), np.float32)


class _Token(NamedTuple):
    text: str
    number: int
    start: float
    probability: float


class TransducerRecognizer:
    """A streaming transducer in a directory. The same audio gives the same words.

    A word begins when its first token was emitted, which may be some tenths of a second late, and ends with
    the last sound before the next one. Its confidence is the geometric mean of its tokens' probabilities.
    """

    def __init__(self, files: ModelFiles) -> None:
        """Loads the model. Concurrent callers use one core each.

        Raises `ModelError` when the files do not make one, or its languages are not declared.
        """
        self.name = files.name
        languages = Declaration.of(files.directory).languages
        if not languages:
            raise ModelError(
                f"which language the model {files.name!r} knows cannot be told from its files: "
                f'write {files.directory / DECLARATION} with {{"languages": ["en"]}}, say'
            )
        self.capabilities = Capabilities(
            frozenset(languages), detects_language=False, streaming=True, context=Context(8.0, 1000)
        )
        self._numbers = _token_numbers(files.directory / TOKENS)
        # Many are trained on capitals alone, which nobody wants to read.
        written = "".join(token for token in self._numbers if not token.startswith("<"))
        self._lower = written == written.upper()
        self._recognizer = _load(files.directory, self._numbers.values())

    def recognize(self, request: Request) -> Hypothesis:
        """As `Recognizer` has it. Raises `RecognizerError`."""
        language = request.languages[0] if request.languages else min(self.capabilities.languages)
        before, audio, after = request.heard
        whole = np.concatenate([before, audio, after])
        begin, seconds = len(before) / SAMPLE_RATE, len(audio) / SAMPLE_RATE
        tokens = self._tokens(whole)
        pieces = _pieces(tokens, spaceless=language in WRITTEN_WITHOUT_SPACES)
        times = [*(token.start for token in tokens), len(whole) / SAMPLE_RATE]
        timed = timed_words(pieces, times, [token.probability for token in tokens], loud_steps(whole))
        words: list[Word] = []
        numbers: list[int] = []
        starts: list[tuple[int, float]] = []
        first = 0
        for piece, word in zip(pieces, timed, strict=True):
            middle = (word.start + word.end) / 2 - begin
            if middle >= 0 and (middle < seconds or not len(after)):
                since, until = max(0.0, word.start - begin), min(word.end - begin, seconds)
                words.append(Word(word.text, since, until, word.confidence))
                starts.append((len(numbers), since))
                numbers += [token.number for token in tokens[first : first + piece.length]]
            first += piece.length
        return Hypothesis(language, 1.0, tuple(words), Draft(self.name, tuple(numbers), tuple(starts)))

    def _tokens(self, audio: NDArray[np.float32]) -> list[_Token]:
        """What is emitted over `audio`, float32, shape (samples,), 16 kHz, with times in seconds."""
        try:
            stream = self._recognizer.create_stream()
            stream.accept_waveform(SAMPLE_RATE, audio)
            stream.accept_waveform(SAMPLE_RATE, _TAIL)
            stream.input_finished()
            while self._recognizer.is_ready(stream):
                self._recognizer.decode_stream(stream)
            found = self._recognizer.get_result_all(stream)
        except (RuntimeError, ValueError) as error:
            raise RecognizerError(f"{self.name} failed: {error}") from error
        last = len(audio) / SAMPLE_RATE
        return [
            _Token(
                text.lower() if self._lower else text,
                self._numbers.get(text.replace(" ", _SPACE), 0),
                min(start, last),
                min(1.0, exp(log_probability)),
            )
            for text, start, log_probability in zip(
                found.tokens, found.timestamps, found.ys_probs, strict=True
            )
        ]


def _load(directory: Path, numbers: Iterable[int]) -> OnlineRecognizer:
    try:
        from sherpa_onnx import OnlineRecognizer
    except ImportError as error:
        raise ModelError(
            f"the model in {directory} is a streaming transducer, which takes sherpa-onnx: "
            "pip install sherpa-onnx"
        ) from error
    files = transducer_files(directory)
    _check(files, numbers)
    recognizer: OnlineRecognizer = OnlineRecognizer.from_transducer(
        tokens=str(files.tokens),
        encoder=str(files.encoder),
        decoder=str(files.decoder),
        joiner=str(files.joiner),
        num_threads=1,
        sample_rate=SAMPLE_RATE,
    )
    return recognizer


def _check(files: TransducerFiles, numbers: Iterable[int]) -> None:
    """Raises `ModelError` for what would end the process: sherpa-onnx takes its files on trust."""
    kind = _metadata(files.encoder).get("model_type")
    if kind not in _KINDS:
        raise ModelError(
            f"{files.encoder} is no encoder of a streaming transducer: its model_type is "
            f"{kind or 'not given'}, not one of {', '.join(_KINDS)}"
        )
    if "joiner_dim" not in _metadata(files.joiner):
        raise ModelError(f"{files.joiner} is no joiner of a streaming transducer: it has no joiner_dim")
    about = _metadata(files.decoder)
    size = about.get("vocab_size", "")
    if not size.isdecimal() or "context_size" not in about:
        raise ModelError(f"{files.decoder} is no decoder of a streaming transducer: it has no vocab_size")
    if missing := set(range(int(size))) - set(numbers):
        raise ModelError(f"{files.tokens} lacks tokens of the model, the first is number {min(missing)}")


def _metadata(path: Path) -> Mapping[str, str]:
    try:
        return read_metadata(path)
    except RuntimeError as error:
        raise ModelError(f"{path} is damaged or no network in ONNX: {error}") from error


def _token_numbers(path: Path) -> Mapping[str, int]:
    """A token and its number to a line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {token: int(number) for token, number in (line.rsplit(maxsplit=1) for line in lines if line)}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no table of tokens: {error}") from error


def _pieces(tokens: Sequence[_Token], *, spaceless: bool) -> list[Piece]:
    """Words, each with a space before it where there are spaces; elsewhere a token is one."""
    pieces: list[Piece] = []
    for token in tokens:
        last = pieces[-1] if pieces else None
        if last and continues(last.text, token.text, spaceless=spaceless):
            pieces[-1] = Piece(last.text + token.text, last.length + 1, last.spoken + 1)
        else:
            pieces.append(Piece(token.text, 1, 1))
    return pieces
