"""Whatever goes wrong in the server itself, what is due is delivered and its receiver is not forgotten."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from server.receiver import LOOPBACK, receiving
from storage.samples import new_session
from vivavoce.server.callbacks.dispatcher import AT_ONCE, Dispatcher
from vivavoce.server.callbacks.retrying import Retrying
from vivavoce.server.callbacks.sender import Sender
from vivavoce.server.callbacks.urls import host_of
from vivavoce.storage.records import Destination, NewDelivery
from vivavoce.storage.stores import open_storage


def failing_once() -> Callable[[str], None]:
    words: list[str] = []

    def attempted(word: str) -> None:
        words.append(word)
        if len(words) == 1:
            raise LookupError("there is no such figure")

    return attempted


def test_a_defect_in_the_figures_is_logged_and_what_is_due_is_delivered_once_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        with receiving() as receiver:
            async with open_storage(tmp_path) as storage:
                to = Destination(str(uuid.uuid4()), None, receiver.url, host_of(receiver.url))
                due = [
                    NewDelivery(f"msg_{number}", to.id, "live.end_session", "{}", datetime.now(UTC))
                    for number in (1, 2)
                ]
                await storage.sessions.create(new_session(destinations=(to,), deliveries=due))
                sender = Sender([ip_network(each) for each in LOOPBACK], 15.0, AT_ONCE)
                retrying = Retrying(timedelta(milliseconds=10), timedelta(hours=1))
                dispatcher = Dispatcher(storage.deliveries, sender, retrying, failing_once())
                running = asyncio.create_task(dispatcher.run())
                await asyncio.to_thread(receiver.until, lambda it: len(it.attempts) == 2)
                dispatcher.stop()
                await running
                assert await storage.deliveries.counts() == (0, 0)
            assert [posted.id for posted in receiver.attempts] == ["msg_1", "msg_2"]

    asyncio.run(body())
    [told] = [record for record in caplog.records if record.exc_info]
    assert "there is no such figure" in str(told.exc_info)
