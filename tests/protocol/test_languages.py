"""The language lists and the guess at what was meant."""

from typing import get_args

import pytest
from gladiaio_sdk.v2.live import generated_types as official

from vivavoce.protocol import (
    LANGUAGE_NAMES,
    TRANSCRIPTION_LANGUAGES,
    TRANSLATION_LANGUAGES,
    nearest_language,
)


def test_the_lists_are_those_of_the_official_sdk() -> None:
    assert frozenset(get_args(official.LiveV2TranscriptionLanguageCode)) == TRANSCRIPTION_LANGUAGES
    assert frozenset(get_args(official.LiveV2TranslationLanguageCode)) == TRANSLATION_LANGUAGES


def test_no_two_languages_share_a_name() -> None:
    assert len(set(LANGUAGE_NAMES.values())) == len(LANGUAGE_NAMES)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("EN", "en"),
        ("german", "de"),
        ("Porteguese", "pt"),
        ("eng", "en"),
        (" fr ", "fr"),
        ("", None),
        ("klingon", None),
    ],
)
def test_the_nearest_language_is_what_was_probably_meant(written: str, meant: str | None) -> None:
    assert nearest_language(written) == meant
