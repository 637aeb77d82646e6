"""`vivavoce.AsyncClient`: the asynchronous client."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self, Unpack

import httpx

from vivavoce.client import rest
from vivavoce.client.async_session import AsyncSession
from vivavoce.client.core import BUFFER_BYTES, LiveCore
from vivavoce.protocol.presets import PresetName
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import SessionCreated, SessionList, SessionObject


class AsyncClient:
    """A client of one server.

    `transport` replaces the network for the REST calls, as in httpx; the session's URL is opened as the
    server gives it. `async with AsyncClient() as client:` ends, when it is left, what is still live.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str = rest.DEFAULT_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        http = httpx.AsyncClient(transport=transport, **rest.http_options(api_key, base_url))
        self._live = AsyncLive(http)

    def live(self) -> AsyncLive:
        """The calls of `/v2/live`."""
        return self._live

    async def aclose(self) -> None:
        """End the sessions that are still live."""
        await self._live.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class Starting:
    """A session that is being created: `await` it, or enter it with `async with`."""

    def __init__(self, session: Coroutine[Any, Any, AsyncSession]) -> None:
        self._starting = session

    def __await__(self) -> Generator[Any, Any, AsyncSession]:
        return self._starting.__await__()

    async def __aenter__(self) -> AsyncSession:
        self._session = await self._starting
        return await self._session.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.__aexit__(kind, error, traceback)


class AsyncLive:
    """Live sessions: start them, look at them, delete them.

    Every call raises ApiError, or one of its kinds, when the server refuses, and ServerUnreachable when
    nothing answers.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._sessions: list[AsyncSession] = []

    def start_session(
        self,
        request: LiveRequest | Mapping[str, Any] | None = None,
        *,
        preset: PresetName | None = None,
        buffer_bytes: int = BUFFER_BYTES,
        **options: Any,
    ) -> Starting:
        """Create a session and connect to it in the background: `await` this, or enter it with `async with`.

        `request` and `options` are the fields of `LiveRequest`, options over the request over the preset.
        `buffer_bytes` bounds the audio that is not acknowledged yet; at the bound `send_audio` waits.
        What the server took but doubts, such as a misspelt field, is a warning of Python's `warnings`.
        """
        return Starting(self._start(rest.session_body(request, preset, options), buffer_bytes))

    def connect_session(self, session_id: str, url: str, *, buffer_bytes: int = BUFFER_BYTES) -> AsyncSession:
        """Connect to a session that was created elsewhere, with acknowledgments on, and has no audio yet."""
        created = SessionCreated(id=session_id, created_at="", url=url)
        return self._run(created, LiveCore(buffer_bytes=buffer_bytes))

    async def get(self, session_id: str) -> SessionObject:
        """The session with what is final so far."""
        return SessionObject.model_validate_json((await self._call("GET", rest.path_of(session_id))).content)

    async def list(self, *, url: str | None = None, **filters: Unpack[rest.Filters]) -> SessionList:
        """A page of sessions, newest first; `url`, the `next` of a page, stands for its filters."""
        query = rest.list_query(url, filters)
        return SessionList.model_validate_json((await self._call("GET", rest.PATH, params=query)).content)

    async def get_file(self, session_id: str) -> bytes:
        """The recording as a WAV file."""
        return (await self._call("GET", rest.path_of(session_id, "file"))).content

    async def download(self, session_id: str, out: BinaryIO) -> int:
        """Write the recording to `out` as it comes; returns the number of bytes."""
        with rest.reaching(self._http.base_url):
            async with self._http.stream("GET", rest.path_of(session_id, "file")) as response:
                if response.is_error:
                    await response.aread()
                rest.checked(response)
                return sum([out.write(part) async for part in response.aiter_bytes()])

    async def delete(self, session_id: str) -> None:
        """Delete the session: its audio, its transcript and its metadata."""
        await self._call("DELETE", rest.path_of(session_id))

    async def aclose(self) -> None:
        """End the sessions that are still live, and give the connections back."""
        for session in self._sessions:
            await session.end_session()
            await session.join()
        await self._http.aclose()

    async def _start(self, body: Mapping[str, Any], buffer_bytes: int) -> AsyncSession:
        response = await self._call("POST", rest.PATH, json=rest.with_acknowledgments(body))
        created = rest.session_created(response)
        return self._run(created, rest.core_for(body, buffer_bytes))

    def _run(self, created: SessionCreated, core: LiveCore) -> AsyncSession:
        session = AsyncSession(created, core)
        self._sessions = [live for live in self._sessions if live.status != "ended"] + [session]
        return session

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        with rest.reaching(self._http.base_url):
            return rest.checked(await self._http.request(method, path, **options))
