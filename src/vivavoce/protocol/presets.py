"""Settings for four common uses, as partial requests.

Endpointing is the upper end of what each use bears: cutting at short pauses costs words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

PresetName = Literal["voice_agent", "call_center", "live_subtitles", "meeting"]

_PARTIALS: Final = MappingProxyType({"receive_partial_transcripts": True})

PRESETS: Final[Mapping[PresetName, Mapping[str, Any]]] = MappingProxyType(
    {
        "voice_agent": MappingProxyType(
            {"endpointing": 0.1, "maximum_duration_without_endpointing": 15, "messages_config": _PARTIALS}
        ),
        "call_center": MappingProxyType({"endpointing": 0.3, "maximum_duration_without_endpointing": 15}),
        "live_subtitles": MappingProxyType(
            {"endpointing": 0.4, "maximum_duration_without_endpointing": 5, "messages_config": _PARTIALS}
        ),
        "meeting": MappingProxyType(
            {"endpointing": 0.5, "maximum_duration_without_endpointing": 15, "messages_config": _PARTIALS}
        ),
    }
)


def with_preset(name: PresetName, body: Mapping[str, Any]) -> dict[str, Any]:
    """The request `body`, with the preset's values where it says nothing.

    Raises `ValueError` if there is no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; the presets are {', '.join(PRESETS)}")
    return _merged(PRESETS[name], body)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(above)
    for name, value in below.items():
        given = above.get(name)
        if isinstance(value, Mapping) and (given is None or isinstance(given, Mapping)):
            merged[name] = _merged(value, given or {})
        elif given is None:
            merged[name] = value
    return merged
