"""Word error rate, after Whisper's normalisation of English."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vivavoce.errors import ConfigurationError


def word_error_rate(texts: Sequence[tuple[str, str]]) -> float:
    """Of a whole corpus, each text as said and as heard: all errors over all words.

    Raises ConfigurationError without the packages that it takes.
    """
    try:
        from jiwer import wer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the word error rate needs {error.name}: pip install 'vivavoce[server,bench]'; "
            "in a checkout: tools/setup dev"
        ) from error
    normal: Callable[[str], str] = EnglishTextNormalizer()  # type: ignore[no-untyped-call]
    return float(wer([normal(said) for said, _ in texts], [normal(heard) for _, heard in texts]))
