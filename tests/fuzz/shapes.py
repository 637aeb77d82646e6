"""Whether the official SDK takes a message, which need be asked once for all messages of a shape."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from gladiaio_sdk.v2.live.generated_types import (
    LiveV2UnknownWebSocketMessage,
    create_live_v2_web_socket_message_from_dict,
)


class Shapes:
    """Remembers the shapes that the SDK takes: to load each acknowledgement would take most of the time."""

    def __init__(self) -> None:
        self._taken: set[Hashable] = set()

    def check(self, message: dict[str, Any]) -> None:
        """It loads with the SDK's types, which look at keys and types, and at no other values."""
        kind, shape = message["type"], _shape(message)
        if (kind, shape) in self._taken:
            return
        theirs = create_live_v2_web_socket_message_from_dict(message)
        assert kind == "post_chapterization" or not isinstance(theirs, LiveV2UnknownWebSocketMessage)
        self._taken.add((kind, shape))


def _shape(value: Any) -> Hashable:
    match value:
        case dict():
            return frozenset((key, _shape(part)) for key, part in value.items())
        case list():
            return list, frozenset(map(_shape, value))
        case _:
            return type(value)
