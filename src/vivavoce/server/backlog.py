"""What waits in a running server: the figures that show whether a bound is near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivavoce.server.door import Door
from vivavoce.server.metrics import Metrics

if TYPE_CHECKING:
    from vivavoce.server.services import Services


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in one session: seconds of audio to be recognised, events of recognition to be dealt with,
    messages to be stored, finals that an add-on has not come to, and messages that wait for a client with the
    characters that they have."""

    audio: float
    events: int
    to_store: int
    to_enrich: int
    to_send: int
    characters: int


def show_backlogs(metrics: Metrics, door: Door, services: Callable[[], Services]) -> None:
    """Have `metrics` show what waits at the moment of looking, and what was ended and why."""

    def of_sessions(value: Callable[[Backlog], float]) -> Callable[[], float]:
        def now() -> float:
            recognition = services().recognition
            return sum(map(value, recognition.live.backlogs)) if recognition else 0.0

        return now

    for name, description, value in (
        ("connections", "Connections, HTTP and WebSockets", lambda: door.inside),
        ("connections_limit", "Connections that are let in at once", lambda: door.most),
        (
            "connections_idle",
            "Of them those that the server waits for: no session, no request",
            lambda: door.waiting,
        ),
        ("send_buffer_bytes", "Bytes that wait to leave", lambda: door.unsent),
        ("receive_buffer_bytes", "Bytes of messages that have not come whole", lambda: door.incomplete),
        (
            "large_frames_receiving",
            "Large frames that are being received or logged",
            lambda: door.large.receiving,
        ),
        (
            "large_frames_waiting",
            "Sockets that wait until they may send a large frame",
            lambda: door.large.waiting,
        ),
        (
            "journal_entries_waiting",
            "Entries of sessions that wait for the database",
            lambda: services().storage.sessions.waiting,
        ),
        ("audio_waiting_seconds", "Audio that waits to be recognised", of_sessions(lambda s: s.audio)),
        (
            "events_waiting",
            "Words of recognition that wait for their session",
            of_sessions(lambda s: s.events),
        ),
        ("messages_to_store", "Messages that wait to be stored", of_sessions(lambda s: s.to_store)),
        (
            "add_ons_waiting",
            "Finals that an add-on of their session has not come to, each for every such add-on",
            of_sessions(lambda s: s.to_enrich),
        ),
        (
            "messages_to_send",
            "Messages that wait for their client to come back",
            of_sessions(lambda s: s.to_send),
        ),
        ("characters_to_send", "Characters of these messages", of_sessions(lambda s: s.characters)),
    ):
        metrics.gauge(name, description, value)
    metrics.counts("connections_ended", "Connections that the server ended", "reason", lambda: door.ended)
