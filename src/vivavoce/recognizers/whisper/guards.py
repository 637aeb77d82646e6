"""Tells invented words from heard ones.

Whisper fails in a few known ways (Radford et al. 2022, section 4.5): it loops, it writes more than can be
said, and it writes where nobody speaks. Each leaves a trace in the decoding itself; no list of phrases is
consulted.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.whisper.model import Decoding

_TOKENS_PER_SECOND = 10
_MANY_TOKENS_PER_SECOND = 16
# Languages in scripts of which Whisper's vocabulary has few words.
_CODES = "am ar as bn bo el fa gu he hi hy ka km kn lo ml mr my ne pa ps sa sd si ta te th ur yi"
_LETTER_BY_LETTER = frozenset(_CODES.split())
_FEW_TOKENS = 20
_MAX_COMPRESSION_RATIO = 2.0
_ROUNDS = 3
_INAUDIBLE = 1e-4
_NO_TIME = 0.05
_DOUBTFUL = -1.0
_TOO_MANY_AGAIN = 8
_LEAST_CONFIDENCE = 0.03
_LONGEST_WORD = 2.0
_HARDLY_HEARD = 0.3
_LEAST_SPEECH = 1.0
_LONGEST_REST = 3.0

# Drawn between 1,263 utterances of speech in nine languages and 486 stretches of noise, tones and music.
_LIKELY_NO_SPEECH, _HALF_SURE = 0.6, -0.4
# Voice activity hears a sixth of noise as voice at most, of an utterance hardly ever less than half.
_MOSTLY_VOICED, _FEW_WORDS = 0.5, 3
_PERHAPS_NO_SPEECH, _GUESSING = 0.2, -1.4


def is_audible(audio: NDArray[np.float32]) -> bool:
    """Whether there is anything but the last bits of a digital silence (-80 dBFS) in `audio` (samples,)."""
    return bool(np.abs(audio).max(initial=0.0) > _INAUDIBLE)


def token_limit(seconds: float, language: str) -> int:
    """More tokens than are needed for what is said in so many seconds.

    A second of English takes about 4, of Hindi or Tamil, where a letter is a token or two, 15.
    """
    per_second = _MANY_TOKENS_PER_SECOND if language in _LETTER_BY_LETTER else _TOKENS_PER_SECOND
    return round(per_second * seconds) + _FEW_TOKENS


def is_silence(decoding: Decoding, voiced: float = 0.0) -> bool:
    """The model wrote nothing that can be said, or doubts both that somebody speaks and what it wrote.

    Where more than half is `voiced`, it must hardly believe in its text if that is more than a few words:
    what it writes of nothing is short, or long and of something that is not voiced.
    """
    sureness, no_speech = decoding.mean_log_probability, decoding.no_speech_probability
    believed = voiced > _MOSTLY_VOICED and _word_count(decoding) > _FEW_WORDS
    return (
        not any(map(str.isalnum, decoding.text))
        or (no_speech > _LIKELY_NO_SPEECH and sureness < (_DOUBTFUL if believed else _HALF_SURE))
        or (
            no_speech > _PERHAPS_NO_SPEECH
            and (sureness < _GUESSING or (voiced <= _MOSTLY_VOICED and is_runaway(decoding)))
        )
    )


def is_voiced(voiced: float, seconds: float) -> bool:
    """Whether somebody speaks in so many seconds with that share `voiced`, whatever the model says."""
    return voiced > _MOSTLY_VOICED and voiced * seconds > _LEAST_SPEECH


def _word_count(decoding: Decoding) -> float:
    """Two letters are a word where no spaces tell."""
    if decoding.language in WRITTEN_WITHOUT_SPACES:
        return sum(map(str.isalnum, decoding.text)) / 2
    return len(decoding.text.split())


def is_guess(decoding: Decoding) -> bool:
    """The model does not believe what it wrote: where it continues a text, that may be the text's fault."""
    return decoding.mean_log_probability < _DOUBTFUL


def is_said_again(tokens: Sequence[int], before: Sequence[int]) -> bool:
    """So many tokens in a row were said `before` that this may be them once more, and not what was heard."""
    said = _runs(before)
    return not said.isdisjoint(_runs(tokens))


def _runs(tokens: Sequence[int]) -> set[tuple[int, ...]]:
    starts = range(len(tokens) - _TOO_MANY_AGAIN + 1)
    return {tuple(tokens[start : start + _TOO_MANY_AGAIN]) for start in starts}


def is_runaway(decoding: Decoding) -> bool:
    """The text did not come to an end, or it mostly repeats itself."""
    return not decoding.finished or compression_ratio(decoding.tokens) > _MAX_COMPRESSION_RATIO


def compression_ratio(tokens: Sequence[int]) -> float:
    """Length over compressed length: 0.9 to 1.5 for any language, above 2 for three rounds of a sentence.

    Whisper's own measure takes the text, which in scripts of three bytes a letter always looks repetitive.
    """
    data = np.asarray(tokens, np.uint16).tobytes()
    return len(data) / len(zlib.compress(data))


def without_loop(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens up to the end of the first round of the first loop of at least three rounds."""
    for start in range(len(tokens)):
        for period in range(1, (len(tokens) - start) // _ROUNDS + 1):
            end = start + _ROUNDS * period
            if tokens[start : end - period] == tokens[start + period : end]:
                return tuple(tokens[: start + period])
    return tuple(tokens)


def is_noise(words: Sequence[Word]) -> bool:
    """The model would rather have written a symbol that stands for noise or music.

    Decoding forbids those; the alignment, from which the confidence comes, does not.
    """
    return bool(words) and sum(log(word.confidence) for word in words) / len(words) < log(_LEAST_CONFIDENCE)


def has_skipped(words: Sequence[Word]) -> bool:
    """Whether speech was passed over: a word lasts longer than any does, and the model hardly believes in it
    or in the one before.

    The likeliest text may be one that goes on after words that are hard to tell, since it is shorter.
    """
    least = 1.0
    for word in words:
        before, least = least, word.confidence
        if word.end - word.start > _LONGEST_WORD and min(before, least) < _HARDLY_HEARD:
            return True
    return False


def ends_early(words: Sequence[Word], seconds: float) -> bool:
    """Whether a text ends long before the audio of a speaker does, which lasts so many `seconds`."""
    return bool(words) and words[-1].end < seconds - _LONGEST_REST


def without_echo(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words before a repetition, up to the end, that nobody had the time to say.

    After a text that is complete, the decoder may write it once more; alignment then finds no audio for it.
    """
    texts = [word.text.casefold() for word in words]
    for start in range(len(words) - 1, len(words) // 2 - 1, -1):
        length = len(words) - start
        untimely = words[start].end - words[start].start <= _NO_TIME
        if untimely and texts[start - length : start] == texts[start:]:
            return tuple(words[:start])
    return tuple(words)
