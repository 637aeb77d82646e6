"""The body of POST /v2/live: what contradicts itself, and what cannot work."""

from typing import Any

import pytest

from refused import complaints
from vivavoce.protocol import LiveRequest


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"callback": True}, "callback_config must have an http:// or https:// address as url"),
        (
            {"callback": True, "callback_config": {"url": "ftp://x"}},
            "callback_config must have an http:// or https:// address as url",
        ),
        (
            {"realtime_processing": {"custom_vocabulary": True}},
            "realtime_processing.custom_vocabulary_config must list words in vocabulary",
        ),
        (
            {
                "realtime_processing": {
                    "custom_vocabulary": True,
                    "custom_vocabulary_config": {"vocabulary": []},
                }
            },
            "realtime_processing.custom_vocabulary_config must list words in vocabulary",
        ),
        (
            {"realtime_processing": {"custom_spelling": True, "custom_spelling_config": {}}},
            "realtime_processing.custom_spelling_config must have entries in spelling_dictionary",
        ),
        (
            {"realtime_processing": {"custom_spelling_config": {"spelling_dictionary": {"x": "SQL"}}}},
            'realtime_processing.custom_spelling_config.spelling_dictionary.x must be a list, not "SQL": '
            'each key is how to write it, its list what is heard, as in {"SQL": ["sequel"]}',
        ),
        (
            {"realtime_processing": {"custom_spelling_config": {"spelling_dictionary": {"A": []}}}},
            "realtime_processing.custom_spelling_config.spelling_dictionary must list variants of 'A'",
        ),
        (
            {"realtime_processing": {"custom_spelling_config": {"spelling_dictionary": {"A": [" "]}}}},
            "realtime_processing.custom_spelling_config.spelling_dictionary.A.0 must not be blank",
        ),
        (
            {
                "realtime_processing": {
                    "custom_spelling_config": {"spelling_dictionary": {"A": ["x"], "B": ["X"]}}
                }
            },
            "realtime_processing.custom_spelling_config.spelling_dictionary must not spell 'X' in two ways",
        ),
        (
            {
                "realtime_processing": {
                    "custom_spelling_config": {"spelling_dictionary": {"A": ["I'm"], "B": ["I’m"]}}
                }
            },
            "realtime_processing.custom_spelling_config.spelling_dictionary must not spell 'I’m' in two ways",
        ),
        (
            {"realtime_processing": {"custom_vocabulary_config": {"vocabulary": ["..."]}}},
            "realtime_processing.custom_vocabulary_config.vocabulary.0.value must have a letter or a digit",
        ),
        (
            {
                "realtime_processing": {
                    "custom_vocabulary_config": {
                        "vocabulary": [
                            {"value": "a", "language": code} for code in ("de", "fr", "es", "it", "pt")
                        ]
                    }
                }
            },
            "realtime_processing.custom_vocabulary_config must name at most 4 languages in vocabulary",
        ),
        (
            {"realtime_processing": {"translation": True, "translation_config": {"model": "base"}}},
            "realtime_processing.translation_config must name languages in target_languages",
        ),
    ],
)
def test_a_contradiction_says_what_to_change(body: dict[str, Any], complaint: str) -> None:
    (said,) = complaints(body)
    assert said.startswith(complaint)


def test_a_configuration_whose_switch_is_off_may_be_empty_but_not_ill_typed() -> None:
    LiveRequest.model_validate(
        {
            "callback_config": {"url": ""},
            "realtime_processing": {
                "custom_vocabulary_config": {},
                "custom_spelling_config": {},
                "translation_config": {"target_languages": []},
            },
        }
    )
    (complaint,) = complaints({"callback_config": {"url": 1}})
    assert complaint == "callback_config.url must be a string, not 1"


def test_a_switch_that_is_on_with_its_configuration_is_accepted() -> None:
    request = LiveRequest.model_validate(
        {
            "callback": True,
            "callback_config": {"url": "https://example.org/hook"},
            "realtime_processing": {
                "custom_spelling": True,
                "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel", "sequal"]}},
            },
        }
    )
    assert request.realtime_processing.custom_spelling_config is not None
    assert request.realtime_processing.custom_spelling_config.spelling_dictionary == {
        "SQL": ("sequel", "sequal")
    }
