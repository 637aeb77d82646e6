"""Who gets which event: handlers, iteration, or whoever asks first."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from client import wire
from vivavoce.client.events import AnyMessage, Connected, Connecting, Event
from vivavoce.client.mailbox import Guard, Mailbox
from vivavoce.protocol.messages import parse_message

A, B, C = (parse_message(wire.transcript(words)) for words in "abc")


def put(mailbox: Mailbox, *messages: AnyMessage) -> None:
    mailbox.put(Event("message", message) for message in messages)


def deliver(mailbox: Mailbox) -> None:
    while due := mailbox.take():
        handlers, payload = due
        for handler in handlers:
            handler(payload)


def unread(mailbox: Mailbox) -> list[AnyMessage]:
    return list(iter(mailbox.read, None))


def test_messages_go_to_every_handler_in_order() -> None:
    mailbox, heard = Mailbox(), list[tuple[str, AnyMessage]]()
    mailbox.on("message", lambda message: heard.append(("first", message)))
    mailbox.on("message", lambda message: heard.append(("second", message)))
    put(mailbox, A, B)
    deliver(mailbox)
    assert heard == [("first", A), ("second", A), ("first", B), ("second", B)]
    assert unread(mailbox) == []


def test_without_a_handler_messages_wait_to_be_iterated_over() -> None:
    mailbox = Mailbox()
    put(mailbox, A, B)
    assert mailbox.take() is None
    assert unread(mailbox) == [A, B]


def test_once_iteration_has_begun_both_get_every_message() -> None:
    mailbox, heard = Mailbox(), list[Any]()
    mailbox.iterating = True
    mailbox.on("message", heard.append)
    put(mailbox, A)
    deliver(mailbox)
    assert heard == [A]
    assert unread(mailbox) == [A]


def test_the_first_handler_gets_the_messages_that_came_before_it() -> None:
    mailbox, heard = Mailbox(), list[Any]()
    put(mailbox, A, B)
    mailbox.on("message", heard.append)
    put(mailbox, C)
    deliver(mailbox)
    assert heard == [A, B, C]
    assert unread(mailbox) == []


def test_the_first_handler_of_another_event_gets_the_latest_that_came_before_it() -> None:
    mailbox, heard = Mailbox(), list[Any]()
    mailbox.put([Event("connecting", Connecting(1)), Event("connecting", Connecting(2))])
    mailbox.on("connecting", heard.append)
    mailbox.on("connecting", heard.append)
    deliver(mailbox)
    assert heard == [Connecting(2), Connecting(2)]


def test_once_is_once_and_the_messages_after_it_are_not_lost() -> None:
    mailbox, heard = Mailbox(), list[Any]()
    mailbox.on("message", heard.append, once=True)
    put(mailbox, A, B)
    deliver(mailbox)
    assert heard == [A]
    assert unread(mailbox) == [B]


def test_off_removes_one_handler_or_all() -> None:
    mailbox, heard = Mailbox(), list[str]()

    def first(_: Connected) -> None:
        heard.append("first")

    def second(_: Connected) -> None:
        heard.append("second")

    mailbox.on("connected", first)
    mailbox.on("connected", second)
    mailbox.off("connected", first)
    mailbox.put([Event("connected", Connected(1))])
    deliver(mailbox)
    mailbox.off("connected")
    mailbox.put([Event("connected", Connected(2))])
    deliver(mailbox)
    assert heard == ["second"]


def test_a_name_that_is_no_event_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no event 'transcript'; the events are started, connecting"):
        Mailbox().on("transcript", print)  # type: ignore[arg-type]


def test_an_error_that_nobody_listens_to_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        Mailbox().put([Event("error", ValueError("a bad day"))])
    assert "a bad day" in caplog.text


def test_it_is_full_when_either_kind_of_reader_is_behind() -> None:
    mailbox = Mailbox(bound=2)
    put(mailbox, A, B)
    assert mailbox.full
    mailbox.on("message", lambda _: None)
    assert mailbox.full
    deliver(mailbox)
    assert not mailbox.full


@pytest.mark.parametrize(
    ("reader", "asking", "stuck"),
    [(None, "anyone", True), ("me", "me", True), ("another", "me", False)],
)
def test_who_must_not_wait_for_a_full_mailbox(reader: str | None, asking: str, stuck: bool) -> None:
    mailbox = Mailbox(bound=1)
    mailbox.reader = reader
    assert not mailbox.waits_for(asking)
    put(mailbox, A)
    assert mailbox.waits_for(asking) is stuck


def test_a_handler_must_not_wait_for_what_only_handlers_can_take() -> None:
    mailbox = Mailbox(bound=1)
    mailbox.dispatcher = "handlers"
    mailbox.on("message", print)
    put(mailbox, A)
    assert mailbox.waits_for("handlers")
    assert not mailbox.waits_for("another")


def test_discarded_messages_do_not_fill_it() -> None:
    mailbox = Mailbox(bound=1)
    put(mailbox, A)
    mailbox.discard_unread()
    put(mailbox, B)
    assert not mailbox.full
    assert unread(mailbox) == []


def test_a_guard_keeps_what_user_code_raises_but_not_an_interrupt() -> None:
    error = ValueError("a bug")
    with Guard() as guard:
        raise error
    assert guard.error is error
    with pytest.raises(KeyboardInterrupt), Guard():
        raise KeyboardInterrupt
