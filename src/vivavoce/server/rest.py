"""The REST calls on live sessions."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response, StreamingResponse

from vivavoce.errors import ModelError, StorageDamaged, StorageError
from vivavoce.intelligence.base import AddOnError
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import (
    ErrorBody,
    SessionCreated,
    SessionList,
    SessionObject,
    json_text,
    pieces_of,
    timestamp,
)
from vivavoce.protocol.stream import Final
from vivavoce.server.address import public_base, socket_url
from vivavoce.server.answers import damaged_object, session_object, with_messages
from vivavoce.server.auth import Authenticated
from vivavoce.server.bleeping import bleeps, cover_of
from vivavoce.server.callbacks.posting import opening
from vivavoce.server.context import request_id
from vivavoce.server.creation import parse_request, warning_header, warnings
from vivavoce.server.garbage import full_collections_wait, let_go
from vivavoce.server.limits import Caller
from vivavoce.server.listing import MOST_CHARACTERS, MOST_ITEMS, ListQuery, Pages, within
from vivavoce.server.models import Models
from vivavoce.server.recording import Recording, covered_so_far, recording_response
from vivavoce.server.services import Services, Serving
from vivavoce.server.stored import request_of
from vivavoce.server.wording import learn_vocabulary, redaction_warnings
from vivavoce.settings import Settings
from vivavoce.storage.records import Damaged, NewSession, Standing, StoredSession

_log = structlog.get_logger(__name__)

Found = TypeVar("Found", StoredSession, Standing)

_CLOSE = {"Connection": "close"}
# Seconds that a new session may wait for what redacts it. Official clients give up after ten.
_LOADING = 2.0

_Words = tuple[Sequence[Final], Sequence[AddOnResult]]
"""What is stored of what was said in a session, and of what add-ons made of it."""

router = APIRouter(
    prefix="/v2/live",
    tags=["Live sessions"],
    responses={
        401: {"model": ErrorBody, "description": "The API key is missing or wrong"},
        404: {"model": ErrorBody, "description": "This key has no such session"},
        429: {"model": ErrorBody, "description": "Too many wrong API keys came from this address"},
    },
)

_BAD_QUERY: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "Something in the request is wrong; each field is named"},
}
_REFUSALS = _BAD_QUERY | {
    408: {"model": ErrorBody, "description": "The body did not come in time"},
    413: {"model": ErrorBody, "description": "The body is too large"},
    429: {"model": ErrorBody, "description": "A limit of the key's plan, or of the server; see Retry-After"},
    501: {"model": ErrorBody, "description": "PII is to be redacted, and this server cannot"},
    503: {"model": ErrorBody, "description": "The server is starting, stopping or cannot store anything"},
}


@router.post(
    "", status_code=201, summary="Create a session", response_model=SessionCreated, responses=_REFUSALS
)
async def create_session(
    request: Request, services: Serving, caller: Authenticated, region: str | None = None
) -> Response:
    """The answer's `url` is the session's WebSocket: connect to it, send audio, receive transcripts.

    What was accepted but will not do what it seems to is named in the header `x-vivavoce-warning`, in the
    session's `post_session_metadata`, and in the log.
    """
    recognition = await services.ready()
    base = public_base(request, services.settings)
    body = await _body(request, services.settings)
    allowed = services.settings.callback_allow
    asked = await asyncio.to_thread(parse_request, body, recognition.models.recognizers, allowed)
    enhances = recognition.models.enhancer is not None
    enhance = asked.pre_processing.audio_enhancer
    backends = recognition.intelligence.backends
    found = await asyncio.to_thread(warnings, asked, body, enhances, backends)
    if asked.realtime_processing.custom_vocabulary:
        async with recognition.admission.one_more(caller, datetime.now(UTC), enhance=enhance):
            pass  # Who may not create a session is not to make the server learn for seconds.
        async with services.learning:
            await asyncio.to_thread(learn_vocabulary, asked, recognition.models.phonemizer)
    if asked.realtime_processing.pii_redaction:
        found += await _redaction_loaded(asked, recognition.models)
    session_id, created_at = str(uuid.uuid4()), datetime.now(UTC)
    webhooks = await services.storage.webhooks.of(caller.key_id)
    destinations, deliveries = opening(session_id, asked, webhooks, created_at)
    session = NewSession(
        id=session_id,
        request_id=request_id(request.scope),
        key_id=caller.key_id,
        token=secrets.token_urlsafe(32),
        created_at=created_at,
        request=asked.model_dump(mode="json"),
        region=region[:32] if region else None,
        custom_metadata=asked.custom_metadata,
        post_session_metadata={"warnings": found} if found else {},
        destinations=destinations,
        deliveries=deliveries,
    )
    async with recognition.admission.one_more(caller, session.created_at, enhance=enhance):
        await services.storage.sessions.create(session)
    services.tokens.right(session.token)
    if deliveries:
        services.dispatcher.wake()
    for warning in found:
        _log.warning("request_doubtful", session=session.id, **warning)
    created = SessionCreated(
        id=session.id, created_at=timestamp(session.created_at), url=socket_url(base, session.token)
    )
    return _json(created.model_dump_json(), 201, warning_header(found))


@router.head("", include_in_schema=False)
@router.get("", summary="List sessions, newest first", response_model=SessionList, responses=_BAD_QUERY)
async def list_sessions(request: Request, services: Serving, caller: Authenticated) -> Response:
    """All filters must hold. A page ends early when its transcripts are long; `next` goes on from there.
    The results are without `messages`; GET one session to have them.

    A session whose stored request, words or audio are damaged has no `file`, `request_params` and `result`;
    one of which more is damaged is left out.
    """
    query = ListQuery.of(request.query_params)
    pages = Pages(public_base(request, services.settings), request.query_params)
    limit = min(query.limit, MOST_ITEMS)
    sessions = services.storage.sessions
    page = await sessions.list(caller.key_id, query.filter(), offset=query.offset, limit=limit)
    sizes = await sessions.sizes([stored.id for stored in page.items])
    page = page.first(within(sizes, MOST_CHARACTERS))

    whole = _whole(page.items)

    @full_collections_wait()
    def body(said: Mapping[str, _Words]) -> str:
        items = (_written(_listed(stored, said.get(stored.id), services)) for stored in whole)
        around = SessionList(
            first=pages.at(0, limit),
            current=pages.at(query.offset, limit),
            next=pages.at(query.offset + len(page.items), limit) if page.more else None,
            items=(),
        ).model_dump_json()
        assert around.endswith("[]}"), "the items are the last field"
        return f"{around.removesuffix(']}')}{','.join(items)}]}}"

    async with services.building:
        found = await _undamaged(whole, services)
        text = await asyncio.to_thread(body, found)
    return _json(text)


@router.head("/{session_id}", include_in_schema=False)
@router.get("/{session_id}", summary="Get a session", response_model=SessionObject)
async def get_session(session_id: str, services: Serving, caller: Authenticated) -> Response:
    """While the session runs, the result is what is final so far."""
    stored = await _owned(session_id, services, caller)
    if runtime := services.live(session_id):
        await runtime.store_messages()
    sessions = services.storage.sessions
    async with services.building:
        words = (await _words_of([stored], services))[session_id]
        text = await asyncio.to_thread(_text, stored, words, services)
    return StreamingResponse(
        with_messages(text, _readable(session_id, sessions.messages(session_id))),
        media_type="application/json",
    )


@router.delete(
    "/{session_id}",
    status_code=202,
    summary="Delete a session",
    response_class=Response,
    responses={403: {"model": ErrorBody, "description": "The session is still live"}},
)
async def delete_session(session_id: str, services: Serving, caller: Authenticated) -> Response:
    """Its audio, its transcript and its metadata are gone; what it used of the plan stays counted."""
    # Of one that is damaged no more can be read, and to delete it is what is left to do.
    _check_owned(await services.storage.sessions.standing(session_id), session_id, caller)
    if not await services.delete(session_id):
        raise HTTPException(403, "the session is still live: stop it first, then delete it")
    await services.sweep_if_idle()
    return Response(status_code=202)


@router.head("/{session_id}/file", include_in_schema=False)
@router.get(
    "/{session_id}/file",
    summary="Get the recording",
    response_class=Response,
    responses={
        200: {"content": {"audio/wav": {}}, "description": "All accepted audio, all channels, as WAV"},
        206: {"content": {"audio/wav": {}}, "description": "The part that the header Range asks for"},
        416: {"model": ErrorBody, "description": "The file ends before that part"},
    },
    openapi_extra={
        "parameters": [
            {"name": "range", "in": "header", "schema": {"type": "string"}, "example": "bytes=0-1023"},
            {"name": "if-range", "in": "header", "schema": {"type": "string"}, "description": "An `ETag`"},
        ]
    },
)
async def get_file(request: Request, session_id: str, services: Serving, caller: Authenticated) -> Response:
    """While the session runs, the file is what was recorded so far."""
    stored = await _owned(session_id, services, caller)
    recording = await asyncio.to_thread(Recording.of, stored, services.storage.audio)
    cover = None
    if recording is not None and bleeps(request_of(stored)):
        finals = await services.storage.sessions.finals(session_id)
        size = recording.audio_start + recording.audio_bytes
        cover = cover_of(stored, finals, recording.audio_start, size)
        assert cover is not None, "it is asked for"
        recording = covered_so_far(recording, cover)
    if recording is None:
        raise HTTPException(404, "the session has no audio")
    return recording_response(recording, services.storage.audio, request, cover)


@router.get("/{session_id}/audio", include_in_schema=False)
async def get_audio(session_id: str, _: Authenticated) -> Response:
    raise HTTPException(404, f"the recording is at /v2/live/{session_id}/file")


async def _owned(session_id: str, services: Services, caller: Caller) -> StoredSession:
    """The session if it is the caller's; for others it does not exist. Raises `HTTPException` 404."""
    try:
        found = await services.storage.sessions.get(session_id)
    except StorageDamaged:
        # That is nobody else's business.
        _check_owned(await services.storage.sessions.standing(session_id), session_id, caller)
        raise
    return _check_owned(found, session_id, caller)


