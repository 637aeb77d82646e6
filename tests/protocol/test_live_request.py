"""The body of POST /v2/live: defaults, ranges, strictness, hints."""

from typing import Any

import pytest
from pydantic import ValidationError

from refused import complaints
from vivavoce.protocol import (
    TRANSCRIPTION_LANGUAGES,
    LiveRequest,
    misspelt_fields,
    validation_issues,
)

DEFAULTS: dict[str, Any] = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16000,
    "channels": 1,
    "model": "solaria-1",
    "endpointing": 0.05,
    "maximum_duration_without_endpointing": 5,
    "language_config": {"languages": [], "code_switching": False},
    "pre_processing": {"audio_enhancer": False, "speech_threshold": 0.6},
    "realtime_processing": {
        "custom_vocabulary": False,
        "custom_vocabulary_config": None,
        "custom_spelling": False,
        "custom_spelling_config": None,
        "translation": False,
        "translation_config": None,
        "named_entity_recognition": False,
        "sentiment_analysis": False,
        "pii_redaction": False,
        "pii_redaction_config": {"entity_types": ["GDPR"], "processed_text_type": "MARKER", "bleep": False},
        "words_accurate_timestamps": None,
    },
    "post_processing": {
        "summarization": False,
        "summarization_config": {"type": "general"},
        "chapterization": False,
        "sentences": False,
        "subtitles": False,
        "subtitles_config": {
            "formats": ["srt"],
            "minimum_duration": 1,
            "maximum_duration": 7,
            "maximum_characters_per_row": 42,
            "maximum_rows_per_caption": 2,
            "style": "default",
        },
    },
    "messages_config": {
        "receive_partial_transcripts": False,
        "receive_final_transcripts": True,
        "receive_speech_events": True,
        "receive_pre_processing_events": True,
        "receive_realtime_processing_events": True,
        "receive_post_processing_events": True,
        "receive_acknowledgments": True,
        "receive_errors": True,
        "receive_lifecycle_events": False,
    },
    "callback": False,
    "callback_config": {
        "url": None,
        "receive_partial_transcripts": False,
        "receive_final_transcripts": True,
        "receive_speech_events": False,
        "receive_pre_processing_events": True,
        "receive_realtime_processing_events": True,
        "receive_post_processing_events": True,
        "receive_acknowledgments": False,
        "receive_errors": False,
        "receive_lifecycle_events": True,
    },
}


def body_with(path: str, value: object) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def value_at(request: LiveRequest, path: str) -> object:
    value: object = request.model_dump(mode="json")
    for name in path.split("."):
        assert isinstance(value, dict)
        value = value[name]
    return value


def test_an_empty_body_has_the_documented_defaults() -> None:
    assert LiveRequest.model_validate_json("{}").request_params() == DEFAULTS


def test_nulls_mean_the_defaults_at_every_level() -> None:
    def nulled(value: object) -> object:
        return {name: nulled(inner) for name, inner in value.items()} if isinstance(value, dict) else None

    assert LiveRequest.model_validate(nulled(DEFAULTS)) == LiveRequest()
    assert LiveRequest.model_validate(dict.fromkeys(DEFAULTS)) == LiveRequest()


def test_optional_configurations_have_the_documented_defaults() -> None:
    body = {
        "realtime_processing": {
            "custom_vocabulary_config": {"vocabulary": ["Westeros"]},
            "translation_config": {"target_languages": ["fr"]},
        }
    }
    realtime = LiveRequest.model_validate(body).model_dump(mode="json")["realtime_processing"]
    assert realtime["custom_vocabulary_config"] == {
        "vocabulary": [{"value": "Westeros", "intensity": None, "pronunciations": [], "language": None}],
        "default_intensity": 0.5,
    }
    assert realtime["translation_config"] == {
        "target_languages": ["fr"],
        "model": "base",
        "match_original_utterances": True,
        "lipsync": True,
        "context_adaptation": True,
        "context": None,
        "informal": False,
    }


