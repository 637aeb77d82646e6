"""Creating a session: what it answers, what it refuses, what it warns of."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from gladiaio_sdk.v2.live.generated_types import LiveV2InitRequest, LiveV2InitResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.harness import LANGUAGES, Server, create, running, serving
from vivavoce.protocol.requests import LiveRequest


def on_disk(directory: Path, text: str) -> bool:
    files = (path for path in directory.rglob("*") if path.is_file())
    return any(text.encode() in path.read_bytes() for path in files)


def test_a_session_is_created_with_nothing_but_defaults(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for content in (b"", b"{}"):
            response = await server.http.post("/v2/live", content=content)
            assert response.status_code == 201
            created = LiveV2InitResponse.from_json(response.text)
            assert created.url.startswith("ws://127.0.0.1:8080/v2/live?token=")
            stored = await server.services.storage.sessions.get(created.id)
            assert stored is not None
            assert stored.status == "queued"
            assert LiveRequest.model_validate(stored.request) == LiveRequest()

    serving(tmp_path, body)


def test_each_token_is_new_and_long_and_opens_its_session(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        tokens = {}
        for _ in range(3):
            created = await create(server.http)
            (token,) = parse_qs(urlsplit(created["url"]).query)["token"]
            tokens[token] = created["id"]
        assert len(tokens) == 3
        for token, session_id in tokens.items():
            assert len(token) >= 43
            stored = await server.services.storage.sessions.by_token(token)
            assert stored is not None
            assert stored.id == session_id
            assert not on_disk(tmp_path, token)

    serving(tmp_path, body)


def test_the_request_of_the_official_sdk_is_taken_whole(tmp_path: Path) -> None:
    asked = LiveV2InitRequest.from_dict(
        {
            "encoding": "wav/pcm",
            "sample_rate": 8000,
            "channels": 2,
            "endpointing": 0.3,
            "language_config": {"languages": ["en", "fr"], "code_switching": True},
            "messages_config": {"receive_partial_transcripts": True},
            "custom_metadata": {"user": {"id": 7}},
        }
    )

    async def body(server: Server) -> None:
        response = await server.http.post("/v2/live?region=eu-west", json=asked.to_dict())
        assert response.status_code == 201
        stored = await server.services.storage.sessions.get(response.json()["id"])
        assert stored is not None
        assert stored.region == "eu-west"
        assert stored.custom_metadata == {"user": {"id": 7}}
        assert stored.request["language_config"]["languages"] == ["en", "fr"]
        assert stored.request["endpointing"] == 0.3

    serving(tmp_path, body)


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"sample_rate": 22050}, "sample_rate", "8000, 16000, 32000, 44100 or 48000"),
        ({"channels": 9}, "channels", "at most 8"),
        ({"model": "solaria-2"}, "model", "one of solaria-1, base"),
        ({"language_config": {"languages": ["en", "es"]}}, "language_config.languages.1", "de, en, fr"),
        ({"language_config": {"languages": ["xx"]}}, "language_config.languages.0", "language codes"),
        ({"custom_metadata": {"a": "x" * 2000}}, "custom_metadata", "2000 characters"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_may_be(
    tmp_path: Path, asked: dict[str, Any], path: str, words: str
) -> None:
    async def body(server: Server) -> None:
        response = await server.http.post("/v2/live", json=asked)
        assert response.status_code == 400
        error = response.json()
        assert error["statusCode"] == 400
        assert error["path"] == "/v2/live"
        assert error["request_id"] == response.headers["x-request-id"]
        (issue,) = error["validation_errors"]
        assert issue.startswith(f"{path} must ")
        assert words in issue

    serving(tmp_path, body)


def test_every_wrong_field_is_named(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        asked = {"channels": 0, "endpointing": "fast", "language_config": {"languages": "en"}}
        error = (await server.http.post("/v2/live", json=asked)).json()
        named = [issue.split()[0] for issue in error["validation_errors"]]
        assert named == ["channels", "endpointing", "language_config.languages"]
        assert error["message"] == "3 fields are wrong"

    serving(tmp_path, body)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"x": NaN}',
        b"[" * 100_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"x": ' + b"9" * 10_000 + b"}",
        b'{"custom_metadata": "\\ud800"}',
    ],
)
def test_a_body_that_is_no_request_gets_400(tmp_path: Path, content: bytes) -> None:
    async def body(server: Server) -> None:
        response = await server.http.post("/v2/live", content=content)
        assert response.status_code == 400
        assert response.json()["validation_errors"]

    serving(tmp_path, body)


def test_a_body_that_is_too_large_gets_413_with_or_without_a_declared_length(tmp_path: Path) -> None:
    async def slowly() -> Any:
        for _ in range(100):
            yield b'{"a":' + b" " * 100

    async def body(server: Server) -> None:
        for content in (b" " * 4096, slowly()):
            response = await server.http.post("/v2/live", content=content)
            assert response.status_code == 413
            assert "2048 bytes" in response.json()["message"]

    serving(tmp_path, body, max_body_bytes=2048)


MANY = 20_000


def test_a_body_that_is_wrong_in_thousands_of_places_is_not_answered_with_as_many(tmp_path: Path) -> None:
    def realtime(**config: Any) -> dict[str, Any]:
        return {"realtime_processing": {f"{name}_config": value for name, value in config.items()}}

    async def body(server: Server) -> None:
        for wrong in (
            {"language_config": {"languages": ["zz"] * 200}},
            {"language_config": {"languages": ["zz"] * MANY}},
            {"post_processing": {"subtitles_config": {"formats": ["x"] * MANY}}},
            {"model": "a" * MANY},
            {"of_tomorrow": "a" * MANY},
            {"messages_config": {f"of_tomorrow_{n}": 1 for n in range(MANY)}},
            realtime(translation={"target_languages": ["zz"] * MANY}),
            realtime(translation={"context": "a" * MANY}),
            realtime(custom_vocabulary={"vocabulary": [1] * MANY}),
            realtime(custom_vocabulary={"vocabulary": [{"value": "a", "pronunciations": [1] * MANY}]}),
            realtime(custom_spelling={"spelling_dictionary": {"a": [1] * MANY}}),
            realtime(custom_spelling={"spelling_dictionary": {str(n): 1 for n in range(MANY)}}),
        ):
            response = await server.http.post("/v2/live", json=wrong)
            assert response.status_code == 400
            assert len(response.json()["validation_errors"]) <= 101
            assert len(response.content) < 60_000
        response = await server.http.get(f"/v2/live?{'&'.join(['status=x'] * 5000)}")
        assert response.status_code == 400
        assert len(response.json()["validation_errors"]) == 101

    serving(tmp_path, body)


def test_a_vocabulary_that_is_too_large_is_refused_with_the_limit(tmp_path: Path) -> None:
    many: list[object] = [f"word number {number}" for number in range(30_000)]
    long = [{"value": "x", "pronunciations": ["x" * 101]}]

    async def body(server: Server) -> None:
        for words, limit in (
            (many, "at most 1000 words and pronunciations"),
            (long, "at most 100 characters"),
        ):
            asked = {"custom_vocabulary": True, "custom_vocabulary_config": {"vocabulary": words}}
            response = await server.http.post("/v2/live", json={"realtime_processing": asked})
            assert response.status_code == 400
            assert limit in response.json()["message"]

    serving(tmp_path, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from([*LiveRequest.model_fields, "x"])


def test_no_body_whatever_makes_the_server_fail(tmp_path: Path) -> None:
    async def answered(content: bytes) -> int:
        response = await server.http.post("/v2/live", content=content)
        return response.status_code

    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(content=st.dictionaries(FIELDS, JSON).map(lambda value: json.dumps(value).encode()) | st.binary())
    def check(content: bytes) -> None:
        assert loop.run(answered(content)) in (201, 400)

    with asyncio.Runner() as loop:
        context = running(tmp_path)
        server = loop.run(context.__aenter__())
        try:
            check()
        finally:
            loop.run(context.__aexit__(None, None, None))


def translating(**config: Any) -> dict[str, Any]:
    config = {"target_languages": ["pt"], **config}
    return {
        "language_config": {"languages": ["en"]},
        "realtime_processing": {"translation": True, "translation_config": config},
    }


def redacting(*types: str) -> dict[str, Any]:
    config = {"entity_types": types}
    return {
        "language_config": {"languages": ["en"]},
        "realtime_processing": {"pii_redaction": True, "pii_redaction_config": config},
    }


async def _warned(server: Server, asked: dict[str, Any]) -> tuple[str, list[dict[str, str]]]:
    response = await server.http.post("/v2/live", json=asked)
    assert response.status_code == 201
    session = (await server.http.get(f"/v2/live/{response.json()['id']}")).json()
    found = session["post_session_metadata"].get("warnings", [])
    return response.headers.get("x-vivavoce-warning", ""), found


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"end_pointing": 1}, "unknown_field", "did you mean endpointing?"),
        ({"languages": ["en"]}, "unknown_field", "did you mean language_config.languages?"),
        ({"pre_processing": {"audio_enhancer": True}}, "not_available", "pre_processing.audio_enhancer"),
        ({"encoding": "wav/alaw", "bit_depth": 16}, "bit_depth", "bit_depth 16 was ignored"),
        ({"languge_config": {}}, "unknown_field", "did you mean language_config?"),
        (
            {"realtime_processing": {"custom_vocabulary_config": {"vocabulary": ["Kubernetes"]}}},
            "switched_off",
            "realtime_processing.custom_vocabulary is not true",
        ),
        (
            {"callback_config": {"url": "https://example.org/hook"}},
            "switched_off",
            "callback_config does nothing, since callback is not true",
        ),
        (
            {"post_processing": {"summarization_config": {"type": "concise"}}},
            "switched_off",
            "summarization_config does nothing, since post_processing.summarization is not true",
        ),
        (translating(context="a court"), "ignored", "context does nothing with the model base"),
        (translating(informal=True, model="batch"), "ignored", "informal does nothing with the model batch"),
        (redacting("NAME", "TREND", "EFFECT"), "never_found", "nothing finds EFFECT, TREND"),
        ({"ch\nannels": 2}, "unknown_field", "did you mean channels?"),
    ],
)
def test_what_will_not_do_what_it_seems_to_is_named(
    tmp_path: Path, asked: dict[str, Any], code: str, words: str
) -> None:
    async def body(server: Server) -> None:
        header, (warning,) = await _warned(server, asked)
        assert words in header
        assert warning["code"] == code
        assert words in warning["message"]

    serving(tmp_path, body)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"encoding": "wav/alaw"},
        {"encoding": "wav/ulaw", "bit_depth": 8},
        {"something_of_my_own": 1},
        {"realtime_processing": {"custom_vocabulary": False, "words_accurate_timestamps": True}},
        {"realtime_processing": {"custom_spelling": False, "custom_spelling_config": {}}},
        {"realtime_processing": {"custom_spelling_config": None}},
        {"callback": False, "callback_config": {"url": "https://example.org/hook"}},
        {"post_processing": {"summarization": False, "summarization_config": {"type": "concise"}}},
        translating(context="", informal=False),
        redacting("CCI", "PRODUCT", "ORGANIZATION_ID"),
        {
            "realtime_processing": {
                "custom_spelling": True,
                "custom_spelling_config": {"spelling_dictionary": {"SQL": ["sequel"]}},
            }
        },
    ],
)
def test_what_is_as_it_seems_gets_no_warning(tmp_path: Path, asked: dict[str, Any]) -> None:
    async def body(server: Server) -> None:
        assert await _warned(server, asked) == ("", [])

    serving(tmp_path, body)


def test_languages_are_limited_by_what_the_model_knows(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        for count in range(len(LANGUAGES) + 1):
            await create(server.http, language_config={"languages": LANGUAGES[:count]})

    serving(tmp_path, body)


@pytest.mark.parametrize(
    ("base", "headers", "address", "expected"),
    [
        ("https://speech.example.org", {}, "127.0.0.1", "wss://speech.example.org"),
        ("http://[::1]:9000", {}, "127.0.0.1", "ws://[::1]:9000"),
        (
            "http://10.0.0.2",
            {"x-forwarded-proto": "https", "x-forwarded-host": "speech.example.org"},
            "10.0.0.7",
            "wss://speech.example.org",
        ),
        (
            "http://10.0.0.2",
            {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example.org"},
            "192.0.2.1",
            "ws://10.0.0.2",
        ),
    ],
)
def test_the_socket_is_where_the_request_came_in(
    tmp_path: Path, base: str, headers: dict[str, str], address: str, expected: str
) -> None:
    async def body(server: Server) -> None:
        _, text = await server.services.storage.keys.create("test", "paid")
        async with server.calling(base, key=text, address=address) as http:
            response = await http.post("/v2/live", headers=headers)
            assert response.json()["url"].startswith(f"{expected}/v2/live?token=")

    serving(tmp_path, body, trusted_proxies=("10.0.0.0/24",))


def test_a_configured_public_url_wins(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        created = await create(server.http)
        assert created["url"].startswith("wss://example.org/speech/v2/live?token=")
        listed = (await server.http.get("/v2/live")).json()
        assert listed["first"].startswith("https://example.org/speech/v2/live?")

    serving(tmp_path, body, public_url="https://example.org/speech")


def test_a_host_header_that_is_no_host_is_refused(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, text = await server.services.storage.keys.create("test", "paid")
        async with server.calling(key=text) as http:
            response = await http.post("/v2/live", headers={"host": 'x"/><script>'})
            assert response.status_code == 400
            assert "Host" in response.json()["message"]

    serving(tmp_path, body)
