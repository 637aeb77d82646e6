"""Which languages the next utterance may be in."""

from __future__ import annotations

import pytest

from vivavoce.protocol.stream import Word
from vivavoce.speech.language import LanguagePolicy


def words(seconds: float) -> tuple[Word, ...]:
    return (Word(" well", 1.0, 1.0 + seconds / 2, 1.0), Word(" now", 1.0 + seconds / 2, 1.0 + seconds, 1.0))


def test_one_language_is_fixed() -> None:
    policy = LanguagePolicy(["fr"], code_switching=False)
    policy.heard("en", 1.0, words(10))
    assert policy.settled
    assert policy.candidates == ("fr",)


def test_one_language_is_fixed_even_if_switching_is_allowed() -> None:
    assert LanguagePolicy(["fr"], code_switching=True).candidates == ("fr",)


@pytest.mark.parametrize("given", [[], ["en", "fr"]])
def test_a_clear_and_long_final_settles_the_language(given: list[str]) -> None:
    policy = LanguagePolicy(given, code_switching=False)
    assert not policy.settled
    policy.heard("fr", 0.6, words(1.0))
    assert policy.settled
    assert policy.candidates == ("fr",)


@pytest.mark.parametrize(("probability", "seconds"), [(0.59, 5.0), (1.0, 0.9), (1.0, 0.0)])
def test_a_doubtful_or_short_final_settles_nothing(probability: float, seconds: float) -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("fr", probability, words(seconds) if seconds else ())
    assert not policy.settled
    assert policy.candidates == ()


def test_what_is_settled_stays() -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("fr", 1.0, words(2))
    policy.heard("en", 1.0, words(20))
    assert policy.candidates == ("fr",)


def test_with_code_switching_every_utterance_is_detected_anew() -> None:
    policy = LanguagePolicy(["en", "fr"], code_switching=True)
    policy.heard("fr", 1.0, words(20))
    assert policy.settled
    assert policy.candidates == ("en", "fr")
