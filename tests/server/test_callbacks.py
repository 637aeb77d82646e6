"""Callbacks: what a session says reaches its receiver, signed, in order, once, whatever the receiver does."""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any

from gladiaio_sdk.v2.live import generated_types as official

from live.shell import SWITCHES
from server.harness import Server, connected, create, record, serving
from server.peers import speech
from server.receiver import LOOPBACK, Answer, Posted, Receiver, receiving

SETTINGS: dict[str, Any] = {"callback_allow": LOOPBACK, "callback_backoff": 0.01}
LAST = ["live.end_recording", "live.post_transcript", "live.post_final_transcript", "live.end_session"]
AUDIO = speech()


def calling_back(receiver: Receiver, **switches: bool) -> dict[str, Any]:
    config = {"url": receiver.url, **switches}
    return {"endpointing": 0.3, "callback": True, "callback_config": config}


async def ended(receiver: Receiver) -> None:
    await asyncio.to_thread(receiver.until_event, "live.end_session")


def posting(data: Path, receiver: Receiver) -> dict[str, Any]:
    """One session from start to end, all its callbacks taken; the session as it is stored, and the secret."""
    stored: dict[str, Any] = {}

    async def body(server: Server) -> None:
        created = await create(server.http, **calling_back(receiver))
        await record(server, created["url"], AUDIO)
        await ended(receiver)
        stored.update((await server.http.get(f"/v2/live/{created['id']}")).json())
        stored["secret"] = await server.services.storage.webhooks.callback_secret(None)

    serving(data, body, **SETTINGS)
    return stored


def texts(posted: list[Posted]) -> list[str]:
    return [
        each.content["payload"]["data"]["utterance"]["text"]
        for each in posted
        if each.event == "live.transcript"
    ]


def check_taken(receiver: Receiver, session: dict[str, Any]) -> None:
    """Everything was taken, in order, each once."""
    finals = [utterance["text"] for utterance in session["result"]["transcription"]["utterances"]]
    assert len(finals) == 2
    assert texts(receiver.taken) == finals
    opening = ["live.start_session", "live.start_recording"]
    assert receiver.events == [*opening, *["live.transcript"] * len(finals), *LAST]
    assert len({posted.id for posted in receiver.taken}) == len(receiver.taken)


def test_a_session_is_posted_in_order_signed_and_as_the_official_types_have_it(tmp_path: Path) -> None:
    with receiving() as receiver:
        session = posting(tmp_path, receiver)
    check_taken(receiver, session)
    for posted in receiver.taken:
        content = posted.verified(session["secret"])
        assert content["id"] == content["payload"]["session_id"] == session["id"]
        loaded = official._CALLBACK_EVENT_TO_CLASS[posted.event].from_dict(content)
        assert loaded.payload.session_id == session["id"]
    assert receiver.taken[-2].content["payload"]["data"]["transcription"]["full_transcript"]


def is_partial(posted: Posted) -> bool:
    return posted.event == "live.transcript" and not posted.content["payload"]["data"]["is_final"]


def test_the_callback_has_switches_of_its_own(tmp_path: Path) -> None:
    everything = dict.fromkeys(SWITCHES, True)
    nothing = dict.fromkeys(SWITCHES, False)
    with receiving() as receiver:
        asked = calling_back(receiver, **everything) | {"messages_config": nothing}

        async def body(server: Server) -> None:
            created = await create(server.http, **asked)
            async with connected(server, created["url"]) as socket:
                # While somebody speaks, so that there is a partial.
                await socket.send_audio(AUDIO[:48_000])
                await asyncio.to_thread(receiver.until, lambda it: any(map(is_partial, it.taken)))
                await socket.send_audio(AUDIO[48_000:])
                await socket.send_text('{"type": "stop_recording"}')
                assert await socket.receive() == {"closed": 1000}
            await ended(receiver)

        serving(tmp_path, body, **SETTINGS)
    assert {posted.event.removeprefix("live.") for posted in receiver.taken} == {
        "start_session",
        "start_recording",
        "audio_chunk",
        "speech_start",
        "speech_end",
        "transcript",
        "stop_recording",
        "end_recording",
        "post_transcript",
        "post_final_transcript",
        "end_session",
    }
    assert receiver.events[-4:] == LAST


