"""The official Python SDK, unmodified and pointed at our server by URL alone."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
import uuid
from typing import Any

import pytest
from gladiaio_sdk import GladiaClient, HttpError

from conformance.contract import (
    RATE,
    REQUEST,
    check_file,
    check_messages,
    check_session,
    pieces,
    recording,
    word_error_rate,
)
from disturbed.network import line_to
from speech import clip

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)


def test_a_session_of_the_sync_sdk_from_start_to_deletion(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server, region="eu-west").live()
    audio = recording()
    mark = uuid.uuid4().hex
    session = live.start_session({**REQUEST, "custom_metadata": {"suite": mark}})
    messages: list[dict[str, Any]] = []
    seen: list[str] = []
    ended = threading.Event()
    closing: list[int] = []
    session.on("message", lambda message: messages.append(message.to_dict()))
    session.on("connected", lambda _: seen.append("connected"))
    session.on("ending", lambda _: seen.append("ending"))
    session.on("error", lambda error: seen.append(f"error: {error}"))
    session.on("ended", lambda end: (seen.append("ended"), closing.append(end.code), ended.set()))

    assert session.wait_until_ready(10)
    for piece in pieces(audio):
        session.send_audio(piece)
        time.sleep(0.1)  # the speed of speech
    session.stop_recording()
    assert ended.wait(60)

    assert seen == ["connected", "ending", "ended"]
    assert closing == [1000]
    check_messages(messages, audio)
    session_id = session.session_id
    assert session_id is not None
    check_session(live.get(session_id).to_dict(), audio)
    check_file(live.get_file(session_id), audio)

    assert [item.id for item in live.list({"custom_metadata": {"suite": mark}}).items] == [session_id]
    assert live.list({"custom_metadata": {"suite": mark}, "status": ["error"]}).items == []
    assert live.delete(session_id)
    with pytest.raises(HttpError) as gone:
        live.get(session_id)
    assert gone.value.status == 404


def test_a_session_of_the_async_sdk_from_start_to_deletion(live_server: str) -> None:
    async def scenario() -> None:
        live = GladiaClient(api_key="unused", api_url=live_server).live_async()
        audio = recording()
        session = live.start_session(REQUEST)
        messages: list[dict[str, Any]] = []
        errors: list[Exception] = []
        connected = asyncio.Event()
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        session.on("message", lambda message: messages.append(message.to_dict()))
        session.on("error", errors.append)
        session.on("connected", lambda _: connected.set())
        session.on("ended", lambda end: ended.set_result(end.code))

        await asyncio.wait_for(connected.wait(), 10)
        for piece in pieces(audio):
            session.send_audio(piece)
            await asyncio.sleep(0.1)  # the speed of speech
        session.stop_recording()

        assert await asyncio.wait_for(ended, 60) == 1000
        assert errors == []
        check_messages(messages, audio)
        session_id = await session.get_session_id()
        check_session((await live.get(session_id)).to_dict(), audio)
        check_file(await live.get_file(session_id), audio)
        assert await live.delete(session_id)

    asyncio.run(scenario())


def test_audio_sent_before_the_connection_stands_is_not_lost(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    audio = recording()
    session = live.start_session(REQUEST)
    ended = threading.Event()
    session.on("ended", lambda _: ended.set())
    session.send_audio(audio)
    session.stop_recording()
    assert ended.wait(60)
    assert session.session_id is not None
    check_session(live.get(session.session_id).to_dict(), audio)


def test_a_cut_connection_loses_nothing_and_doubles_nothing(live_server: str) -> None:
    audio = recording()
    middle = len(audio) // 2 - 1001  # within a piece, and within a sample
    with line_to(live_server) as network:
        live = GladiaClient(api_key="unused", api_url=network.url).live()
        session = live.start_session(REQUEST)
        connected: queue.Queue[int] = queue.Queue()
        ended = threading.Event()
        finals: list[str] = []
        session.on("connected", lambda info: connected.put(info.attempt))
        session.on("message", lambda message: finals.extend(_final_ids(message)))
        session.on("ended", lambda _: ended.set())
        connected.get(timeout=10)
        for piece in pieces(audio[:middle]):
            session.send_audio(piece)
        network.cut()
        connected.get(timeout=30)
        for piece in pieces(audio[middle:]):
            session.send_audio(piece)
        session.stop_recording()
        assert ended.wait(60)
        assert session.session_id is not None
        check_session(live.get(session.session_id).to_dict(), audio)
        check_file(live.get_file(session.session_id), audio)
    assert len(finals) == len(set(finals)) > 0


def test_an_add_on_that_does_not_exist_says_so_and_harms_no_transcript(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    add_ons = [
        "translation",
        "named_entity_recognition",
        "sentiment_analysis",
        "summarization",
        "chapterization",
    ]
    realtime: dict[str, Any] = dict.fromkeys(add_ons[:3], True)
    realtime["translation_config"] = {"target_languages": ["fr"]}
    request = {
        "language_config": {"languages": ["en"]},
        "realtime_processing": realtime,
        "post_processing": dict.fromkeys(add_ons[3:], True),
    }
    session = live.start_session(request)
    messages: list[dict[str, Any]] = []
    session.on("message", lambda message: messages.append(message.to_dict()))
    speech = clip("en", "quick_brown_fox")
    session.send_audio(speech.pcm(RATE))
    session.stop_recording()
    assert session.join(60)

    assert session.session_id is not None
    result = live.get(session.session_id).to_dict()["result"]
    assert word_error_rate(result["transcription"]["full_transcript"], speech.text) <= 0.1
    for name in add_ons:
        assert result[name]["success"] is False
        assert "not available" in result[name]["error"]["message"]
    failed = {message["type"] for message in messages if message.get("error")}
    assert failed == {*add_ons[:3], "post_summarization", "post_chapterization"}


def test_the_pages_of_a_list_can_be_followed(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    mark = uuid.uuid4().hex
    created = []
    for _ in range(3):
        ended = threading.Event()
        session = live.start_session({"custom_metadata": {"suite": mark}})
        session.on("ended", lambda _, ended=ended: ended.set())
        session.stop_recording()
        assert ended.wait(30)
        created.append(session.session_id)

    page = live.list({"custom_metadata": {"suite": mark}, "limit": 2})
    found = [item.id for item in page.items]
    assert page.next is not None
    page = live.list({"url": page.next})
    found += [item.id for item in page.items]
    assert page.next is None
    assert found == list(reversed(created))


# The SDK emits a second "error" when it has removed all listeners already, and its thread dies of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bad_setting_is_named_in_the_sdk_error(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    errors: list[Exception] = []
    session = live.start_session({"sample_rate": 12_345})
    session.on("error", errors.append)
    assert session.join(10)
    error = errors[0]
    assert isinstance(error, HttpError)
    assert error.status == 400
    assert "sample_rate" in str(error)
    assert "16000" in str(error)


def _final_ids(message: Any) -> list[str]:
    return [message.data.id] if message.type == "transcript" and message.data.is_final else []
