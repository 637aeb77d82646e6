"""How both faces open a WebSocket."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import InvalidStatus

from vivavoce.protocol.close_codes import ABNORMAL

CONNECT_OPTIONS: dict[str, Any] = {
    "compression": None,  # audio does not shrink, and messages are small
    "max_size": 256 * 1024 * 1024,  # `post_final_transcript` of hours of speech
    "close_timeout": 5.0,
    "proxy": None,  # the library does not read the environment
}


def refusal(error: Exception) -> tuple[int, str]:
    """Close code and reason for a connection that could not be made.

    A refusal by HTTP status 4xx becomes 44xx, as the server would have closed: it is not tried again. 429
    is not one: it asks to come later.
    """
    status = error.response.status_code if isinstance(error, InvalidStatus) else None
    if status is not None and status != 429 and 400 <= status < 500:
        return 4000 + status, f"the server refused the connection with HTTP status {status}"
    return ABNORMAL, f"no connection to the server: {error}"