def test_nothing_is_lost_doubled_or_out_of_order_when_every_other_attempt_fails(tmp_path: Path) -> None:
    moods = random.Random(5)

    def answers(_: Posted) -> Answer:
        failures: list[Answer] = [500, 429, 302, 404, "hang up", "nonsense", "redirect"]
        return moods.choice(failures) if moods.random() < 0.5 else 200

    with receiving(answers) as receiver:
        session = posting(tmp_path, receiver)
    assert len(receiver.attempts) > len(receiver.taken)
    check_taken(receiver, session)
    assert {posted.path for posted in receiver.attempts} == {"/"}, "no redirect was followed"
    for posted in receiver.attempts:
        posted.verified(session["secret"])


def test_a_receiver_that_floods_has_taken_what_it_said_it_has(tmp_path: Path) -> None:
    with receiving(lambda _: "flood") as receiver:
        check_taken(receiver, posting(tmp_path, receiver))


def test_a_receiver_that_hangs_delays_no_other(tmp_path: Path) -> None:
    with receiving(lambda _: "hang") as hanging, receiving(host="127.0.0.2") as prompt:

        async def body(server: Server) -> None:
            for _ in range(20):
                await create(server.http, **calling_back(hanging))
            created = await create(server.http, **calling_back(prompt))
            await record(server, created["url"], AUDIO)
            await ended(prompt)
            await asyncio.to_thread(hanging.until, lambda it: len(it.attempts) == 8)
            assert len({posted.id for posted in hanging.attempts}) == len(hanging.attempts) == 8
            hanging.released.set()

        serving(tmp_path, body, **SETTINGS, callback_timeout=3600)


def test_what_is_gone_is_dead_at_once_and_what_comes_after_it_goes_on(tmp_path: Path) -> None:
    def answers(posted: Posted) -> Answer:
        return 410 if posted.event == "live.transcript" else 200

    with receiving(answers) as receiver:

        async def body(server: Server) -> None:
            created = await create(server.http, **calling_back(receiver))
            await record(server, created["url"], AUDIO)
            await ended(receiver)
            deliveries = server.services.storage.deliveries
            dead = [each async for each in deliveries.list(dead_only=True)]
            assert [(each.event, each.attempts) for each in dead] == [("live.transcript", 1)] * 2
            metrics = (await server.http.get("/metrics")).text
            assert 'vivavoce_deliveries{state="dead"} 2.0' in metrics
            assert 'vivavoce_delivery_attempts_total{outcome="refused"} 2.0' in metrics

        serving(tmp_path, body, **SETTINGS)
    assert receiver.events == ["live.start_session", "live.start_recording", *LAST]


def test_what_fails_for_too_long_is_dead_and_nothing_waits_for_it_any_more(tmp_path: Path) -> None:
    down = itertools.chain([500, 500], itertools.repeat(200))

    with receiving(lambda _: next(down)) as receiver:
        settings = SETTINGS | {"callback_persistence": 1e-6}
        asked = calling_back(receiver)

        async def body(server: Server) -> None:
            created = await create(server.http, **asked)
            await record(server, created["url"], AUDIO)
            await ended(receiver)
            [dead] = [each async for each in server.services.storage.deliveries.list(dead_only=True)]
            assert (dead.event, dead.attempts) == ("live.start_session", 2)
            assert dead.problem == "answered with status 500"

        serving(tmp_path, body, **settings)


def test_a_deleted_session_calls_back_no_more(tmp_path: Path) -> None:
    with receiving(lambda _: 503) as receiver:

        async def body(server: Server) -> None:
            created = await create(server.http, **calling_back(receiver))
            await record(server, created["url"], AUDIO)
            deliveries = server.services.storage.deliveries
            assert (await deliveries.counts())[0] > 5
            assert (await server.http.delete(f"/v2/live/{created['id']}")).status_code == 202
            assert await deliveries.counts() == (0, 0)

        serving(tmp_path, body, **SETTINGS)