@pytest.mark.parametrize(
    ("path", "lowest", "highest", "below", "above"),
    [
        ("channels", 1, 8, 0, 9),
        ("endpointing", 0.01, 10, 0.009, 10.1),
        ("maximum_duration_without_endpointing", 5, 60, 4.9, 61),
        ("pre_processing.speech_threshold", 0, 1, -0.1, 1.1),
        ("realtime_processing.custom_vocabulary_config.default_intensity", 0, 1, -1, 2),
        ("post_processing.subtitles_config.maximum_duration", 1, 30, 0.5, 31),
        ("post_processing.subtitles_config.maximum_rows_per_caption", 1, 5, 0, 6),
    ],
)
def test_a_range_includes_its_ends_and_nothing_outside(
    path: str, lowest: float, highest: float, below: float, above: float
) -> None:
    for value in (lowest, highest):
        assert value_at(LiveRequest.model_validate(body_with(path, value)), path) == value
    assert complaints(body_with(path, below)) == [f"{path} must be at least {lowest:g}, not {below}"]
    assert complaints(body_with(path, above)) == [f"{path} must be at most {highest:g}, not {above}"]


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("encoding", ["wav/pcm", "wav/alaw", "wav/ulaw"], "mp3"),
        ("bit_depth", [8, 16, 24, 32], 12),
        ("sample_rate", [8000, 16000, 32000, 44100, 48000], 22050),
        ("realtime_processing.translation_config.model", ["base", "batch", "enhanced"], "best"),
        ("post_processing.summarization_config.type", ["general", "bullet_points", "concise"], "long"),
        ("post_processing.subtitles_config.style", ["default", "compliance"], "bold"),
    ],
)
def test_a_choice_names_what_it_allows(path: str, allowed: list[object], refused: object) -> None:
    for value in allowed:
        assert value_at(LiveRequest.model_validate(body_with(path, value)), path) == value
    (complaint,) = complaints(body_with(path, refused))
    assert complaint.startswith(f"{path} must be ")
    assert all(str(value) in complaint for value in allowed)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("callback", "yes"),
        ("callback", 1),
        ("language_config.code_switching", "true"),
        ("messages_config.receive_errors", 0),
        ("channels", "2"),
        ("channels", True),
        ("channels", 1.5),
        ("bit_depth", "16"),
        ("sample_rate", True),
        ("endpointing", "0.5"),
        ("endpointing", True),
        ("endpointing", float("nan")),
        ("endpointing", float("inf")),
        ("model", 1),
        ("model", ""),
        ("custom_metadata", "user"),
        ("custom_metadata", {"speed": float("nan")}),
        ("something_new", [{"deep": float("inf")}]),
        ("language_config", []),
        ("language_config.languages", "en"),
        ("language_config.languages", {"en": True}),
        ("messages_config", "all"),
        ("realtime_processing.custom_vocabulary_config.vocabulary", "word"),
        ("realtime_processing.custom_spelling_config.spelling_dictionary", ["sequel"]),
        ("realtime_processing.sentiment_analysis", {"on": True}),
        ("post_processing.subtitles_config.formats", "srt"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_path(path: str, value: object) -> None:
    (complaint,) = complaints(body_with(path, value))
    assert complaint.startswith((f"{path} must ", f"{path}."))


def test_whole_numbers_and_fractions_are_both_numbers() -> None:
    request = LiveRequest.model_validate_json('{"endpointing": 1, "channels": 2.0, "sample_rate": 8000.0}')
    assert (request.endpointing, request.channels, request.sample_rate) == (1.0, 2, 8000)
    assert isinstance(request.channels, int)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "body must be valid JSON"),
        ("{", "body must be valid JSON"),
        ("[]", "body must be an object"),
        ('"wav/pcm"', "body must be an object"),
        ('{"a":' * 100_000, "body must be valid JSON: recursion limit exceeded"),
        ('{"a": 1e999}', "a must hold finite numbers only"),
        ('{"a": "\\ud800"}', "body must be valid JSON"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LiveRequest.model_validate_json(body)
    (issue,) = validation_issues(refused.value)
    assert str(issue).startswith(complaint)


def test_every_bad_field_is_named_at_once() -> None:
    body = {
        "channels": 0,
        "encoding": "ogg",
        "pre_processing": {"speech_threshold": 2, "audio_enhancer": "x"},
    }
    paths = [complaint.split()[0] for complaint in complaints(body)]
    assert paths == [
        "encoding",
        "channels",
        "pre_processing.audio_enhancer",
        "pre_processing.speech_threshold",
    ]


@pytest.mark.parametrize("encoding", ["wav/alaw", "wav/ulaw"])
@pytest.mark.parametrize("said", [{}, {"bit_depth": 16}, {"bit_depth": 8}, {"bit_depth": None}])
def test_companded_audio_has_8_bits_whatever_is_said(encoding: str, said: dict[str, Any]) -> None:
    assert LiveRequest.model_validate({"encoding": encoding, **said}).bit_depth == 8


def test_an_unknown_language_gets_the_nearest_one_and_the_list() -> None:
    (complaint,) = complaints({"language_config": {"languages": ["en", "en-US"]}})
    start, _, codes = complaint.partition(": ")
    assert start == 'language_config.languages.1 must be one of 99 language codes (did you mean "en"?)'
    assert set(codes.split(", ")) == TRANSCRIPTION_LANGUAGES
    (complaint,) = complaints({"language_config": {"languages": ["wo"]}})
    assert "did you mean" not in complaint


def test_older_language_codes_become_todays() -> None:
    request = LiveRequest.model_validate({"language_config": {"languages": ["jv", "mymr"]}})
    assert request.language_config.languages == ("jw", "my")


def test_metadata_may_have_2000_characters_as_json() -> None:
    frame = len('{"note":""}')
    LiveRequest.model_validate({"custom_metadata": {"note": "é" * (2000 - frame)}})
    (complaint,) = complaints({"custom_metadata": {"note": "é" * (2001 - frame)}})
    assert complaint == "custom_metadata must be at most 2000 characters long as JSON, not 2001"


def test_unknown_fields_are_kept_at_every_level() -> None:
    body = {
        "region": "eu-west",
        "nothing": None,
        "model_dump": 1,
        "callback_config": {"method": "PUT"},
        "realtime_processing": {"custom_vocabulary_config": {"vocabulary": [{"value": "a", "case": True}]}},
    }
    params = LiveRequest.model_validate(body).request_params()
    assert params["region"] == "eu-west"
    assert params["nothing"] is None
    assert params["model_dump"] == 1
    assert params["callback_config"]["method"] == "PUT"
    assert params["realtime_processing"]["custom_vocabulary_config"]["vocabulary"][0]["case"] is True


def test_the_metadata_is_no_part_of_the_request_params() -> None:
    assert "custom_metadata" not in LiveRequest(custom_metadata={"user": 1}).request_params()


def test_misspelt_and_misplaced_fields_are_recognised() -> None:
    request = LiveRequest.model_validate(
        {
            "sampleRate": 8000,
            "languages": ["en"],
            "receive_partial_transcripts": True,
            "target_languages": ["fr"],
            "region": "eu-west",
            "messages_config": {"receive_final_transcript": True},
            "realtime_processing": {
                "custom_vocabulary_config": {"vocabulary": [{"value": "a", "pronunciation": "b"}]}
            },
        }
    )
    vocabulary = "realtime_processing.custom_vocabulary_config.vocabulary.0"
    assert set(misspelt_fields(request)) == {
        ("sampleRate", "sample_rate"),
        ("languages", "language_config.languages"),
        ("receive_partial_transcripts", "messages_config.receive_partial_transcripts"),
        ("target_languages", "realtime_processing.translation_config.target_languages"),
        ("messages_config.receive_final_transcript", "messages_config.receive_final_transcripts"),
        (f"{vocabulary}.pronunciation", f"{vocabulary}.pronunciations"),
    }


def test_long_values_are_cut_short_in_complaints() -> None:
    (complaint,) = complaints({"encoding": "x" * 100_000})
    assert len(complaint) < 200


def test_a_language_that_is_named_twice_is_one_language() -> None:
    request = LiveRequest.model_validate({"language_config": {"languages": ["jw", "jv", "jw"]}})
    assert len(request.language_config.languages) == 1
