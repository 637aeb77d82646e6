"""Add-ons beside a session: in order, stored as they were said, posted once, and gone when it is deleted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from intelligence.chat_server import Answer, Asked, ChatServer, Rude, Status, chatting
from scripted_server import scripted_server
from server.add_ons import (
    AUDIO,
    EVERYTHING,
    LIVE,
    POST,
    TARGETS,
    TRANSLATION,
    answer,
    asking,
    check_order,
    check_stored,
    kinds,
    no_words,
    result_of,
    streamed,
    what,
)
from server.peers import PATIENCE, Message
from server.receiver import LOOPBACK, receiving

ALL = (*LIVE, *POST)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    with chatting(answer) as chat:
        yield chat


@pytest.fixture(scope="module")
def url(data: Path, chat: ChatServer) -> Iterator[str]:
    """A server whose log must hold no words in the end."""
    with scripted_server(data, **asking(chat), callback_allow=LOOPBACK) as url:
        yield url
    no_words(data / "server.log")


@pytest.fixture(autouse=True)
def as_before(chat: ChatServer) -> None:
    chat.answers = answer
    chat.asked.clear()


def test_what_is_said_is_what_is_stored_and_what_is_posted_each_once_and_in_order(url: str) -> None:
    with receiving() as receiver:
        asked = EVERYTHING | {"callback": True, "callback_config": {"url": receiver.url}}
        session, texts = streamed(url, asked)
        receiver.until_event("live.end_session")
    result = result_of(url, session)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    check_stored(result, messages)
    assert result["messages"] == texts
    finals = kinds(messages).count("transcript")
    assert finals > 3
    assert kinds(messages).count("translation") == finals * len(TARGETS)
    for name in LIVE[1:]:
        assert kinds(messages).count(name) == finals
    for name in ALL:
        assert result[name]["success"]
        assert result[name]["exec_time"] > 0
    assert result["summarization"]["results"] == "All is said."
    assert [chapter["headline"] for chapter in result["chapterization"]["results"]] == ["All"]
    posted = [each.content["payload"] for each in receiver.taken]
    assert posted[0]["type"] == "start_session"
    assert posted[1:] == messages


def test_the_whole_may_be_translated_by_sentences_whatever_pauses_there_are_in_them(
    url: str, chat: ChatServer
) -> None:
    config = TRANSLATION["translation_config"] | {"match_original_utterances": False}
    asked = EVERYTHING | {
        "realtime_processing": TRANSLATION | {"translation_config": config},
        "post_processing": {"sentences": True, "subtitles": True},
    }
    session, texts = streamed(url, asked)
    result = result_of(url, session)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    finals = kinds(messages).count("transcript")
    assert kinds(messages).count("translation") == finals * len(TARGETS)
    [sentences] = result["transcription"]["sentences"]
    assert 0 < len(sentences["results"]) < finals
    assert result["translation"]["success"]
    for translated, target in zip(result["translation"]["results"], TARGETS, strict=True):
        written = [utterance["text"].strip() for utterance in translated["utterances"]]
        assert written == [f"{target}: {sentence}" for sentence in sentences["results"]]
        assert f"{target}: " in translated["subtitles"][0]["subtitles"]


def by_sentences(url: str) -> Message:
    config = TRANSLATION["translation_config"] | {"match_original_utterances": False}
    realtime = TRANSLATION | {"translation_config": config}
    session, texts = streamed(url, EVERYTHING | {"realtime_processing": realtime})
    check_order([json.loads(text) for text in texts])
    return result_of(url, session)


def test_a_sentence_that_is_too_long_is_translated_as_its_finals_are(url: str, chat: ChatServer) -> None:
    chat.answers = lambda asked: answer(asked) if len(asked.user) < 60 else Status(400, "too long")
    result = by_sentences(url)
    said = [utterance["text"].strip() for utterance in result["transcription"]["utterances"]]
    for translated, target in zip(result["translation"]["results"], TARGETS, strict=True):
        written = [utterance["text"].strip() for utterance in translated["utterances"]]
        assert written == [f"{target}: {text}" for text in said]
    assert result["translation"]["success"]


def test_where_the_whole_cannot_be_translated_its_finals_are_there(url: str, chat: ChatServer) -> None:
    asked_before: set[tuple[str, str]] = set()

    def once(asked: Asked) -> Answer:
        key = what(asked), asked.user
        if key in asked_before or len(asked.user) >= 60:
            return Status(400, "no more")
        asked_before.add(key)
        return answer(asked)

    chat.answers = once
    result = by_sentences(url)
    assert not result["translation"]["success"]
    for translated in result["translation"]["results"]:
        assert translated["error"]["status_code"] == 502
        assert translated["utterances"]


def test_who_leaves_without_a_stop_gets_no_more_and_the_result_says_what_is_missing(
    url: str, chat: ChatServer
) -> None:
    too_late = threading.Event()

    def slow(asked: Asked) -> Answer:
        if what(asked) != "de":
            return answer(asked)
        if not chat.released.is_set():
            return Rude("hang")
        too_late.set()
        return Status(400, f"what is {asked.user}?")

    chat.answers = slow
    with receiving() as receiver:
        asked = EVERYTHING | {"callback": True, "callback_config": {"url": receiver.url}}
        created = httpx.post(f"{url}/v2/live", json=asked).raise_for_status().json()
        with connect(created["url"], max_size=None) as socket:
            socket.send(AUDIO)
            messages: list[Message] = []
            while "translation" not in kinds(messages):
                messages.append(json.loads(socket.recv(PATIENCE)))
        receiver.until_event("live.end_session")
    # What still comes of it is nobody's, the log's neither.
    chat.released.set()
    assert too_late.wait(PATIENCE)
    result = result_of(url, created["id"])
    finals = len(result["transcription"]["utterances"])
    assert finals >= kinds(messages).count("transcript") >= 1
    assert not [event for event in receiver.events if event.startswith("live.post_")]
    assert {what(asked) for asked in chat.asked} <= set(TARGETS)
    for name in POST:
        assert result[name]["error"]["message"] == f"the session ended before its {name}"
        assert not result[name]["success"]
    french, german = result["translation"]["results"]
    assert len(french["utterances"]) >= 1
    missing = f"the session ended before translation of {finals} of {finals} utterances"
    assert german["error"]["message"] == missing
    assert result["translation"]["error"]


def test_what_add_ons_said_is_deleted_with_its_session(url: str, data: Path, chat: ChatServer) -> None:
    def found() -> bool:
        return any(b"zanzibar" in path.read_bytes() for path in data.rglob("*") if path.is_file())

    chat.answers = lambda asked: answer(asked).replace("All", "zanzibar").replace("word0", "zanzibar")
    session, texts = streamed(url, EVERYTHING)
    assert sum("zanzibar" in text for text in texts) > 4
    assert found()
    assert httpx.delete(f"{url}/v2/live/{session}").status_code == 202
    assert not found()


def test_each_channel_has_its_own(url: str) -> None:
    left = np.frombuffer(AUDIO, "<i2")
    both = np.stack([left, np.roll(left, len(left) // 3)], axis=1).astype("<i2").tobytes()
    session, texts = streamed(url, EVERYTHING | {"channels": 2}, both)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    result = result_of(url, session)
    for name in LIVE:
        said = [message["data"] for message in messages if message["type"] == name]
        assert {data["utterance"]["channel"] for data in said} == {0, 1}
    for translated in result["translation"]["results"]:
        assert len(translated["utterances"]) == len(result["transcription"]["utterances"])
        starts = [utterance["start"] for utterance in translated["utterances"]]
        assert starts == sorted(starts)
    assert {each["channel"] for each in json.loads(result["sentiment_analysis"]["results"])} == {0, 1}


@pytest.mark.parametrize("audio", [b"", bytes(32_000)], ids=["no audio", "silence"])
def test_where_nobody_speaks_every_add_on_succeeds_and_is_empty(
    url: str, chat: ChatServer, audio: bytes
) -> None:
    session, texts = streamed(url, EVERYTHING, audio)
    messages = [json.loads(text) for text in texts]
    result = result_of(url, session)
    check_order(messages)
    assert result["transcription"]["full_transcript"] == ""
    for name in ALL:
        assert result[name]["success"]
        assert result[name]["is_empty"]
        assert result[name]["error"] is None
    said = {message["type"]: message.get("data") for message in messages}
    assert said["post_summarization"] == {"results": ""}
    assert said["post_chapterization"] == {"results": []}
    assert chat.asked == []


def test_a_target_that_is_named_twice_is_one(url: str) -> None:
    config = TRANSLATION["translation_config"] | {"target_languages": ["fr", "de", "fr"]}
    asked = EVERYTHING | {"realtime_processing": TRANSLATION | {"translation_config": config}}
    session, texts = streamed(url, asked)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    assert [each["languages"] for each in result_of(url, session)["translation"]["results"]] == [
        ["fr"],
        ["de"],
    ]


def test_a_language_that_an_add_on_does_not_know_concerns_that_one_alone(url: str) -> None:
    realtime: dict[str, Any] = EVERYTHING["realtime_processing"] | {
        "translation_config": {"target_languages": ["pt"]}
    }
    asked = EVERYTHING | {"realtime_processing": realtime, "language_config": {"languages": ["de"]}}
    created = httpx.post(f"{url}/v2/live", json=asked)
    assert "this server translates en-pt, pt-en" in created.headers["x-vivavoce-warning"]
    session, texts = streamed(url, asked)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    errors = [message["error"] for message in messages if message.get("error")]
    assert len(errors) == kinds(messages).count("transcript")
    assert {error["status_code"] for error in errors} == {501}
    assert all(error["message"].startswith("no translation from de to pt: this server") for error in errors)
    result = result_of(url, session)
    assert [name for name in ALL if not result[name]["success"]] == ["translation"]
