"""The presets are valid requests with the values of their use."""

from typing import get_args

import pytest

from vivavoce.protocol import PRESETS, LiveRequest, PresetName, with_preset

RANGES: dict[PresetName, tuple[float, float, float, bool]] = {
    "voice_agent": (0.05, 0.1, 15, True),
    "call_center": (0.1, 0.3, 15, False),
    "live_subtitles": (0.2, 0.4, 5, True),
    "meeting": (0.3, 0.5, 15, True),
}


@pytest.mark.parametrize("name", get_args(PresetName))
def test_a_preset_is_a_valid_request_with_the_values_of_its_use(name: PresetName) -> None:
    request = LiveRequest.model_validate(with_preset(name, {}))
    shortest, longest, maximum, partials = RANGES[name]
    assert shortest <= request.endpointing <= longest
    assert request.maximum_duration_without_endpointing == maximum
    assert request.messages_config.receive_partial_transcripts is partials


def test_what_the_caller_says_goes_before_the_preset() -> None:
    body = with_preset(
        "meeting", {"endpointing": 1, "channels": 2, "messages_config": {"receive_errors": False}}
    )
    assert body == {
        "endpointing": 1,
        "channels": 2,
        "maximum_duration_without_endpointing": 15,
        "messages_config": {"receive_errors": False, "receive_partial_transcripts": True},
    }


def test_a_null_says_nothing() -> None:
    assert with_preset("meeting", {"endpointing": None, "messages_config": None}) == with_preset(
        "meeting", {}
    )


def test_using_a_preset_leaves_it_as_it_was() -> None:
    with_preset("meeting", {})["messages_config"]["receive_partial_transcripts"] = False
    assert PRESETS["meeting"]["messages_config"] == {"receive_partial_transcripts": True}


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="voice_agent, call_center, live_subtitles, meeting"):
        with_preset("podcast", {})  # type: ignore[arg-type]
