"""What becomes of an add-on's work: a result and what is said of it, or an error that is its own."""

from __future__ import annotations

import asyncio
import threading
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from server.peers import PATIENCE
from vivavoce.errors import ModelError
from vivavoce.intelligence.base import AddOnError, Capability
from vivavoce.live.add_ons import AddOnDone
from vivavoce.live.outgoing import Outgoing
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.backends import no_backends
from vivavoce.server.intelligence import Backend, Intelligence


def told(result: AddOnResult) -> AddOnDone:
    return Outgoing("a-session", LiveRequest()).add_on(result, None, 0.0)


def test_what_cannot_be_written_is_an_error_of_its_own() -> None:
    async def outcome() -> AddOnDone:
        intelligence = Intelligence(no_backends())
        try:
            return await intelligence.outcome(
                AddOnResult("summarization"), lambda _: "half \ud83d", told, "post"
            )
        finally:
            intelligence.close()

    done = asyncio.run(outcome())
    assert done.result.results is None
    assert done.result.error is not None
    assert done.result.error.status_code == 500
    assert done.message is not None
    assert "summarization failed on this text" in done.message.text


def test_the_time_of_what_waits_for_a_thread_has_not_begun() -> None:
    async def outcome() -> AddOnDone:
        intelligence, free = Intelligence(no_backends()), threading.Event()
        before = intelligence.outcome(
            AddOnResult("chapterization"), lambda _: free.wait(PATIENCE), told, "post"
        )
        of = AddOnResult("summarization")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(before)
                waiting = group.create_task(
                    intelligence.outcome(of, lambda _: "All is said.", told, "post", within=1.0)
                )
                asyncio.get_running_loop().call_later(1.2, free.set)
            return waiting.result()
        finally:
            intelligence.close()

    done = asyncio.run(outcome())
    assert done.result.error is None
    assert done.result.results == "All is said."


def test_what_is_made_of_something_that_cannot_be_loaded_is_off_as_well() -> None:
    def load() -> NoReturn:
        loaded.append("embeddings")
        raise ModelError("/a/path is damaged")

    loaded: list[str] = []
    part = Backend("embeddings", lambda: Capability("embeddings", "embedded"), load)
    whole = Backend("sentiment_analysis", lambda: Capability("sentiment_analysis", "embedded"), part.get)
    for _ in range(2):
        with pytest.raises(AddOnError, match="embeddings cannot be loaded on this server") as raised:
            whole.get()
        assert raised.value.status_code == 501
    assert loaded == ["embeddings"]
    assert whole.describe().backend == "off"
    assert "embeddings cannot be loaded" in whole.describe().detail


def test_what_is_loaded_at_the_start_is_logged_once_all_of_it_is_there() -> None:
    before_warm: list[list[str]] = []
    backend = Backend(
        "translation",
        lambda: Capability("translation", "embedded"),
        object,
        warm=lambda: before_warm.append([event["event"] for event in logged]),
    )
    with capture_logs() as logged:
        backend.preload()
        backend.get()
    assert before_warm == [[]]
    assert [event["event"] for event in logged] == ["capability_loaded"]
    assert logged[0]["capability"] == "translation"


def test_a_language_that_cannot_be_loaded_at_the_start_leaves_the_others() -> None:
    def warm() -> None:
        raise ModelError("de is damaged")

    capability = Capability("translation", "embedded")
    backend = Backend("translation", lambda: capability, lambda: "a translator", warm=warm)
    with capture_logs() as logged:
        backend.preload()
    assert [(event["event"], event["reason"]) for event in logged] == [
        ("capability_not_loaded", "de is damaged")
    ]
    assert backend.get() == "a translator"
    assert backend.describe() == capability
