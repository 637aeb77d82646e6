"""Which messages are posted, to callbacks and to webhooks, and with what they are stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live.shell import (
    CHUNK,
    NOISE,
    SWITCHES,
    Shell,
    final,
    partial,
    speech_end,
    speech_start,
    with_messages,
)
from live.test_session_messages import SENT_FOR
from vivavoce.live.effects import Finish, Post
from vivavoce.protocol.messages import Callback, parse_message
from vivavoce.protocol.stream import Flushed
from vivavoce.server.callbacks.posting import Posting
from vivavoce.storage.records import Destination

FLUSHED = Flushed(1)
NOTHING = dict.fromkeys(SWITCHES, False)
ADD_ONS = {
    "realtime_processing": {"sentiment_analysis": True},
    "post_processing": {"summarization": True},
}


def whole_session(body: dict[str, Any], *, webhooks: bool = False, connections: int = 1) -> Shell:
    """A session in which everything happens but refusals; its client may lose its connections."""
    shell = Shell(body | ADD_ONS, webhooks=webhooks)
    shell.connect()
    shell.audio(NOISE[:CHUNK])
    shell.hear(speech_start(0), partial(0), speech_end(0), final(0))
    for _ in range(connections - 1):
        shell.lose()
        shell.hear(speech_start(1), final(1))
        shell.connect()
    shell.stop()
    shell.hear(FLUSHED)
    return shell


def calling_back(switches: dict[str, bool], *, callback: bool = True) -> dict[str, Any]:
    return {"callback": callback, "callback_config": {"url": "https://example.org/", **switches}}


def kinds(posts: list[Post]) -> set[str]:
    found = (json.loads(post.message) for post in posts)
    return {
        ("final" if m["data"]["is_final"] else "partial") if m["type"] == "transcript" else m["type"]
        for m in found
    }


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_of_the_callback_turns_on_its_messages_and_no_others(switch: str) -> None:
    body = calling_back({name: name == switch for name in SWITCHES})
    assert kinds(whole_session(body | {"messages_config": NOTHING}).posts) == SENT_FOR[switch]
    assert kinds(whole_session(body).posts) == SENT_FOR[switch]


def test_a_callback_gets_what_the_socket_gets_word_for_word_and_in_order() -> None:
    switches = dict.fromkeys(SWITCHES, True)
    shell = whole_session(calling_back(switches) | with_messages())
    assert [post.message for post in shell.posts] == shell.wires[1]
    assert all(post.type == json.loads(post.message)["type"] for post in shell.posts)


def test_what_a_callback_gets_is_the_same_whether_the_client_is_there_or_not() -> None:
    shell = whole_session(calling_back({}), connections=3)
    types = [post.type for post in shell.posts if post.type != "sentiment_analysis"]
    assert types == [
        "start_recording",
        "transcript",
        "transcript",
        "transcript",
        "end_recording",
        "post_transcript",
        "post_summarization",
        "post_final_transcript",
        "end_session",
    ]


@pytest.mark.parametrize("switch", SWITCHES)
def test_without_a_callback_nothing_is_posted_whatever_its_switches_say(switch: str) -> None:
    assert whole_session(calling_back({switch: True}, callback=False)).posts == []


def test_webhooks_are_told_of_the_lifecycle_whatever_the_callback_wants() -> None:
    lifecycle = ["start_recording", "end_recording", "end_session"]
    shell = whole_session(calling_back(NOTHING), webhooks=True)
    assert [(post.type, post.callback, post.webhooks) for post in shell.posts] == [
        (kind, False, True) for kind in lifecycle
    ]


def test_what_ends_a_session_is_stored_with_its_end() -> None:
    shell = whole_session(calling_back({}))
    [finish] = [effect for effect in shell.trace if isinstance(effect, Finish)]
    assert [post.type for post in finish.posts] == ["post_final_transcript", "end_session"]


def test_what_is_posted_is_the_envelope_of_the_protocol() -> None:
    shell = whole_session(calling_back(dict.fromkeys(SWITCHES, True)))
    to = Destination("callback", None, "https://example.org/", "example.org:443")
    deliveries = Posting("the-session", [to]).deliveries(shell.posts)
    assert len(deliveries) == len(shell.posts)
    for post, delivery in zip(shell.posts, deliveries, strict=True):
        message = parse_message(post.message)
        assert delivery.event == f"live.{post.type}"
        assert json.loads(delivery.body) == Callback.of(message).model_dump(mode="json")  # type: ignore[arg-type]
