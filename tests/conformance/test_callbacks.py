"""Callbacks as the official SDK asks for them, and as its types read them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from gladiaio_sdk import GladiaClient
from gladiaio_sdk.v2.live import generated_types as official

from scripted_server import scripted_server
from server.peers import pieces, speech
from server.receiver import LOOPBACK, receiving
from vivavoce import Client

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)


def test_a_callback_that_the_sdk_asks_for_gets_what_the_sdk_hears(tmp_path: Path) -> None:
    with receiving() as receiver, scripted_server(tmp_path, callback_allow=LOOPBACK) as url:
        config = official.LiveV2CallbackConfig(url=receiver.url, receive_speech_events=True)
        asked = official.LiveV2InitRequest(callback=True, callback_config=config, endpointing=0.3)
        session = GladiaClient(api_key="unused", api_url=url).live().start_session(asked)
        heard: list[dict[str, Any]] = []
        ended = threading.Event()
        session.on("message", lambda message: heard.append(message.to_dict()))
        session.on("ended", lambda _: ended.set())
        for piece in pieces(speech()):
            session.send_audio(piece)
        session.stop_recording()
        assert ended.wait(60)
        receiver.until_event("live.end_session")
        with Client(base_url=url) as client:
            assert session.session_id is not None
            stored = client.live().get(session.session_id)
    loaded = [
        official._CALLBACK_EVENT_TO_CLASS[each.event].from_dict(each.content) for each in receiver.taken
    ]
    assert {each.id for each in loaded} == {session.session_id} == {stored.id}
    told = [each.payload.to_dict() for each in loaded if each.payload.type == "transcript"]
    assert told == [message for message in heard if message["type"] == "transcript"]
    assert len(told) == 2
    assert [each.event for each in loaded].count("live.speech_start") == 2
