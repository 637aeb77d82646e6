"""What may be asked of subtitles."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vivavoce.protocol.requests import LiveRequest, SubtitlesConfig, misspelt_fields
from vivavoce.protocol.validation import validation_issues


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"formats": []}, 'formats must name "srt", "vtt" or both'),
        ({"formats": ["ass"]}, "formats.0 must be 'srt' or 'vtt', not \"ass\""),
        ({"minimum_duration": -1}, "minimum_duration must be at least 0, not -1"),
        ({"maximum_characters_per_row": 0}, "maximum_characters_per_row must be at least 1, not 0"),
        (
            {"minimum_duration": 3, "maximum_duration": 2},
            "maximum_duration must be at least minimum_duration, 3, not 2",
        ),
        ({"minimum_duration": 8}, "maximum_duration must be at least minimum_duration, 8, not 7"),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LiveRequest.model_validate({"post_processing": {"subtitles_config": config}})
    assert [str(issue) for issue in validation_issues(refused.value)] == [
        f"post_processing.subtitles_config.{complaint}"
    ]


def test_a_format_that_is_named_twice_is_written_once() -> None:
    assert SubtitlesConfig.model_validate({"formats": ["vtt", "srt", "vtt"]}).formats == ("vtt", "srt")


def test_options_in_the_wrong_place_are_shown_the_right_one() -> None:
    body = {"subtitles": True, "post_processing": {"sentence": True}}
    assert misspelt_fields(LiveRequest.model_validate(body)) == [
        ("subtitles", "post_processing.subtitles"),
        ("post_processing.sentence", "post_processing.sentences"),
    ]
