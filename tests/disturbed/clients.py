"""Clients that stream a recording and come back as often as the network loses them.

Each takes a `Job` and gives an `Outcome`. They are used as their makers document them; what an application
has to do beyond that is said where it is done.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gladiaio_sdk import GladiaClient
from gladiaio_sdk.client_options import HttpRetryOptions, WebSocketRetryOptions

from disturbed.raw import stream as raw
from vivavoce import Client
from vivavoce.client.events import AnyMessage
from vivavoce.errors import ApiError, ServerUnreachable, SessionClosed

SCRIPT = Path(__file__).with_name("stream.mjs")
_RETRY = WebSocketRetryOptions(max_attempts_per_connection=0, delay=lambda attempt: min(0.05 * attempt, 0.5))
# A busy server refuses new sessions for a while.
_AGAIN = HttpRetryOptions(max_attempts=1000, delay=lambda _: 0.3)
_SDK: dict[str, Any] = {"api_key": "any", "http_retry": _AGAIN, "http_timeout": 60, "ws_retry": _RETRY}


@dataclass(frozen=True, slots=True)
class Job:
    """What to stream and how: `pieces` of audio, `pause` seconds after each. `seed` is for choices."""

    url: str
    request: Mapping[str, Any]
    pieces: Sequence[bytes]
    pause: float
    seed: int
    patience: float
    """Seconds after which the client is taken to hang."""
    scratch: Path
    created: Callable[[str], None] = lambda _: None
    """Called with the session's identifier as soon as the client has it."""


@dataclass(slots=True)
class Outcome:
    """What the user of a client saw, and how the session ended."""

    session_id: str = ""
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    """All but acknowledgements of audio, as they came."""
    code: int | None = None
    trouble: str = ""

    def hears(self, message: Mapping[str, Any]) -> None:
        if message["type"] != "audio_chunk":
            self.messages.append(message)

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def finals(self) -> list[tuple[str, str]]:
        """Their identifiers and texts."""
        said = [each["data"] for each in self.messages if each["type"] == "transcript"]
        return [(data["id"], data["utterance"]["text"]) for data in said if data["is_final"]]


class Hung(Exception):  # noqa: N818 - a state of the client
    """A client waits for an end that does not come."""


def sync_sdk(job: Job) -> Outcome:
    outcome = Outcome()
    live = GladiaClient(**_SDK, api_url=job.url).live()
    session = live.start_session(dict(job.request))
    ended = threading.Event()
    # The SDK sends twice what is sent while it opens a connection and repeats what it keeps. So the
    # application sends only while it is told that it is connected.
    sending, connected = threading.Lock(), threading.Event()
    stopped = False

    def on_connecting(_: Any) -> None:
        with sending:
            connected.clear()

    def on_connected(_: Any) -> None:
        connected.set()
        if stopped:
            # A stop that was lost with its connection is not repeated by the SDK.
            session.stop_recording()

    def on_ended(end: Any) -> None:
        outcome.code = end.code
        ended.set()
        connected.set()

    session.on("started", lambda created: job.created(created.id))
    session.on("connecting", on_connecting)
    session.on("connected", on_connected)
    session.on("message", lambda message: outcome.hears(message.to_dict()))
    session.on("error", lambda error: setattr(outcome, "trouble", str(error)))
    session.on("ended", on_ended)
    for piece in job.pieces:
        while not ended.is_set():
            if not connected.wait(job.patience):
                raise Hung(f"not connected after {job.patience:g} s")
            with sending:
                if connected.is_set():
                    session.send_audio(piece)
                    break
        time.sleep(job.pause)
    connected.wait(job.patience)
    stopped = True
    session.stop_recording()
    if not ended.wait(job.patience):
        session.end_session()
        raise Hung(f"session {session.session_id} not ended after {job.patience:g} s; {outcome.kinds[-5:]}")
    outcome.session_id = session.session_id or ""
    return outcome


