"""Callbacks of a server that is killed: none is lost, none comes under two ids, and order is kept."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from scripted_server import free_port, scripted_process
from server.peers import PATIENCE, pieces
from server.receiver import LOOPBACK, Answer, Posted, receiving
from speech import two_cities
from vivavoce import Client
from vivavoce.client.events import Connected

SETTINGS: dict[str, Any] = {"callback_allow": LOOPBACK, "callback_backoff": 0.05}
AUDIO = two_cities().pcm(seconds=13)
LAST = ["live.end_recording", "live.post_transcript", "live.post_final_transcript", "live.end_session"]


def each_once(taken: list[Posted]) -> list[Posted]:
    """As a receiver keeps it that passes over ids which it knows."""
    first: dict[str, Posted] = {}
    for posted in taken:
        first.setdefault(posted.id, posted)
    return list(first.values())


def told(posted: Posted) -> str:
    if posted.event != "live.transcript":
        return posted.event
    data: dict[str, Any] = posted.content["payload"]["data"]
    return f"{data['id']}{data['utterance']['text']}"


@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_server_that_is_killed_posts_everything_once_and_in_order(
    tmp_path: Path, killed_after: int
) -> None:
    """It is killed while it waits for an answer, when so many were given."""
    up = threading.Event()

    def answers(_: Posted) -> Answer:
        if up.is_set() or len(receiver.taken) < killed_after:
            return 200
        return "hang"

    port = free_port()
    with receiving(answers) as receiver:
        asked = {"endpointing": 0.3, "callback": True, "callback_config": {"url": receiver.url}}
        connections: list[Connected] = []
        with scripted_process(tmp_path, port, **SETTINGS) as (url, process):
            client = Client(base_url=url)
            session = client.live().start_session(asked)
            session.on("connected", connections.append)
            for piece in pieces(AUDIO):
                session.send_audio(piece)
            receiver.until(lambda it: len(it.attempts) == killed_after + 1)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        up.set()
        receiver.released.set()
        with scripted_process(tmp_path, port, **SETTINGS), client:
            with session:
                pass
            receiver.until_event("live.end_session")
            stored = client.live().get(session.id)
    assert stored.result
    assert stored.result.transcription
    finals = [each.text for each in stored.result.transcription.utterances]
    assert len(finals) > 3
    posted = [told(each) for each in each_once(receiver.taken)]
    assert posted == [
        "live.start_session",
        "live.start_recording",
        *(f"00_{number:08}{text}" for number, text in enumerate(finals)),
        *LAST,
    ]
