"""Word error rates and, where words are written without spaces, character error rates.

Texts are compared after Whisper's normalisation: that of English, or that of all other languages.
Digits count one by one in English: "two fifty" is right as "250" and as "2 50".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from vivavoce.errors import ConfigurationError
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES

WITHOUT_SPACES = WRITTEN_WITHOUT_SPACES | {"ko"}
"""Languages whose errors are counted in characters; Korean has spaces, and little agreement where."""

# The normalisation joins digits that are said one after the other, and not those that are written apart; it
# writes "one", and "1" too, as a word or as a digit, depending on what follows.
_ONE = re.compile(r"\bone\b")
_DIGIT = re.compile(r"(?<=\d)(?=\d)")

Texts = Sequence[tuple[str, str]]
"""What was said and what was heard."""


@dataclass(frozen=True, slots=True)
class Errors:
    """`wrong` substitutions, deletions and insertions, in `of` words or characters that were said."""

    wrong: int
    of: int

    @property
    def rate(self) -> float:
        """Not a number where nothing was said."""
        return self.wrong / self.of if self.of else float("nan")


def errors(language: str, texts: Texts) -> Errors:
    """Of all texts together. Raises ConfigurationError without the packages that it takes."""
    normal = normalizer(language)
    said, heard = [normal(text) for text, _ in texts], [normal(text) for _, text in texts]
    from jiwer import process_characters, process_words

    output = (process_characters if language in WITHOUT_SPACES else process_words)(said, heard)
    missed = output.substitutions + output.deletions
    return Errors(missed + output.insertions, missed + output.hits)


def total(each: Iterable[Errors]) -> Errors:
    """Of all of them together."""
    counts = [(one.wrong, one.of) for one in each]
    return Errors(sum(wrong for wrong, _ in counts), sum(of for _, of in counts))


def word_error_rate(texts: Texts) -> float:
    """Of English texts, as `errors`."""
    return errors("en", texts).rate


@cache
def normalizer(language: str) -> Callable[[str], str]:
    """What a text is compared as. Raises ConfigurationError without the packages that it takes."""
    try:
        import jiwer  # noqa: F401 - what is missing shows before anything is measured
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the word error rate needs {error.name}; in the checkout: tools/setup dev"
        ) from error
    if language == "en":
        english: Callable[[str], str] = EnglishTextNormalizer()  # type: ignore[no-untyped-call]
        return lambda text: _DIGIT.sub(" ", _ONE.sub("1", english(text)))
    basic: Callable[[str], str] = BasicTextNormalizer()
    if language in WITHOUT_SPACES:
        return lambda text: "".join(basic(text).split())
    return lambda text: basic(text).strip()
