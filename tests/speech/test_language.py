"""Which languages the next utterance may be in."""

from __future__ import annotations

import pytest

from vivavoce.protocol.stream import Hypothesis, Word
from vivavoce.speech.language import LanguagePolicy, most_heard


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
def test_a_clear_and_long_final_decides_what_is_expected(given: list[str]) -> None:
    policy = LanguagePolicy(given, code_switching=False)
    policy.heard("fr", 0.6, words(1.0))
    assert policy.expected == "fr"
    assert policy.candidates == tuple(given)
    assert not policy.settled


def test_eight_seconds_of_clear_words_settle_the_language() -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("fr", 0.9, words(4.0))
    policy.heard("fr", 0.9, words(4.0))
    assert policy.settled
    assert policy.candidates == ("fr",)
    assert policy.expected is None


def test_more_and_clear_evidence_overturns_an_early_decision() -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("nl", 0.7, words(1.5))
    policy.heard("de", 0.9, words(1.0))
    assert policy.expected == "nl"
    policy.heard("de", 0.9, words(3.0))
    assert policy.expected == "de"
    policy.heard("de", 0.9, words(4.0))
    assert policy.candidates == ("de",)


@pytest.mark.parametrize(("probability", "seconds"), [(0.59, 5.0), (1.0, 0.9), (1.0, 0.0)])
def test_a_doubtful_or_short_final_settles_nothing(probability: float, seconds: float) -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("fr", probability, words(seconds) if seconds else ())
    assert not policy.settled
    assert policy.expected is None
    assert policy.candidates == ()


def test_what_is_settled_stays() -> None:
    policy = LanguagePolicy([], code_switching=False)
    policy.heard("fr", 1.0, words(10))
    policy.heard("en", 1.0, words(20))
    assert policy.candidates == ("fr",)


def test_with_code_switching_every_utterance_is_detected_anew() -> None:
    policy = LanguagePolicy(["en", "fr"], code_switching=True)
    policy.heard("fr", 1.0, words(20))
    assert policy.settled
    assert policy.candidates == ("en", "fr")


def test_what_is_said_in_several_languages_counts_as_that_of_most_of_its_words() -> None:
    nothing = Hypothesis("en", 0.0, ())
    assert most_heard([nothing, Hypothesis("fr", 0.9, words(1.0))]) == "fr"
    assert most_heard([Hypothesis("de", 0.9, words(1.0)), Hypothesis("fr", 0.9, words(2.0))]) == "fr"
    assert most_heard([nothing]) == "en"
