"""Add-ons of a server that is killed: the session completes by itself, and nothing is done or said twice."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from gladiaio_sdk import GladiaClient
from gladiaio_sdk.client_options import WebSocketRetryOptions
from websockets.sync.client import ClientConnection, connect

from intelligence.chat_server import ChatServer, chatting
from scripted_server import free_port, scripted_process
from server.add_ons import (
    AUDIO,
    EVERYTHING,
    LIVE,
    POST,
    TARGETS,
    TRANSLATION,
    Holding,
    asking,
    check_order,
    kinds,
    no_words,
    of_final,
    result_of,
    times_asked,
)
from server.peers import PATIENCE, STOP, Message
from server.receiver import LOOPBACK, Posted, receiving
from vivavoce import Client

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)

ANSWERED = 3
PATIENT = WebSocketRetryOptions(max_attempts_per_connection=0, delay=lambda _: 0.2)
BY_ENDPOINT: dict[str, Any] = EVERYTHING | {
    "realtime_processing": TRANSLATION,
    "messages_config": {"receive_speech_events": False, "receive_lifecycle_events": True},
}
"""All that is asked of the endpoint, and so can be counted there, and no more."""


def told_once(messages: list[Message]) -> None:
    """As a user hears them: each add-on of each final once, and each step of the end."""
    of_finals = [
        (message["type"], of_final(message), (message["data"] or {}).get("target_language"))
        for message in messages
        if message["type"] in LIVE
    ]
    assert len(of_finals) == len(set(of_finals)) > ANSWERED
    check_order(messages)


def each_once(taken: list[Posted]) -> list[Message]:
    """The payloads, as a receiver keeps them that passes over ids which it knows."""
    first: dict[str, Posted] = {}
    for posted in taken:
        first.setdefault(posted.id, posted)
    return [posted.content["payload"] for posted in first.values()]


class User:
    """One session of our client, or of the official SDK, and all that its user hears."""

    def __init__(self, url: str, asked: dict[str, Any], *, sdk: bool) -> None:
        self.messages: list[Message] = []
        self.connected = threading.Event()
        self.session: Any
        if sdk:
            live = GladiaClient(api_key="unused", api_url=url, ws_retry=PATIENT).live()
            self.session = live.start_session(asked)
            self.session.on("message", lambda message: self.messages.append(message.to_dict()))
            # While the server is away; without a handler the SDK's thread would die of it.
            self.session.on("error", lambda _: None)
        else:
            self.session = Client(base_url=url).live().start_session(asked)
            self.session.on("message", lambda message: self.messages.append(message.model_dump(mode="json")))
        self.session.on("connected", lambda _: self.connected.set())
        self.session.send_audio(AUDIO)

    def stop(self) -> None:
        """The SDK forgets a stop that it cannot send."""
        assert self.connected.wait(PATIENCE)
        self.session.stop_recording()

    @property
    def id(self) -> str:
        return str(getattr(self.session, "session_id", "") or self.session.id)

    def heard(self) -> list[Message]:
        """All of it, when it is over; the SDK makes a start of its own."""
        assert self.session.join(PATIENCE)
        return [message for message in self.messages if message["type"] != "start_session"]


@pytest.mark.parametrize(
    ("sdk", "end"), [(False, signal.SIGTERM), (True, signal.SIGKILL)], ids=["stopped", "killed"]
)
def test_what_was_due_of_finals_when_the_server_went_down_comes_once(
    tmp_path: Path, sdk: bool, end: signal.Signals
) -> None:
    """It goes down while the endpoint hangs, for which it does not wait."""
    port, holding = free_port(), Holding(after=ANSWERED)
    with receiving() as receiver, chatting(holding) as chat:
        settings = asking(chat, callback_allow=LOOPBACK, callback_backoff=0.05)
        asked = BY_ENDPOINT | {"callback": True, "callback_config": {"url": receiver.url}}
        with scripted_process(tmp_path, port, **settings) as (url, process):
            user = User(url, asked, sdk=sdk)
            receiver.until(lambda it: it.events.count("live.translation") == ANSWERED)
            assert holding.held.wait(PATIENCE)
            user.connected.clear()
            ended(process, end)
        came_up(holding, chat)
        with scripted_process(tmp_path, port, **settings) as (url, _):
            user.stop()
            messages = user.heard()
            receiver.until_event("live.end_session")
            result = result_of(url, user.id)
    told_once(messages)
    told_once(each_once(receiver.taken))
    assert result["summarization"]["results"] == "All is said."
    assert len(result["translation"]["results"]) == len(TARGETS)
    assert result["translation"]["success"]
    # What hung was asked again, of one final at most; nothing else was.
    finals = len([message for message in messages if message["type"] == "transcript"])
    assert 1 <= holding.hung <= len(TARGETS)
    assert len(chat.asked) == finals * len(TARGETS) + len(POST) + holding.hung
    no_words(tmp_path / "server.log")


def test_what_is_done_with_the_whole_goes_on_after_a_restart(tmp_path: Path) -> None:
    """By itself; its client hears of it once it is there again."""
    port, holding = free_port(), Holding(holds="summarization")
    with receiving() as receiver, chatting(holding) as chat:
        settings = asking(chat, callback_allow=LOOPBACK, callback_backoff=0.05)
        asked = BY_ENDPOINT | {"callback": True, "callback_config": {"url": receiver.url}}
        with scripted_process(tmp_path, port, **settings) as (url, process):
            created = httpx.post(f"{url}/v2/live", json=asked).raise_for_status().json()
            with connect(created["url"], max_size=None) as socket:
                socket.send(AUDIO)
                socket.send(STOP)
                messages = until(socket, "post_chapterization")
                receiver.until(lambda it: "live.post_chapterization" in it.events and is_complete(it.events))
                assert holding.held.wait(PATIENCE)
                ended(process, signal.SIGKILL)
        before = times_asked(chat)
        came_up(holding, chat)
        with scripted_process(tmp_path, port, **settings) as (url, _):
            receiver.until_event("live.end_session")
            with connect(created["url"], max_size=None) as socket:
                messages += [json.loads(text) for text in socket]
                assert socket.close_code == 1000
            result = result_of(url, created["id"])
    told_once(messages)
    told_once(each_once(receiver.taken))
    assert [json.loads(text) for text in result["messages"]] == messages
    assert result["summarization"]["results"] == "All is said."
    # Only what hung was asked again.
    again = times_asked(chat) - before
    assert [words.partition(" ")[0] for words in again] == ["summarization"]
    no_words(tmp_path / "server.log")


def until(socket: ClientConnection, kind: str) -> list[Message]:
    """The messages up to the first of this kind, and what is said of finals after it."""
    messages: list[Message] = []
    while kind not in kinds(messages) or not is_complete([f"live.{each}" for each in kinds(messages)]):
        messages.append(json.loads(socket.recv(PATIENCE)))
    return messages


def ended(process: subprocess.Popen[str], by: signal.Signals) -> None:
    process.send_signal(by)
    process.wait(PATIENCE)


def came_up(holding: Holding, chat: ChatServer) -> None:
    """The endpoint is quick again."""
    holding.up.set()
    chat.released.set()


def is_complete(events: list[str]) -> bool:
    """Whether everything was said of each final."""
    return events.count("live.translation") == events.count("live.transcript") * len(TARGETS)