def async_sdk(job: Job) -> Outcome:
    async def scenario() -> Outcome:
        outcome = Outcome()
        live = GladiaClient(**_SDK, api_url=job.url).live_async()
        session = live.start_session(dict(job.request))
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stopped = False

        def on_connected(_: Any) -> None:
            if stopped:
                session.stop_recording()

        session.on("started", lambda created: job.created(created.id))
        session.on("connected", on_connected)
        session.on("message", lambda message: outcome.hears(message.to_dict()))
        session.on("error", lambda error: setattr(outcome, "trouble", str(error)))
        session.on("ended", lambda end: ended.done() or ended.set_result(end.code))
        for piece in job.pieces:
            if ended.done():
                break
            # The SDK raises while it has lost a connection and not yet opened another. The audio is kept.
            with suppress(RuntimeError):
                session.send_audio(piece)
            await asyncio.sleep(job.pause)
        stopped = True
        with suppress(RuntimeError):
            session.stop_recording()
        try:
            outcome.code = await asyncio.wait_for(ended, job.patience)
        except TimeoutError:
            raise Hung(
                f"session {session.session_id} not ended after {job.patience:g} s; {outcome.kinds[-5:]}"
            ) from None
        outcome.session_id = session.session_id or ""
        return outcome

    return asyncio.run(scenario())


def our_client(job: Job) -> Outcome:
    outcome = Outcome()

    def hear(message: AnyMessage) -> None:
        if message.type != "audio_chunk":
            outcome.hears(message.model_dump(mode="json"))

    with Client(base_url=job.url) as client:
        while True:
            try:
                session = client.live().start_session(dict(job.request))
                break
            except ServerUnreachable:
                time.sleep(0.3)
            except ApiError as refusal:
                if refusal.status not in (429, 503):
                    raise
                time.sleep(0.3)
        job.created(session.id)
        outcome.session_id = session.id
        session.on("message", hear)
        session.on("ended", lambda end: setattr(outcome, "code", end.code))
        try:
            for piece in job.pieces:
                session.send_audio(piece)
                time.sleep(job.pause)
            session.stop_recording()
            if not session.join(job.patience):
                session.end_session()
                raise Hung(f"session {session.id} not ended after {job.patience:g} s; {outcome.kinds[-5:]}")
        except SessionClosed as closed:
            outcome.trouble = str(closed)
    return outcome


def javascript_sdk(job: Job) -> Outcome:
    (job.scratch / "audio.raw").write_bytes(b"".join(job.pieces))
    (job.scratch / "job.json").write_text(
        json.dumps(
            {
                "url": job.url,
                "request": dict(job.request),
                "lengths": [len(piece) for piece in job.pieces],
                "pause": job.pause * 1000,
            }
        )
    )
    outcome = Outcome()
    command = ["node", str(job.scratch / "stream.mjs"), str(job.scratch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        timer = threading.Timer(job.patience + len(job.pieces) * job.pause, process.kill)
        timer.start()
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            told = json.loads(line)
            if "id" in told:
                outcome.session_id = told["id"]
                job.created(told["id"])
            elif "message" in told:
                outcome.hears(told["message"])
            elif "trouble" in told:
                outcome.trouble = told["trouble"]
            else:
                outcome.code = told["code"]
        timer.cancel()
        if process.wait() != 0:
            raise Hung(f"session {outcome.session_id}: {process.stderr.read()} {outcome.kinds[-5:]}")
    return outcome


def raw_client(job: Job) -> Outcome:
    return _raw(job, from_zero=False)


def forgetful_client(job: Job) -> Outcome:
    return _raw(job, from_zero=True)


def _raw(job: Job, *, from_zero: bool) -> Outcome:
    outcome = Outcome()
    end = raw(
        job.url,
        dict(job.request),
        job.pieces,
        pause=job.pause,
        seed=job.seed,
        patience=job.patience,
        from_zero=from_zero,
        created=job.created,
        hear=outcome.hears,
    )
    outcome.session_id, outcome.code = end
    return outcome


CLIENTS: Mapping[str, Callable[[Job], Outcome]] = {
    "sync SDK": sync_sdk,
    "async SDK": async_sdk,
    "JavaScript SDK": javascript_sdk,
    "our client": our_client,
    "raw client": raw_client,
    "forgetful client": forgetful_client,
}
