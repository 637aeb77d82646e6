"""Add-ons beside a session: in order, stored as they were said, posted once, and gone when it is deleted."""

from __future__ import annotations

import json
from pathlib import Path

from intelligence.chat_server import chatting
from scripted_server import scripted_server
from server.add_ons import (
    EVERYTHING,
    LIVE,
    TARGETS,
    answer,
    asking,
    check_order,
    check_stored,
    kinds,
    no_words,
    result_of,
    streamed,
)
from server.receiver import LOOPBACK, receiving


def test_what_is_said_is_what_is_stored_and_what_is_posted_each_once_and_in_order(tmp_path: Path) -> None:
    with (
        receiving() as receiver,
        chatting(answer) as chat,
        scripted_server(tmp_path, **asking(chat), callback_allow=LOOPBACK) as url,
    ):
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
    for name in (*LIVE, "summarization", "chapterization"):
        assert result[name]["success"]
        assert result[name]["exec_time"] > 0
    assert result["summarization"]["results"] == "All is said."
    assert [chapter["headline"] for chapter in result["chapterization"]["results"]] == ["All"]
    posted = [each.content["payload"] for each in receiver.taken]
    assert posted[0]["type"] == "start_session"
    assert posted[1:] == messages
    no_words(tmp_path / "server.log")
