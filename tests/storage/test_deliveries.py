"""What is to be posted: kept in the same transaction as its cause, in order, until it is taken."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

import pytest

from storage.running import Run
from storage.samples import NOON, final, minutes, new_session
from vivavoce.errors import StorageError
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import (
    Dead,
    Delivered,
    Destination,
    DueDelivery,
    NewDelivery,
    NewSession,
    Settlement,
    Waiting,
)
from vivavoce.storage.stores import Storage


def is_on_disk(needle: bytes, directory: Path) -> bool:
    return any(needle in path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def posting(
    storage: Storage, host: str = "a.example:443", key_id: str | None = None
) -> tuple[NewSession, Destination]:
    """A session with a callback."""
    to = Destination(str(uuid.uuid4()), None, f"https://{host}/", host)
    session = new_session(destinations=(to,), key_id=key_id)
    await storage.sessions.create(session)
    return session, to


def delivery(name: str, to: Destination, at: datetime = NOON) -> NewDelivery:
    return NewDelivery(f"msg_{name}", to.id, "live.transcript", f'"{name}"', at)


def named(found: tuple[object, object]) -> list[str]:
    due, _ = found
    assert isinstance(due, list)
    return [each.id.removeprefix("msg_") for each in due]


async def due(storage: Storage, at: datetime, *, most: int = 10, full: tuple[str, ...] = ()) -> list[str]:
    return named(await storage.deliveries.due(at, most=most, busy=(), full=full))


async def first(storage: Storage, at: datetime = NOON) -> DueDelivery:
    found, _ = await storage.deliveries.due(at, most=1, busy=(), full=())
    return found[0]


async def settle(
    storage: Storage, each: DueDelivery, outcome: Delivered | Waiting | Dead, at: datetime = NOON
) -> None:
    await storage.deliveries.settle([Settlement(each.id, each.destination_id, outcome)], at)


def test_only_the_first_in_line_of_each_destination_is_due(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session, to = await posting(storage)
        other_session, other = await posting(storage, "b.example:443")
        await storage.sessions.add(
            Entry(session.id, deliveries=[delivery("a1", to), delivery("a2", to, NOON + minutes(1))])
        )
        await storage.sessions.add(Entry(other_session.id, deliveries=[delivery("b1", other)]))
        assert await due(storage, NOON) == ["a1", "b1"]
        assert await due(storage, NOON, full=("a.example:443",)) == ["b1"]
        await settle(storage, await first(storage), Delivered())
        assert sorted(await due(storage, NOON)) == ["a2", "b1"]

    run(body)


def test_what_waits_keeps_what_comes_after_it_waiting_and_is_found_in_time(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session, to = await posting(storage)
        await storage.sessions.add(Entry(session.id, deliveries=[delivery("1", to), delivery("2", to)]))
        await settle(storage, await first(storage), Waiting("500", NOON + minutes(1)))
        assert await storage.deliveries.due(NOON, most=1, busy=(), full=()) == ([], NOON + minutes(1))
        again = await first(storage, NOON + minutes(1))
        assert (again.id, again.failures, again.failing_since) == ("msg_1", 1, NOON)
        await settle(storage, again, Delivered(), NOON + minutes(1))
        after = await first(storage, NOON + minutes(1))
        assert (after.id, after.failures, after.failing_since) == ("msg_2", 0, None)
        await settle(storage, after, Delivered())
        assert await storage.deliveries.due(NOON + minutes(9), most=1, busy=(), full=()) == ([], None)
        assert await storage.deliveries.counts() == (0, 0)

    run(body)


def test_what_comes_after_a_dead_one_goes_on_and_the_dead_one_can_go_again(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session, to = await posting(storage)
        await storage.sessions.add(Entry(session.id, deliveries=[delivery(name, to) for name in "123"]))
        await settle(storage, await first(storage), Dead("410"))
        assert await due(storage, NOON) == ["2"]
        assert await storage.deliveries.counts() == (2, 1)
        [dead] = [each async for each in storage.deliveries.list(dead_only=True)]
        assert (dead.id, dead.attempts, dead.problem, dead.session_id) == ("msg_1", 1, "410", session.id)
        assert await storage.deliveries.resend(["nothing"], NOON) == 0
        assert await storage.deliveries.resend(["msg_1"], NOON) == 1
        assert await due(storage, NOON) == ["1"]
        assert await storage.deliveries.counts() == (3, 0)

    run(body)


def test_a_final_and_its_delivery_are_stored_together_or_not_at_all(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session, to = await posting(storage)
        await storage.sessions.add(Entry(session.id, final=final(1), deliveries=[delivery("1", to)]))
        with pytest.raises(StorageError):
            await storage.sessions.add(Entry(session.id, final=final(1), deliveries=[delivery("2", to)]))
        assert [each.id async for each in storage.deliveries.list()] == ["msg_1"]

    run(body)


def test_nothing_that_was_due_to_a_deleted_session_is_left(run: Run[None], tmp_path: Path) -> None:
    async def body(storage: Storage) -> None:
        session, to = await posting(storage)
        kept, other = await posting(storage)
        await storage.sessions.add(Entry(session.id, deliveries=[delivery("zanzibar", to)]))
        await storage.sessions.add(Entry(kept.id, deliveries=[delivery("other", other)]))
        under_way = await first(storage)
        await storage.delete_session(session.id)
        await storage.sweep()
        assert await due(storage, NOON) == ["other"]
        assert not is_on_disk(b"zanzibar", tmp_path)
        await settle(storage, under_way, Delivered())
        assert await storage.deliveries.counts() == (1, 0)

    run(body)


def test_a_session_goes_on_when_its_webhook_is_removed(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        webhook, secret = await storage.webhooks.add(None, "https://a.example/")
        to = Destination(str(uuid.uuid4()), webhook.id, webhook.url, "a.example:443")
        session = new_session(destinations=(to,), deliveries=(delivery("1", to),))
        await storage.sessions.create(session)
        assert (await first(storage)).secret == secret
        assert await storage.webhooks.remove(webhook.id) == 1
        assert await storage.webhooks.remove(webhook.id) is None
        await storage.sessions.add(Entry(session.id, ['{"n":1}'], deliveries=[delivery("2", to)]))
        assert await storage.deliveries.counts() == (0, 0)
        assert await storage.deliveries.destinations(session.id) == []

    run(body)


def test_each_key_signs_callbacks_with_a_secret_of_its_own(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, _ = await storage.keys.create("laptop", "paid")
        session, to = await posting(storage, key_id=key.id)
        await storage.sessions.add(Entry(session.id, deliveries=[delivery("1", to)]))
        secret = (await first(storage)).secret
        assert secret == await storage.webhooks.callback_secret(key.id)
        assert secret != await storage.webhooks.callback_secret(None)
        renewed = await storage.webhooks.callback_secret(key.id, new=True)
        assert secret != renewed == (await first(storage)).secret

    run(body)


def test_a_key_has_the_webhooks_that_were_given_to_it(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, _ = await storage.keys.create("laptop", "paid")
        mine, _ = await storage.webhooks.add(key.id, "https://a.example/")
        keyless, _ = await storage.webhooks.add(None, "https://b.example/")
        assert await storage.webhooks.of(key.id) == [mine]
        assert await storage.webhooks.of(None) == [keyless]
        assert await storage.webhooks.list() == [mine, keyless]

    run(body)
