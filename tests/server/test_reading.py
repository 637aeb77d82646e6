"""Getting and listing sessions: the stored object, filters, pages, and whose sessions are seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gladiaio_sdk.v2.core import V2JobCore
from gladiaio_sdk.v2.live.generated_types import LiveV2ListResponse, LiveV2Response

from server.harness import URL, Server, connected, create, record, serving
from storage.samples import NOON, final, minutes, new_session
from vivavoce.protocol.requests import LiveRequest
from vivavoce.storage.journal import Entry

SILENCE = bytes(32_000)  # one second as the default request declares it


def test_a_finished_session_reads_with_the_official_sdk_every_field_there(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, custom_metadata={"user": 7}, channels=2)
        await record(server, created["url"], SILENCE)
        text = (await server.http.get(f"/v2/live/{created['id']}")).text
        session = LiveV2Response.from_json(text)
        assert set(json.loads(text)) == set(LiveV2Response.__dataclass_fields__) - {"_unknown_fields"}
        assert (session.id, session.status, session.kind, session.version) == (
            created["id"],
            "done",
            "live",
            2,
        )
        assert session.created_at == created["created_at"]
        assert session.completed_at is not None
        assert session.request_id.startswith("G-")
        assert session.custom_metadata == {"user": 7}
        assert session.error_code is None
        assert session.file is not None
        assert (session.file.audio_duration, session.file.number_of_channels) == (0.5, 2)
        assert session.file.filename == f"{session.id}.wav"
        assert session.request_params is not None
        assert session.request_params.endpointing == 0.05
        assert session.result is not None
        assert session.result.metadata.billing_time == 1.0
        assert session.result.transcription is not None
        types = [json.loads(message)["type"] for message in session.result.messages or ()]
        assert types == ["audio_chunk", "stop_recording", "post_transcript", "post_final_transcript"]

    serving(tmp_path, body)


def test_a_queued_session_shows_its_configuration_and_no_file(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http, endpointing=0.3)
        session = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert (session["status"], session["file"], session["completed_at"]) == ("queued", None, None)
        assert session["request_params"]["endpointing"] == 0.3
        assert session["result"]["transcription"]["full_transcript"] == ""
        assert session["result"]["metadata"]["audio_duration"] == 0

    serving(tmp_path, body)


def test_what_is_final_so_far_shows_while_the_session_runs(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        async with connected(server, created["url"]) as socket:
            await socket.send_audio(SILENCE)
            await socket.receive_until(type="audio_chunk")
            await server.services.storage.sessions.add(Entry(created["id"], final=final(0, " so far")))
            session = (await server.http.get(f"/v2/live/{created['id']}")).json()
            assert session["status"] == "processing"
            assert session["result"]["transcription"]["full_transcript"] == "so far"
            assert session["result"]["metadata"]["audio_duration"] == 1.0
            assert [json.loads(message)["type"] for message in session["result"]["messages"]] == [
                "audio_chunk"
            ]

    serving(tmp_path, body)


def test_a_session_that_an_earlier_version_accepted_stays_readable(tmp_path: Path) -> None:
    subtitles = {"subtitles": True, "subtitles_config": {"formats": ["srt", "txt"]}}
    old = new_session(request={"channels": 2, "post_processing": subtitles})

    async def body(server: Server) -> None:
        sessions = server.services.storage.sessions
        await sessions.create(old)
        await sessions.add(Entry(old.id, final=final(0, " still here")))
        session = (await server.http.get(f"/v2/live/{old.id}")).json()
        assert session["result"]["transcription"]["full_transcript"] == "still here"
        assert session["request_params"]["channels"] == 2
        page = (await server.http.get("/v2/live")).json()
        assert [item["id"] for item in page["items"]] == [old.id]

    serving(tmp_path, body)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (
            {"post_processing": {"subtitles": True, "subtitles_config": {"formats": ["txt", "vtt", "ass"]}}},
            {"post_processing": {"subtitles": True, "subtitles_config": {"formats": ["vtt"]}}},
        ),
        (
            {"endpointing": 77, "language_config": {"languages": ["xx", "fr"], "code_switching": True}},
            {"language_config": {"languages": ["fr"], "code_switching": True}},
        ),
        (
            {
                "realtime_processing": {
                    "custom_vocabulary": True,
                    "custom_vocabulary_config": {
                        "vocabulary": ["...", {"value": "Vivavoce", "intensity": 2}]
                    },
                    "custom_spelling": True,
                    "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel", " "], " ": ["b"]}},
                }
            },
            {
                "realtime_processing": {
                    "custom_vocabulary": True,
                    "custom_vocabulary_config": {"vocabulary": ["Vivavoce"]},
                    "custom_spelling": True,
                    "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel"]}},
                }
            },
        ),
        (
            {
                "realtime_processing": {
                    "custom_vocabulary": True,
                    "custom_vocabulary_config": {"vocabulary": ["..."]},
                    "sentiment_analysis": True,
                }
            },
            {"realtime_processing": {"sentiment_analysis": True}},
        ),
        (
            {"post_processing": {"subtitles": True, "subtitles_config": {"minimum_duration": 9}}},
            {"post_processing": {"subtitles": True}},
        ),
        ({"callback": True, "channels": 2}, {"channels": 2}),
    ],
)
def test_of_a_stored_request_only_what_is_refused_is_left_out(
    tmp_path: Path, stored: dict[str, Any], read: dict[str, Any]
) -> None:
    async def body(server: Server) -> None:
        old = new_session(request=stored)
        await server.services.storage.sessions.create(old)
        session = (await server.http.get(f"/v2/live/{old.id}")).json()
        assert session["request_params"] == LiveRequest.model_validate(read).request_params()

    serving(tmp_path, body)


def test_a_damaged_session_does_not_keep_the_others_from_being_listed(tmp_path: Path) -> None:
    damaged = new_session(request={"encoding": "mp3"}, created_at=NOON)
    whole = new_session(created_at=NOON + minutes(1))

    async def body(server: Server) -> None:
        await server.services.storage.sessions.create(damaged)
        await server.services.storage.sessions.create(whole)
        items = (await server.http.get("/v2/live")).json()["items"]
        assert [item["id"] for item in items] == [whole.id, damaged.id]
        assert items[0]["result"]["transcription"]["utterances"] == []
        assert (items[1]["status"], items[1]["request_params"], items[1]["result"]) == ("queued", None, None)
        answer = await server.http.get(f"/v2/live/{damaged.id}")
        assert (answer.status_code, damaged.id in answer.json()["message"]) == (500, True)
        assert "Retry-After" not in answer.headers

    serving(tmp_path, body)


def test_names_and_words_that_look_like_the_answer_itself_are_kept(tmp_path: Path) -> None:
    names = {"utterances": [], "items": [], "result": {"utterances": []}}
    odd = new_session(request={"utterances": []}, custom_metadata=names)

    async def body(server: Server) -> None:
        await server.services.storage.sessions.create(odd)
        await server.services.storage.sessions.add(Entry(odd.id, final=final(0, ' "utterances":[]')))
        session = (await server.http.get(f"/v2/live/{odd.id}")).json()
        [listed] = (await server.http.get("/v2/live")).json()["items"]
        assert listed == session
        assert session["custom_metadata"] == names
        assert session["request_params"]["utterances"] == []
        assert session["result"]["transcription"]["full_transcript"] == '"utterances":[]'
        [utterance] = session["result"]["transcription"]["utterances"]
        assert [word["word"] for word in utterance["words"]] == [' "utterances":[]']

    serving(tmp_path, body)


@pytest.mark.parametrize("unknown", ["nobody", "0b5c3a52-3f0e-4b1c-9a54-9d64c3b1a1f0", "..%2f..", "%00"])
def test_an_unknown_id_gets_404(tmp_path: Path, unknown: str) -> None:
    async def body(server: Server) -> None:
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/file"), ("GET", "/audio")):
            response = await server.http.request(method, f"/v2/live/{unknown}{path}")
            assert response.status_code == 404
            assert response.json()["statusCode"] == 404

    serving(tmp_path, body)


def test_one_key_never_sees_anothers_sessions(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        keyless = await create(server.http)
        _, ours = await server.key()
        _, theirs = await server.key()
        created = await create(ours)
        await record(server, created["url"], SILENCE)
        for http in (theirs, ours):
            assert (await http.get(f"/v2/live/{keyless['id']}")).status_code == 404
        for method, path in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
            response = await theirs.request(method, f"/v2/live/{created['id']}{path}")
            assert response.status_code == 404
            assert (await theirs.get("/v2/live/nobody")).json()["message"] == "there is no session nobody"
            assert response.json()["message"] == f"there is no session {created['id']}"
        assert (await theirs.get("/v2/live")).json()["items"] == []
        listed = (await ours.get("/v2/live")).json()["items"]
        assert [item["id"] for item in listed] == [created["id"]]
        assert (await ours.get(f"/v2/live/{created['id']}/file")).status_code == 200

    serving(tmp_path, body)


async def _stored(server: Server, count: int, **changes: Any) -> list[str]:
    """Sessions a minute apart, newest first."""
    sessions = [new_session(created_at=NOON + minutes(number), **changes) for number in range(count)]
    for session in sessions:
        await server.services.storage.sessions.create(session)
    return [session.id for session in reversed(sessions)]


async def _ids(server: Server, query: str) -> list[str]:
    response = await server.http.get(f"/v2/live?{query}")
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


@pytest.mark.parametrize("limit", [1, 4, 7, 50])
def test_walking_the_pages_gives_every_session_once_and_keeps_the_filters(tmp_path: Path, limit: int) -> None:
    async def body(server: Server) -> None:
        wanted = await _stored(server, 8, custom_metadata={"team": {"number": 7}})
        await _stored(server, 3, custom_metadata={"team": {"number": 8}})
        query = f'limit={limit}&status=queued&status=done&custom_metadata={{"team":{{"number":"7"}}}}'
        walked: list[str] = []
        url: str | None = f"{URL}/v2/live?{query}"
        while url is not None:
            text = (await server.http.get(url)).text
            page = LiveV2ListResponse.from_json(text)
            assert len(page.items) <= limit
            assert page.current.startswith(f"{URL}/v2/live?offset={len(walked)}&limit={limit}")
            assert "offset=0" in page.first
            assert [part in page.first for part in ("status=queued", "status=done", "custom_metadata=")]
            walked += [item.id for item in page.items]
            url = page.next
        assert walked == wanted

    serving(tmp_path, body)


def test_a_page_has_twenty_sessions_unless_asked_and_never_more_than_a_hundred(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        wanted = await _stored(server, 101)
        assert await _ids(server, "") == wanted[:20]
        page = (await server.http.get("/v2/live?limit=100000")).json()
        assert len(page["items"]) == 100
        assert "offset=100&limit=100" in page["next"]
        assert await _ids(server, "offset=100") == wanted[100:]
        assert await _ids(server, "offset=101") == []

    serving(tmp_path, body)


def test_a_list_is_narrowed_by_dates(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        days = [datetime(2026, 3, 13, 23, 59, tzinfo=UTC) + timedelta(days=n, minutes=1) for n in range(3)]
        sessions = [new_session(created_at=day) for day in days]
        for session in sessions:
            await server.services.storage.sessions.create(session)
        first, second, third = (session.id for session in sessions)
        assert await _ids(server, "date=2026-03-14") == [first]
        assert await _ids(server, "date=2026-03-15T18:30:00Z") == [second]
        assert await _ids(server, "date=2026-03-13") == []
        assert await _ids(server, "after_date=2026-03-15") == [third, second]
        assert await _ids(server, "before_date=2026-03-15") == [first]
        assert await _ids(server, "after_date=2026-03-14T12:00:00%2B02:00&before_date=2026-03-16") == [second]
        assert await _ids(server, "date=2026-03-15&after_date=2026-03-16") == []

    serving(tmp_path, body)


def test_a_list_is_narrowed_by_status(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        queued, done = [await create(server.http) for _ in range(2)]
        await record(server, done["url"], SILENCE)
        assert await _ids(server, "status=done") == [done["id"]]
        assert await _ids(server, "status=queued") == [queued["id"]]
        assert await _ids(server, "status=processing&status=error") == []
        assert len(await _ids(server, "status=queued&status=done")) == 2

    serving(tmp_path, body)


def test_metadata_filters_match_however_they_are_written(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        metadata = {"user": {"id": 7, "vip": True}, "ratio": 0.5}
        (wanted,) = await _stored(server, 1, custom_metadata=metadata)
        await _stored(server, 1, custom_metadata={"user": 7})
        await _stored(server, 1)
        for query in (
            'custom_metadata={"user":{"id":7}}',
            'custom_metadata={"user":{"id":"7","vip":"true"}}',
            "custom_metadata[user][id]=7",
            "custom_metadata%5Buser%5D%5Bvip%5D=True",
            "custom_metadata[ratio]=0.5",
            V2JobCore("", "Live").build_list_endpoint({"custom_metadata": {"ratio": 0.5}}).lstrip("?"),
        ):
            assert await _ids(server, query) == [wanted], query
        assert await _ids(server, "custom_metadata[user][id]=8") == []
        assert len(await _ids(server, "custom_metadata={}")) == 3

    serving(tmp_path, body)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("offset=-1", "offset"),
        ("offset=1e3", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("limit=0", "limit"),
        ("limit=", "limit"),
        ("date=yesterday", "date"),
        ("before_date=9999-12-31", "before_date"),
        ("after_date=0001-01-01T00:00:00%2B23:00", "after_date"),
        ("status=finished", "status.0"),
        ("custom_metadata=7", "custom_metadata"),
        ("custom_metadata={", "custom_metadata"),
        ("custom_metadata=" + "[" * 5000, "custom_metadata"),
    ],
)
def test_a_wrong_filter_is_named(tmp_path: Path, query: str, field: str) -> None:
    async def body(server: Server) -> None:
        response = await server.http.get(f"/v2/live?{query}")
        assert response.status_code == 400
        (issue,) = response.json()["validation_errors"]
        assert issue.startswith(f"{field} must ")

    serving(tmp_path, body)


def test_filters_nobody_knows_and_brackets_without_end_do_no_harm(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        (only,) = await _stored(server, 1)
        assert await _ids(server, "kind=live&x=1") == [only]
        assert await _ids(server, "custom_metadata" + "[a]" * 10_000 + "=1") == []

    serving(tmp_path, body)