def test_what_was_due_when_the_server_stopped_is_delivered_when_it_starts(tmp_path: Path) -> None:
    answers: dict[str, Answer] = {"now": 503}
    with receiving(lambda _: answers["now"]) as receiver:

        async def before(server: Server) -> None:
            created = await create(server.http, **calling_back(receiver))
            await record(server, created["url"], AUDIO)

        async def after(_: Server) -> None:
            await ended(receiver)

        async def at_last(server: Server) -> None:
            assert (await server.services.storage.deliveries.counts()) == (0, 0)

        serving(tmp_path, before, **SETTINGS)
        assert receiver.taken == []
        answers["now"] = 200
        serving(tmp_path, after, **SETTINGS)
        serving(tmp_path, at_last, **SETTINGS)
    assert receiver.events[:2] == ["live.start_session", "live.start_recording"]
    assert receiver.events[-4:] == LAST


def test_a_client_that_just_leaves_is_posted_as_the_end_without_post_processing(tmp_path: Path) -> None:
    with receiving() as receiver:

        async def body(server: Server) -> None:
            created = await create(server.http, **calling_back(receiver))
            async with connected(server, created["url"]) as socket:
                await socket.send_audio(AUDIO[:32_000])
                await socket.receive_until(type="audio_chunk")
            await ended(receiver)

        serving(tmp_path, body, **SETTINGS)
    assert [event for event in receiver.events if event != "live.transcript"] == [
        "live.start_session",
        "live.start_recording",
        "live.end_session",
    ]


def test_a_webhook_is_told_of_the_sessions_of_its_key_and_of_no_others(tmp_path: Path) -> None:
    with receiving() as receiver:
        told: dict[str, str] = {}

        async def body(server: Server) -> None:
            key_id, http = await server.key()
            _, stranger = await server.key()
            _, told["secret"] = await server.services.storage.webhooks.add(key_id, receiver.url)
            async with http, stranger:
                other = await create(stranger)
                await record(server, other["url"], AUDIO[:32_000])
                created = await create(http)
                await record(server, created["url"], AUDIO)
            told["session"] = created["id"]
            await ended(receiver)

        serving(tmp_path, body, **SETTINGS)
    assert [posted.verified(told["secret"]) for posted in receiver.taken] == [
        {"event": f"live.{event}", "payload": {"id": told["session"]}}
        for event in ("start_session", "start_recording", "end_recording", "end_session")
    ]
    for posted in receiver.taken:
        official._WEBHOOK_EVENT_TO_CLASS[posted.event].from_dict(posted.content)


FORBIDDEN = {
    "http://127.0.0.1/hook": "VIVAVOCE_CALLBACK_ALLOW",
    "http://localhost:9000/": "VIVAVOCE_CALLBACK_ALLOW",
    "http://2130706433/": "VIVAVOCE_CALLBACK_ALLOW",
    "http://0x7f.1/": "VIVAVOCE_CALLBACK_ALLOW",
    "http://169.254.169.254/latest/meta-data/": "VIVAVOCE_CALLBACK_ALLOW",
    "http://[::1]/": "VIVAVOCE_CALLBACK_ALLOW",
    "http://[::ffff:10.0.0.1]/": "VIVAVOCE_CALLBACK_ALLOW",
    "https://me:secret@example.org/": "a token",
    "https://example.org/" + "x" * 3000: "2048 characters",
    "http://example.org:port/": "http:// or https://",
}


def test_a_callback_to_where_it_may_not_go_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for url, words in FORBIDDEN.items():
            asked = {"callback": True, "callback_config": {"url": url}}
            response = await server.http.post("/v2/live", json=asked)
            assert response.status_code == 400, url
            (issue,) = response.json()["validation_errors"]
            assert issue.startswith("callback_config.url must ")
            assert words in issue

    serving(tmp_path, body)
