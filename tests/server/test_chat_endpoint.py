"""A chat endpoint that is down, slow or rude: what it was asked for fails and says so; nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intelligence.chat_server import Answer, Asked, ChatServer, Rude, Status, chatting
from scripted_server import scripted_server
from server.add_ons import (
    EVERYTHING,
    LIVE,
    POST,
    TARGETS,
    answer,
    asking,
    check_order,
    kinds,
    no_words,
    result_of,
    streamed,
    times_asked,
    what,
)
from server.peers import Message

# Few finals, since each is asked for in turn.
ASKED = EVERYTHING | {"endpointing": 2, "maximum_duration_without_endpointing": 8}
BY_ENDPOINT = ("translation", "post_summarization", "post_chapterization")


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    with chatting(answer) as chat:
        yield chat


@pytest.fixture(scope="module")
def url(chat: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks the endpoint; its log must hold no words in the end."""
    data: Path = tmp_path_factory.mktemp("server")
    with scripted_server(data, **asking(chat, chat_timeout=1.5)) as url:
        yield url
    no_words(data / "server.log")


@pytest.fixture(autouse=True)
def nothing_asked_yet(chat: ChatServer) -> None:
    chat.asked.clear()


def failing(asked: Asked) -> Answer:
    # It says again what it was told, as some do: no log may hold that.
    return Status(500, f"cannot process {asked.user}")


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        (lambda _: Rude("hang up"), 502),
        (failing, 502),
        (lambda _: Rude("a web page"), 502),
        (lambda _: Rude("break off"), 502),
        (lambda _: Rude("hang"), 504),
    ],
    ids=["hangs up", "fails", "is no endpoint", "breaks off", "hangs"],
)
def test_an_endpoint_that_gives_nothing_costs_what_it_was_asked_for_and_no_more(
    url: str, chat: ChatServer, answers: Any, status: int
) -> None:
    chat.answers = answers
    session, texts = streamed(url, ASKED)
    result = result_of(url, session)
    messages = [json.loads(text) for text in texts]
    check_order(messages)
    finals = kinds(messages).count("transcript")
    assert finals == len(result["transcription"]["utterances"]) > 1
    assert kinds(messages).count("translation") == finals * len(TARGETS)
    for message in messages:
        if message["type"] in BY_ENDPOINT:
            check_failed(message["error"], status)
            assert message["data"] is None
        elif message["type"] in LIVE:
            assert message["data"]
            assert not message["error"]
    for name in ("translation", *POST):
        assert result[name]["success"] is False
        check_failed(result[name]["error"], status)
    for translated in result["translation"]["results"]:
        assert translated["utterances"] == []
        check_failed(translated["error"], status)
    for name in LIVE[1:]:
        assert result[name]["success"]
    assert result["messages"] == texts


def test_the_log_says_once_that_the_endpoint_fails_and_once_that_it_works_again(
    chat: ChatServer, tmp_path: Path
) -> None:
    with scripted_server(tmp_path, log_format="json", **asking(chat)) as url:
        for chat.answers in (failing, answer):
            streamed(url, ASKED)
    log = (tmp_path / "server.log").read_text("utf-8")
    assert "word0" not in log
    said = [
        event for line in log.splitlines() if (event := json.loads(line)).get("add_on") == "summarization"
    ]
    assert [event["event"] for event in said] == ["add_on_failing", "add_on_works_again"]
    assert said[0]["reason"] == "the chat endpoint failed with 500; see its log"


def check_failed(error: Message, status: int) -> None:
    assert error["status_code"] == status
    assert error["exception"] == "AddOnError"
    assert "chat endpoint" in error["message"]


def test_what_is_done_with_the_whole_is_tried_once_more_and_the_rest_goes_on(
    url: str, chat: ChatServer
) -> None:
    chat.answers = lambda asked: "No idea." if what(asked) == "chapterization" else answer(asked)
    session, _ = streamed(url, ASKED)
    result = result_of(url, session)
    asked = [name.partition(" ")[0] for name in times_asked(chat).elements()]
    # Each time it is told once what was wrong with its answer.
    assert asked.count("chapterization") == 4
    assert asked.count("summarization") == 1
    assert result["chapterization"]["error"]["status_code"] == 502
    assert result["summarization"]["results"] == "All is said."
    assert result["translation"]["success"]


def test_what_failed_once_is_forgotten_when_the_second_attempt_succeeds(url: str, chat: ChatServer) -> None:
    failures = iter([Status(400, "no")])

    def once(asked: Asked) -> Answer:
        return next(failures, answer(asked)) if what(asked) == "summarization" else answer(asked)

    chat.answers = once
    session, texts = streamed(url, ASKED)
    [said] = [each for each in map(json.loads, texts) if each["type"] == "post_summarization"]
    assert said["data"] == {"results": "All is said."}
    assert said["error"] is None
    assert result_of(url, session)["summarization"]["success"]


def test_one_that_fails_on_some_finals_gives_what_it_found_in_the_others(url: str, chat: ChatServer) -> None:
    failures = iter([Status(400, "no")])
    chat.answers = lambda asked: next(failures, answer(asked)) if what(asked) == "fr" else answer(asked)
    session, texts = streamed(url, ASKED)
    finals = kinds([json.loads(text) for text in texts]).count("transcript")
    french, german = result_of(url, session)["translation"]["results"]
    assert len(french["utterances"]) == finals - 1
    assert f"so with 1 of {finals} utterances" in french["error"]["message"]
    assert len(german["utterances"]) == finals
    assert german["error"] is None


def test_half_a_character_in_an_answer_costs_that_character_and_no_more(url: str, chat: ChatServer) -> None:
    chat.answers = lambda asked: "No. \ud83d" if what(asked) == "summarization" else f"{answer(asked)} \ud83d"
    session, texts = streamed(url, ASKED | {"post_processing": {"summarization": True}})
    result = result_of(url, session)
    assert result["summarization"]["results"] == "No. ?"
    assert result["translation"]["success"]
    for translated in result["translation"]["results"]:
        assert all(each["text"].endswith(" ?") for each in translated["utterances"])
    assert result["messages"] == texts
