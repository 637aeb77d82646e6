"""What sessions promise to keep."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.running import Run
from storage.samples import FINISHED, NOON, final, minutes, new_session, use
from vivavoce.errors import StorageError
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.responses import AddonError
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import Place, SessionFilter, StoredSession
from vivavoce.storage.stores import Storage


async def messages(storage: Storage, session_id: str) -> list[str]:
    return [message async for part in storage.sessions.messages(session_id) for message in part]


def test_a_session_is_found_by_its_id_and_by_its_token_alone(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session = new_session(token="right", region="eu-west", custom_metadata={"a": 1})
        await storage.sessions.create(session)
        stored = await storage.sessions.get(session.id)
        assert stored is not None
        assert stored == await storage.sessions.by_token("right")
        assert await storage.sessions.by_token("wrong") is None
        assert await storage.sessions.by_token(stored.token_hash) is None
        assert await storage.sessions.get("nobody") is None
        assert (stored.status, stored.created_at, stored.region) == ("queued", NOON, "eu-west")
        assert (stored.custom_metadata, stored.post_session_metadata) == ({"a": 1}, {})
        assert (stored.key_id, stored.completed_at, stored.audio_duration) == (None, None, 0.0)

    run(body)


def test_everything_is_still_there_after_a_restart(run: Run[Any]) -> None:
    session = new_session()
    finals = [final(0), final(3, " a b c"), final(1, channel=1)]

    async def before(storage: Storage) -> None:
        await storage.sessions.create(session)
        await storage.sessions.add(Entry(session.id, began=NOON + minutes(1)))
        await storage.sessions.add(Entry(session.id, ['{"n":0}', '{"n":1}']))
        for number, each in enumerate(finals, 2):
            await storage.sessions.add(Entry(session.id, [f'{{"n":{number}}}'], each))
        await storage.sessions.finish(session.id, status="done", **FINISHED)

    async def after(storage: Storage) -> StoredSession | None:
        assert await storage.sessions.finals(session.id) == finals
        assert await messages(storage, session.id) == [f'{{"n":{number}}}' for number in range(5)]
        return await storage.sessions.get(session.id)

    run(before)
    stored = run(after)
    assert stored.status == "done"
    assert stored.started_at == NOON + minutes(1)
    assert stored.completed_at == NOON + minutes(2)
    assert (stored.audio_bytes, stored.header_bytes) == (64_044, 44)
    assert (stored.audio_duration, stored.transcription_time) == (2.0, 0.25)


def test_a_second_final_of_one_utterance_is_refused_with_its_messages(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session = new_session()
        await storage.sessions.create(session)
        await storage.sessions.add(Entry(session.id, ["{}"], final(0, " first")))
        with pytest.raises(StorageError):
            await storage.sessions.add(Entry(session.id, ["{}"], final(0, " second")))
        assert await storage.sessions.finals(session.id) == [final(0, " first")]
        assert await messages(storage, session.id) == ["{}"]

    run(body)


def test_an_error_of_the_database_does_not_tell_what_was_said(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        with pytest.raises(StorageError) as raised:
            await storage.sessions.add(Entry(new_session().id, final=final(0, " confidential")))
        assert "confidential" not in str(raised.value)

    run(body)


def test_writers_at_the_same_time_keep_every_message_once(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        sessions = [new_session() for _ in range(4)]
        for session in sessions:
            await storage.sessions.create(session)
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                for session in sessions:
                    group.create_task(storage.sessions.add(Entry(session.id, [f"{number}a", f"{number}b"])))
        for session in sessions:
            kept = await messages(storage, session.id)
            assert sorted(kept) == sorted(f"{n}{x}" for n in range(10) for x in "ab")
            assert all(kept[i][0] == kept[i + 1][0] for i in range(0, 20, 2))

    run(body)


def test_a_long_sessions_messages_come_whole_and_in_order_in_bounded_parts(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        long, other = new_session(), new_session()
        for session in (long, other):
            await storage.sessions.create(session)
        for first in range(0, 2000, 250):
            await storage.sessions.add(Entry(long.id, [str(first + n) for n in range(250)]))
            await storage.sessions.add(Entry(other.id, ["other"]))
        assert await messages(storage, long.id) == [str(number) for number in range(2000)]
        assert max([len(part) async for part in storage.sessions.messages(long.id)]) <= 500

    run(body)


def test_changing_a_session_that_is_not_there_is_an_error(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        for change in (
            storage.sessions.finish("nobody", status="done", **FINISHED),
            storage.sessions.add_metadata("nobody", {"a": 1}),
            storage.sessions.add(Entry("nobody", ["{}"])),
        ):
            with pytest.raises(StorageError):
                await change

    run(body)


def test_metadata_patches_extend_lists_and_replace_the_rest(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        session = new_session(post_session_metadata={"warnings": ["one"], "kept": 1})
        await storage.sessions.create(session)
        await storage.sessions.add_metadata(session.id, {"warnings": ["two"], "new": {"a": 1}})
        await storage.sessions.add_metadata(session.id, {"new": 2})
        stored = await storage.sessions.get(session.id)
        assert stored is not None
        assert stored.post_session_metadata == {"warnings": ["one", "two"], "kept": 1, "new": 2}

    run(body)


def test_unfinished_sessions_are_those_that_had_begun(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        queued, begun, done = (new_session() for _ in range(3))
        for session in (queued, begun, done):
            await storage.sessions.create(session)
        for session in (begun, done):
            await storage.sessions.add(Entry(session.id, began=NOON))
        await storage.sessions.finish(done.id, status="error", **FINISHED | {"error_code": 500})
        assert await storage.sessions.unfinished() == [begun.id]

    run(body)


def test_only_recent_sessions_without_audio_count_as_queued(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        old, recent, begun = (new_session(created_at=NOON + minutes(n)) for n in (0, 2, 3))
        for session in (old, recent, begun):
            await storage.sessions.create(session)
        await storage.sessions.add(Entry(begun.id, began=NOON))
        assert await storage.sessions.queued_since(NOON + minutes(1)) == {recent.id: Place(None, False)}

    run(body)


def test_usage_adds_up_by_month_and_survives_deletion(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, _ = await storage.keys.create("a", "free")
        other, _ = await storage.keys.create("b", "free")
        session_id = await use(storage, key.id, 10.5, NOON)
        await use(storage, key.id, 1.5, NOON)
        await use(storage, key.id, 4.0, NOON + timedelta(days=31))
        await storage.delete_session(session_id)
        assert await storage.sessions.usage_seconds(key.id, NOON) == 12.0
        assert await storage.sessions.usage_seconds(key.id, NOON + timedelta(days=31)) == 4.0
        assert await storage.sessions.usage_seconds(other.id, NOON) == 0.0

    run(body)


async def _ids(storage: Storage, key_id: str | None = None, **narrowed: Any) -> list[str]:
    page = await storage.sessions.list(key_id, SessionFilter(**narrowed), offset=0, limit=100)
    return [session.id for session in page.items]


def test_a_list_is_narrowed_by_status_and_by_a_half_open_range_of_time(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        first, second, third = (new_session(created_at=NOON + minutes(n)) for n in range(3))
        for session in (second, first, third):
            await storage.sessions.create(session)
        await storage.sessions.add(Entry(second.id, began=NOON))
        assert await _ids(storage) == [third.id, second.id, first.id]
        assert await _ids(storage, statuses=("processing",)) == [second.id]
        assert await _ids(storage, statuses=("queued", "processing")) == [third.id, second.id, first.id]
        assert await _ids(storage, statuses=("error",)) == []
        assert await _ids(storage, created_from=second.created_at) == [third.id, second.id]
        assert await _ids(storage, created_before=second.created_at) == [first.id]

    run(body)


def test_the_size_of_a_transcript_is_known_before_it_is_read(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        long, short, none = [new_session() for _ in range(3)]
        for session in (long, short, none):
            await storage.sessions.create(session)
        for number in range(10):
            await storage.sessions.add(Entry(long.id, final=final(number)))
        await storage.sessions.add(Entry(short.id, final=final(0)))
        sizes = await storage.sessions.sizes([none.id, short.id, long.id])
        assert sizes[0] == 0
        assert sizes[1] > len("Split infinity")
        assert sizes[2] == pytest.approx(10 * sizes[1], rel=0.2)

    run(body)


def test_what_add_ons_came_to_is_kept_counted_and_deleted_with_its_session(run: Run[None]) -> None:
    entity = {"entity_type": "LOCATION", "text": "zanzibar" * 100, "start": 0.5, "end": 0.75}
    results = [
        AddOnResult("named_entity_recognition", "00_00000000", results=[entity], exec_time=0.25),
        AddOnResult(
            "translation",
            "00_00000000",
            "de",
            error=AddonError(status_code=502, exception="AddOnError", message="no"),
        ),
        AddOnResult("summarization", results="All is said."),
        AddOnResult("post_transcript"),
    ]

    async def body(storage: Storage) -> None:
        session, other = new_session(), new_session()
        for each in (session, other):
            await storage.sessions.create(each)
        for result in results:
            await storage.sessions.add(Entry(session.id, result=result))
        with pytest.raises(StorageError):
            await storage.sessions.add(Entry(session.id, result=results[0]))
        await storage.sessions.add(Entry(other.id, result=results[0]))
        assert await storage.sessions.add_ons(session.id) == results
        none, size = await storage.sessions.sizes([new_session().id, session.id])
        assert none == 0
        assert 800 < size < 900
        assert await storage.sessions.delete(session.id)
        assert await storage.sessions.add_ons(session.id) == []
        assert await storage.sessions.add_ons(other.id) == results[:1]

    run(body)


def test_a_list_shows_one_keys_sessions(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, _ = await storage.keys.create("a", "paid")
        mine, keyless = new_session(key_id=key.id), new_session()
        for session in (mine, keyless):
            await storage.sessions.create(session)
        assert await _ids(storage, key.id) == [mine.id]
        assert await _ids(storage, None) == [keyless.id]
        assert await _ids(storage, "stranger") == []

    run(body)


@pytest.mark.parametrize("wanted", [None, {"team": {"number": "7"}}])
@pytest.mark.parametrize("limit", [1, 3, 5, 6])
def test_walking_the_pages_gives_every_session_once(run: Run[None], wanted: Any, limit: int) -> None:
    async def body(storage: Storage) -> None:
        for number in range(12):
            custom = {"team": {"number": 7 + number % 2}} if wanted else None
            await storage.sessions.create(
                new_session(created_at=NOON + minutes(number), custom_metadata=custom)
            )
        expected = await _ids(storage, custom_metadata=wanted)
        assert len(expected) == (6 if wanted else 12)
        walked: list[str] = []
        more = True
        while more:
            page = await storage.sessions.list(
                None, SessionFilter(custom_metadata=wanted), offset=len(walked), limit=limit
            )
            assert len(page.items) <= limit
            walked += [session.id for session in page.items]
            more = page.more
        assert walked == expected

    run(body)
