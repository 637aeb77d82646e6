"""How add-ons are asked for on the command line, and read in a terminal."""

from __future__ import annotations

import pytest

from vivavoce.cli.add_ons import Note, asked, failures, told, told_of_all
from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import parse_message
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import TranscriptionResult

HEAD = '"session_id": "1", "created_at": "2026-01-01T00:00:00.000Z", "error": null'
UTTERANCE = (
    '{"text": "Maria is in Paris.", "language": "en", "start": 2.5, "end": 3.5, "confidence": 1, '
    '"channel": 1, "words": []}'
)
OF_A_FINAL = f'"utterance_id": "a", "utterance": {UTTERANCE}'


def message(kind: str, data: str) -> AnyMessage:
    return parse_message(f'{{"type": "{kind}", {HEAD}, "data": {{{data}}}}}')


def test_options_ask_for_what_they_name_and_nothing_else() -> None:
    assert asked(False, False, None, None, False) == {}
    request = LiveRequest.model_validate(asked(True, False, ["pt", "es"], "bullet_points", False))
    assert request.realtime_processing.named_entity_recognition
    assert not request.realtime_processing.sentiment_analysis
    assert request.realtime_processing.translation_config
    assert request.realtime_processing.translation_config.target_languages == ("pt", "es")
    assert request.post_processing.summarization_config.type == "bullet_points"
    assert not request.post_processing.chapterization


def sentiments(*each: tuple[str, str, str, float]) -> str:
    """The data of a message that says how each sentence, of which it gives text and start, is meant."""
    results = ", ".join(
        f'{{"sentiment": "{sentiment}", "emotion": "{emotion}", "text": "{text}", "start": {start}, '
        '"end": 9, "channel": 1}'
        for sentiment, emotion, text, start in each
    )
    return f'{OF_A_FINAL}, "results": [{results}]'


@pytest.mark.parametrize(
    ("kind", "data", "notes"),
    [
        (
            "named_entity_recognition",
            f'{OF_A_FINAL}, "results": [{{"entity_type": "NAME", "text": "Maria", "start": 2.5, "end": 3}}, '
            '{"entity_type": "NAME_GIVEN", "text": "Maria", "start": 2.5, "end": 3}, '
            '{"entity_type": "LOCATION_CITY", "text": "Paris", "start": 3, "end": 3.5}]',
            [(2.5, "· Maria (NAME), Paris (LOCATION_CITY)")],
        ),
        ("named_entity_recognition", f'{OF_A_FINAL}, "results": []', []),
        (
            "translation",
            f'{OF_A_FINAL}, "original_language": "en", "target_language": "pt", '
            f'"translated_utterance": {UTTERANCE.replace("is in", "está  em")}',
            [(2.5, "· pt: Maria está em Paris.")],
        ),
        (
            "sentiment_analysis",
            sentiments(("negative", "negative_surprise", "Maria is in Paris.", 2.5)),
            [(2.5, "· sentiment: negative (negative surprise)")],
        ),
        (
            "sentiment_analysis",
            sentiments(("neutral", "neutral", "Oh.", 2.5), ("positive", "neutral", "Good.", 3.1)),
            [(3.1, "· sentiment: positive: Good.")],
        ),
        ("end_session", "", []),
    ],
)
def test_what_is_found_in_a_final_reads_as_lines_with_its_time(
    kind: str, data: str, notes: list[tuple[float, str]]
) -> None:
    assert list(told(message(kind, data))) == notes
    with_channel = [(start, f"[2] {text}") for start, text in notes]
    assert list(told(message(kind, data), with_channel=True)) == with_channel


@pytest.mark.parametrize(
    ("kind", "results", "notes"),
    [
        ("post_summarization", '"- One.\\n- Two."', [(None, "Summary:"), (None, "- One."), (None, "- Two.")]),
        ("post_summarization", '""', []),
        (
            "post_chapterization",
            '[{"headline": "Paris", "gist": "Maria is there.", "summary": "", "keywords": [], "start": 0, '
            '"end": 61.5}, {"headline": "Rome", "gist": "Rome", "summary": "", "keywords": [], '
            '"start": 61.5, "end": 99}]',
            [(None, "Chapters:"), (0.0, "Paris – Maria is there."), (61.5, "Rome")],
        ),
        ("post_chapterization", "[]", []),
    ],
)
def test_what_is_said_of_the_whole_has_a_heading_unless_it_is_nothing(
    kind: str, results: str, notes: list[Note]
) -> None:
    assert list(told_of_all(message(kind, f'"results": {results}'))) == notes


def test_a_translation_that_failed_is_named_by_its_language_and_one_that_did_not_is_not() -> None:
    error = {"status_code": 502, "exception": "AddOnError", "message": "no"}
    none = {"full_transcript": "", "languages": [], "utterances": []}
    envelope = {"success": False, "is_empty": True, "exec_time": 0, "error": error}
    result = TranscriptionResult.model_validate(
        {
            "metadata": {
                "audio_duration": 1,
                "number_of_distinct_channels": 1,
                "billing_time": 1,
                "transcription_time": 1,
            },
            "translation": {**envelope, "results": [none, {**none, "error": error}]},
            "named_entity_recognition": {**envelope, "results": []},
        }
    )
    assert failures(result, ["pt", "fr"]) == {"entities": "no", "translation to fr": "no"}
