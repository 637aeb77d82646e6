"""The REST calls of both clients: what they send, what they make of the answers."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import vivavoce
from vivavoce import (
    ApiError,
    AsyncClient,
    AuthenticationError,
    Client,
    LimitError,
    LiveRequest,
    NotFoundError,
    ServerUnreachable,
)
from vivavoce.client.rest import session_body
from vivavoce.protocol.responses import SessionList, SessionObject

SESSION = SessionObject(
    id="a-session", request_id="G-1", status="done", created_at="2026-01-01T00:00:00.000Z"
)
PAGE = SessionList(
    first="http://server/v2/live?offset=0", current="http://server/v2/live?offset=0", items=(SESSION,)
)

Call = Callable[[Any], Any]


class Server:
    """Answers every call alike and keeps what was asked."""

    def __init__(self, status: int = 200, **response: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self.answer)
        self._status = status
        self._response = response

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, **self._response)

    @property
    def asked(self) -> str:
        return f"{self.requests[-1].method} {self.requests[-1].url.raw_path.decode()}"


def by_client(server: Server, call: Call) -> Any:
    with Client("a-key", "http://server", transport=server.transport) as client:
        return call(client.live())


def by_async_client(server: Server, call: Call) -> Any:
    async def main() -> Any:
        async with AsyncClient("a-key", "http://server", transport=server.transport) as client:
            return await call(client.live())

    return asyncio.run(main())


@pytest.fixture(params=[by_client, by_async_client])
def ask(request: pytest.FixtureRequest) -> Callable[[Server, Call], Any]:
    """Makes a call with one client or the other."""
    chosen: Callable[[Server, Call], Any] = request.param
    return chosen


Ask = Callable[[Server, Call], Any]


def test_every_call_carries_the_key(ask: Ask) -> None:
    server = Server(json=SESSION.model_dump())
    ask(server, lambda live: live.get("a-session"))
    assert server.requests[0].headers["x-gladia-key"] == "a-key"


def test_without_a_key_none_is_sent() -> None:
    server = Server(json=SESSION.model_dump())
    with Client(transport=server.transport) as client:
        client.live().get("a-session")
    assert "x-gladia-key" not in server.requests[0].headers
    assert server.requests[0].url.host == "127.0.0.1"


def test_get_gives_a_typed_session(ask: Ask) -> None:
    server = Server(json=SESSION.model_dump())
    assert ask(server, lambda live: live.get("a/session")) == SESSION
    assert server.asked == "GET /v2/live/a%2Fsession"


def test_list_sends_the_filters_that_are_given(ask: Ask) -> None:
    server = Server(json=PAGE.model_dump())
    filters = {
        "offset": 0,
        "limit": 5,
        "after_date": "2026-01-01",
        "status": ["done", "error"],
        "custom_metadata": {"user": {"id": 7}},
    }
    assert ask(server, lambda live: live.list(**filters)) == PAGE
    assert server.requests[0].url.params.multi_items() == [
        ("offset", "0"),
        ("limit", "5"),
        ("after_date", "2026-01-01"),
        ("status", "done"),
        ("status", "error"),
        ("custom_metadata", '{"user": {"id": 7}}'),
    ]


def test_list_takes_a_single_status(ask: Ask) -> None:
    server = Server(json=PAGE.model_dump())
    ask(server, lambda live: live.list(status="done"))
    assert server.asked == "GET /v2/live?status=done"


def test_the_url_of_a_page_is_followed_on_this_server_only(ask: Ask) -> None:
    server = Server(json=PAGE.model_dump())
    ask(server, lambda live: live.list(url="http://elsewhere/v2/live?offset=20&status=done"))
    assert str(server.requests[0].url) == "http://server/v2/live?offset=20&status=done"


def test_get_file_gives_the_bytes(ask: Ask) -> None:
    server = Server(content=b"RIFF...")
    assert ask(server, lambda live: live.get_file("a-session")) == b"RIFF..."
    assert server.asked == "GET /v2/live/a-session/file"


def test_download_writes_the_bytes(ask: Ask) -> None:
    out = io.BytesIO()
    server = Server(content=b"RIFF...")
    assert ask(server, lambda live: live.download("a-session", out)) == 7
    assert out.getvalue() == b"RIFF..."


def test_download_of_nothing_says_so(ask: Ask) -> None:
    server = Server(404, json={"message": "no audio"})
    with pytest.raises(NotFoundError, match="no audio"):
        ask(server, lambda live: live.download("a-session", io.BytesIO()))


def test_delete_deletes(ask: Ask) -> None:
    server = Server(202)
    ask(server, lambda live: live.delete("a-session"))
    assert server.asked == "DELETE /v2/live/a-session"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiError), (401, AuthenticationError), (404, NotFoundError), (429, LimitError), (500, ApiError)],
)
def test_a_refusal_is_an_exception_of_its_kind_with_the_servers_words(
    ask: Ask, status: int, kind: type[ApiError]
) -> None:
    server = Server(status, json={"message": "this is why"})
    with pytest.raises(kind, match="this is why") as caught:
        ask(server, lambda live: live.get("a-session"))
    assert caught.value.status == status
    assert caught.value.details == {"message": "this is why"}


def test_every_bad_field_is_named(ask: Ask) -> None:
    issues = ["bit_depth must be 8, 16, 24 or 32", "channels must be at most 8"]
    server = Server(400, json={"message": "Invalid body", "validation_errors": issues})
    with pytest.raises(ApiError) as caught:
        ask(server, lambda live: live.start_session(bit_depth=7, channels=9))
    assert caught.value.message.splitlines() == ["Invalid body", *("  " + issue for issue in issues)]


def test_a_limit_says_when_to_come_back(ask: Ask) -> None:
    server = Server(429, json={"message": "busy"}, headers={"retry-after": "12"})
    with pytest.raises(LimitError) as caught:
        ask(server, lambda live: live.start_session())
    assert caught.value.retry_after == 12


def test_a_refusal_that_is_no_json_still_says_something(ask: Ask) -> None:
    with pytest.raises(ApiError, match="502: Bad Gateway"):
        ask(Server(502, text="<html>"), lambda live: live.get("a-session"))


def test_a_server_that_does_not_answer_is_named(ask: Ask) -> None:
    class Gone(Server):
        def answer(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(ServerUnreachable, match=r"no answer from http://server.*: connection refused"):
        ask(Gone(), lambda live: live.get("a-session"))


def test_options_are_over_the_request_over_the_preset() -> None:
    request = LiveRequest(endpointing=2, sample_rate=8000)
    body = session_body(request, "voice_agent", {"sample_rate": 48_000})
    assert body == {
        "endpointing": 2,
        "maximum_duration_without_endpointing": 15,
        "messages_config": {"receive_partial_transcripts": True},
        "sample_rate": 48_000,
    }


def test_a_request_may_be_a_dict_and_holds_what_this_version_does_not_know() -> None:
    assert session_body({"channels": 2, "future": 1}, None, {}) == {"channels": 2, "future": 1}


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="there is no preset 'podcast'; the presets are voice_agent,"):
        session_body(None, "podcast", {})  # type: ignore[arg-type]


def test_both_faces_have_the_same_verbs() -> None:
    from vivavoce.client.async_client import AsyncLive
    from vivavoce.client.client import Live

    def verbs(kind: type) -> set[str]:
        return {name.replace("aclose", "close") for name in dir(kind) if not name.startswith("_")}

    assert verbs(Client) == verbs(AsyncClient)
    assert verbs(Live) == verbs(AsyncLive)
    assert verbs(vivavoce.Session) == verbs(vivavoce.AsyncSession)


def test_importing_the_package_loads_neither_models_nor_sockets() -> None:
    code = "import sys, vivavoce; print(sys.modules.keys() & {'pydantic', 'httpx', 'websockets', 'numpy'})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_every_public_name_is_there() -> None:
    assert [name for name in vivavoce.__all__ if not hasattr(vivavoce, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'Clients'"):
        vivavoce.Clients  # noqa: B018
