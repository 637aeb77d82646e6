"""The official Python SDK, unmodified and pointed at our server by URL alone."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
import uuid
from typing import Any

import httpx
import pytest
from gladiaio_sdk import GladiaClient, HttpError
from gladiaio_sdk.v2.live import generated_types as official

from conformance.contract import (
    ADD_ONS,
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
from protocol.test_official_types import assert_whole
from speech import collected
from vivavoce.protocol.responses import Chapter

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)


QUIET: dict[str, Any] = {name: value for name, value in REQUEST.items() if name != "messages_config"}


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


def test_what_is_done_with_the_words_comes_with_the_sync_sdk(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    session = live.start_session({**QUIET, **ADD_ONS})
    messages: list[Any] = []
    session.on("message", messages.append)
    session.send_audio(recording())
    session.stop_recording()
    assert session.join(60)
    assert session.session_id is not None
    said = check_enriched(messages, live.get(session.session_id), as_sent(live_server, session.session_id))
    assert word_error_rate(" ".join(utterance.text for utterance in said)) <= 0.1
    translations = [each.data.translated_utterance.text for each in messages if each.type == "translation"]
    assert "o melhor dos tempos" in translations[0]
    [summary] = [each.data.results for each in messages if each.type == "post_summarization"]
    assert {*summary.lower().split()} <= {*" ".join(utterance.text for utterance in said).lower().split()}


def test_the_names_in_real_speech_come_with_the_async_sdk(live_server: str) -> None:
    audio = collected("en_lj_lj001_0024").pcm(RATE)  # printed at Mainz by Peter Schoeffer

    async def scenario() -> None:
        live = GladiaClient(api_key="unused", api_url=live_server).live_async()
        session = live.start_session({**QUIET, **ADD_ONS})
        messages: list[Any] = []
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        connected = asyncio.Event()
        session.on("message", messages.append)
        session.on("connected", lambda _: connected.set())
        session.on("ended", lambda end: ended.set_result(end.code))
        await asyncio.wait_for(connected.wait(), 10)
        session.send_audio(audio)
        session.stop_recording()
        assert await asyncio.wait_for(ended, 60) == 1000
        stored = await live.get(await session.get_session_id())
        said = check_enriched(messages, stored, as_sent(live_server, stored.id))
        result = stored.result
        assert result
        assert result.named_entity_recognition
        entities = {each.text: each for each in result.named_entity_recognition.results or []}
        [city] = [each for each in entities.values() if each.entity_type == "LOCATION_CITY"]
        words = [word for utterance in said for word in utterance.words]
        assert (city.start, city.end) in [(word.start, word.end) for word in words if city.text in word.word]
        assert entities["Peter"].entity_type == "NAME_GIVEN"
        assert result.translation
        assert city.text in (result.translation.results or [])[0].full_transcript

    asyncio.run(scenario())


def as_sent(url: str, session_id: str) -> dict[str, Any]:
    """The session before any type has read it."""
    sent: dict[str, Any] = httpx.get(f"{url}/v2/live/{session_id}").json()
    return sent


def check_enriched(messages: list[Any], stored: Any, as_sent: dict[str, Any]) -> list[Any]:
    """Each final with all that is said of it, the whole with all of the whole; gives the utterances."""
    result = stored.result
    for text in result.messages:
        message = json.loads(text)
        kind = official._WS_TYPE_TO_CLASS.get(message["type"])
        if kind is not None:
            assert_whole(kind, message, set())
    assert_whole(type(stored), as_sent, set())
    by_type: dict[str, list[Any]] = {}
    for message in messages:
        assert not getattr(message, "error", None)
        by_type.setdefault(message.type, []).append(message)
    finals = {message.data.id: message.data.utterance for message in by_type["transcript"]}
    for name in ("translation", "named_entity_recognition", "sentiment_analysis"):
        of_finals = {message.data.utterance_id: message.data.utterance for message in by_type[name]}
        assert of_finals == finals
        envelope = getattr(result, name)
        assert envelope.success
        assert envelope.exec_time > 0
    assert len(json.loads(result.sentiment_analysis.results)) >= len(finals)
    [translated] = result.translation.results
    assert translated.languages == ["pt"]
    for utterance, original in zip(translated.utterances, finals.values(), strict=True):
        assert (utterance.start, utterance.end) == (original.start, original.end)
        assert utterance.text == "".join(word.word for word in utterance.words)
    [summary] = by_type["post_summarization"]
    assert summary.data.results == result.summarization.results
    [chapters] = by_type["post_chapterization"]
    assert sorted(chapters.to_dict()["data"]["results"][0]) == sorted(Chapter.model_fields)
    spoken = list(finals.values())
    assert chapters.to_dict()["data"]["results"][0]["start"] == spoken[0].start
    assert chapters.to_dict()["data"]["results"][-1]["end"] == spoken[-1].end
    return spoken


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
