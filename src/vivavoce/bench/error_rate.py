"""Word error rate, after Whisper's normalisation of English."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vivavoce.errors import ConfigurationError


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Of the whole corpus: all errors over all words. Raises ConfigurationError without the packages."""
    try:
        from jiwer import wer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the word error rate needs {error.name}: pip install 'vivavoce[bench]'"
        ) from error
    normal: Callable[[str], str] = EnglishTextNormalizer()  # type: ignore[no-untyped-call]
    return float(wer(list(map(normal, references)), list(map(normal, hypotheses))))
