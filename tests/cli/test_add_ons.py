"""How add-ons are asked for on the command line, and read in a terminal."""

from __future__ import annotations

import pytest

from vivavoce.cli.add_ons import asked, told
from vivavoce.client.events import AnyMessage
from vivavoce.protocol.messages import parse_message
from vivavoce.protocol.requests import LiveRequest

HEAD = '"session_id": "1", "created_at": "2026-01-01T00:00:00.000Z", "error": null'
UTTERANCE = (
    '{"text": "Maria is in Paris.", "language": "en", "start": 0, "end": 1, "confidence": 1, "channel": 0, '
    '"words": []}'
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


@pytest.mark.parametrize(
    ("kind", "data", "lines"),
    [
        (
            "named_entity_recognition",
            f'{OF_A_FINAL}, "results": [{{"entity_type": "NAME", "text": "Maria", "start": 0, "end": 1}}, '
            '{"entity_type": "LOCATION_CITY", "text": "Paris", "start": 0, "end": 1}]',
            ["· Maria (NAME), Paris (LOCATION_CITY)"],
        ),
        ("named_entity_recognition", f'{OF_A_FINAL}, "results": []', []),
        (
            "translation",
            f'{OF_A_FINAL}, "original_language": "en", "target_language": "pt", '
            f'"translated_utterance": {UTTERANCE.replace("is in", "está em")}',
            ["· pt: Maria está em Paris."],
        ),
        ("post_summarization", '"results": "- One.\\n- Two."', ["Summary:", "- One.", "- Two."]),
        (
            "post_chapterization",
            '"results": [{"headline": "Paris", "gist": "", "summary": "", "keywords": [], "start": 0, '
            '"end": 61.5}]',
            ["Chapters:", "0:00.0 to 1:01.5  Paris"],
        ),
        ("end_session", "", []),
    ],
)
def test_each_message_reads_as_lines(kind: str, data: str, lines: list[str]) -> None:
    assert list(told(message(kind, data))) == lines