def _check_owned(found: Found | None, session_id: str, caller: Caller) -> Found:
    if found is None or found.key_id != caller.key_id:
        raise HTTPException(404, f"there is no session {session_id}")
    return found


def _whole(items: Sequence[StoredSession | Damaged]) -> Sequence[StoredSession]:
    """Those of which all can be read; the log names the others."""
    for each in items:
        if isinstance(each, Damaged):
            _log.error("session_damaged", session=each.id, error=each.problem)
    return [each for each in items if isinstance(each, StoredSession)]


async def _words_of(items: Sequence[StoredSession], services: Services) -> dict[str, _Words]:
    sessions, ids = services.storage.sessions, [stored.id for stored in items]
    finals, results = await sessions.finals_of(ids), await sessions.add_ons_of(ids)
    return {id_: (finals[id_], results[id_]) for id_ in ids}


async def _undamaged(items: Sequence[StoredSession], services: Services) -> dict[str, _Words]:
    """The words of sessions; those of a damaged one are left out, and keep no others from being read."""
    try:
        return await _words_of(items, services)
    except StorageDamaged as error:
        if len(items) == 1:
            _log.error("session_damaged", session=items[0].id, error=str(error))
            return {}
        found: dict[str, _Words] = {}
        for each in items:
            found |= await _undamaged([each], services)
        return found


