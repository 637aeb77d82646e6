"""`vivavoce.Client`: the synchronous client."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self, Unpack

import httpx

from vivavoce.client import rest
from vivavoce.client.core import BUFFER_BYTES, LiveCore
from vivavoce.client.session import Session
from vivavoce.protocol.presets import PresetName
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import SessionCreated, SessionList, SessionObject


class Client:
    """A client of one server.

    `transport` replaces the network for the REST calls, as in httpx; the session's URL is opened as the
    server gives it. `with Client() as client:` ends the sessions that are still live when it is left.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str = rest.DEFAULT_URL,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        http = httpx.Client(transport=transport, **rest.http_options(api_key, base_url))
        self._live = Live(http)

    def live(self) -> Live:
        """The calls of `/v2/live`."""
        return self._live

    def close(self) -> None:
        """End the sessions that are still live."""
        self._live.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Live:
    """Live sessions: start them, look at them, delete them.

    Every call raises ApiError, or one of its kinds, when the server refuses, and ServerUnreachable when
    nothing answers.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._sessions: list[Session] = []

    def start_session(
        self,
        request: LiveRequest | Mapping[str, Any] | None = None,
        *,
        preset: PresetName | None = None,
        buffer_bytes: int = BUFFER_BYTES,
        **options: Any,
    ) -> Session:
        """Create a session and connect to it in the background.

        `request` and `options` are the fields of `LiveRequest`, options over the request over the preset.
        `buffer_bytes` bounds the audio that is not acknowledged yet; at the bound `send_audio` blocks.
        What the server took but doubts, such as a misspelt field, is a warning of Python's `warnings`.
        """
        body = rest.session_body(request, preset, options)
        response = self._call("POST", rest.PATH, json=rest.with_acknowledgments(body))
        created = rest.session_created(response)
        return self._run(created, rest.core_for(body, buffer_bytes))

    def connect_session(self, session_id: str, url: str, *, buffer_bytes: int = BUFFER_BYTES) -> Session:
        """Connect to a session that was created elsewhere, with acknowledgments on, and has no audio yet."""
        created = SessionCreated(id=session_id, created_at="", url=url)
        return self._run(created, LiveCore(buffer_bytes=buffer_bytes))

    def get(self, session_id: str) -> SessionObject:
        """The session with what is final so far."""
        return SessionObject.model_validate_json(self._call("GET", rest.path_of(session_id)).content)

    def list(self, *, url: str | None = None, **filters: Unpack[rest.Filters]) -> SessionList:
        """A page of sessions, newest first; `url`, the `next` of a page, stands for its filters."""
        query = rest.list_query(url, filters)
        return SessionList.model_validate_json(self._call("GET", rest.PATH, params=query).content)

    def get_file(self, session_id: str) -> bytes:
        """The recording as a WAV file."""
        return self._call("GET", rest.path_of(session_id, "file")).content

    def download(self, session_id: str, out: BinaryIO) -> int:
        """Write the recording to `out` as it comes; returns the number of bytes."""
        with (
            rest.reaching(self._http.base_url),
            self._http.stream("GET", rest.path_of(session_id, "file")) as response,
        ):
            if response.is_error:
                response.read()
            rest.checked(response)
            return sum(out.write(part) for part in response.iter_bytes())

    def delete(self, session_id: str) -> None:
        """Delete the session: its audio, its transcript and its metadata."""
        self._call("DELETE", rest.path_of(session_id))

    def close(self) -> None:
        """End the sessions that are still live, and give the connections back."""
        for session in self._sessions:
            session.end_session()
            session.join()
        self._http.close()

    def _run(self, created: SessionCreated, core: LiveCore) -> Session:
        session = Session(created, core)
        self._sessions = [live for live in self._sessions if live.status != "ended"] + [session]
        return session

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        with rest.reaching(self._http.base_url):
            return rest.checked(self._http.request(method, path, **options))