async def _readable(session_id: str, messages: AsyncIterator[Sequence[str]]) -> AsyncIterator[Sequence[str]]:
    """The messages, as far as they can be read: half of the answer may be with the client by then."""
    try:
        async for part in messages:
            yield part
    except StorageDamaged as error:
        _log.error("session_damaged", session=session_id, error=str(error))


async def _redaction_loaded(asked: LiveRequest, models: Models) -> list[dict[str, str]]:
    """What the session should know of its redaction. Raises `HTTPException` 501 if there can be none."""
    loading = models.redaction.load(asked.language_config.languages)
    # It is loaded on, and the words wait for it: a client gives up on a call that takes as long as that may.
    await asyncio.wait([waiting := asyncio.wrap_future(loading)], timeout=_LOADING)
    # Else it complains of an error that nobody has asked for.
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        if waiting.done():
            waiting.result()
        return await asyncio.to_thread(redaction_warnings, asked, models.redaction)
    except AddOnError as error:
        # Without it the session would show what it must not.
        raise HTTPException(501, f"PII cannot be redacted: {error}") from error
    except ModelError as error:
        # A client is not told where the server keeps its files; the log is.
        problem = "what finds it cannot be loaded on this server; `vivavoce doctor` says why"
        raise HTTPException(501, f"PII cannot be redacted: {problem}") from error


@full_collections_wait()
def _text(stored: StoredSession, words: _Words, services: Services) -> str:
    return _written(_shown(stored, words, services))


def _written(shown: SessionObject) -> str:
    """As JSON; what was shown is let go."""
    text = json_text(shown)
    pieces = list(pieces_of(shown))
    del shown
    let_go(pieces)
    return text


def _shown(stored: StoredSession, words: _Words, services: Services) -> SessionObject:
    return session_object(stored, *words, Recording.of(stored, services.storage.audio))


def _listed(stored: StoredSession, words: _Words | None, services: Services) -> SessionObject:
    if words is None:
        return damaged_object(stored)
    try:
        return _shown(stored, words, services)
    except StorageError as error:
        # The others on the page are to be seen all the same.
        _log.error("session_damaged", session=stored.id, error=str(error))
        return damaged_object(stored)


async def _body(request: Request, settings: Settings) -> bytes:
    """The body. Raises `HTTPException`: 413 as soon as it is known to be too large, 408 if it takes long."""
    most, within = settings.max_body_bytes, settings.client_timeout
    declared = request.headers.get("content-length", "")
    body = bytearray()
    if not (declared.isdigit() and int(declared) > most):
        try:
            async with asyncio.timeout(within):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > most:
                        break
                else:
                    return bytes(body)
        except TimeoutError:
            raise HTTPException(408, f"the body did not come within {within:g} s", _CLOSE) from None
    raise HTTPException(413, f"the body is larger than {most} bytes")


def _json(content: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, headers, media_type="application/json")
