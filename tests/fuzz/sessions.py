"""Runs one fuzzed session against a server, and checks all that can be known of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from fuzz import frames, texts
from fuzz.account import Account, Visit, constant
from fuzz.heads import beginning
from fuzz.programs import Program, Step
from fuzz.programs import Visit as Plan
from fuzz.totals import Totals
from fuzz.wire import BINARY, PING, TEXT, TooManyTokens, Wire, fragments, frame, wired
from server.peers import speech
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import WavHeader, read_wav_header
from vivavoce.protocol import LiveRequest, SessionObject
from vivavoce.protocol.messages import AudioChunk, InvalidMessage, parse_client_message

STOP = texts.STOP
PATIENCE = 90.0
PLACE = 64
"""Bytes by which the place in a recording is found; fewer may be anywhere."""
REPLACED = 4409
SHORT = 16
SLICE = 511
HEADERS = {44, 58, 68}
"""Bytes of the header of a WAV file: PCM, companded, extensible."""
ENDED = {1000, 4400, 4408, 4429}
"""What a session's socket may be closed with when the session is over."""


class Session:
    """One session; `run` raises where the server breaks a promise, and TimeoutError where it hangs."""

    def __init__(self, program: Program, http: httpx.AsyncClient, limit: float, totals: Totals) -> None:
        self._program = program
        self._http = http
        self._limit = limit
        self._totals = totals
        self._rng = random.Random(program.seed)
        self._format = AudioFormat.of(LiveRequest.model_validate(program.body))
        self._material = _material(program.material, self._rng)
        self._head = beginning(self._rng, self._format)
        self._tiny = False
        """Whether a frame on this connection was so short that its place may be anywhere."""
        self._left = 0
        """How often the client closed as one that wants no more."""
        self._id = self._url = ""
        self._connection: _Connection | None = None
        self._account: Account

    async def run(self) -> None:
        try:
            await self._run()
        except TimeoutError as error:
            error.add_note(f"session {self._id} after {PATIENCE:g} s, on {self._connection}")
            raise

    async def _run(self) -> None:
        async with asyncio.timeout(PATIENCE):
            created = (await self._call("POST", "", 201, json=self._program.body)).json()
            self._id, self._url = created["id"], created["url"]
            self._account = Account(self._id, self._format, self._limit, self._totals.shapes)
            self._totals.sessions += 1
            async with AsyncExitStack() as replaced:
                for plan in self._program.visits:
                    await self._visit(plan, replaced)
            await self._conclude()

    # One connection

    async def _visit(self, plan: Plan, replaced: AsyncExitStack) -> None:
        account, rng = self._account, random.Random(plan.seed)
        if plan.query in ("too far", "wrong token"):
            await self._refused(plan.query, rng)
            return
        told, query = self._resumption(plan.query, rng)
        visit = account.visit(told=told)
        stack = AsyncExitStack()
        wire = await stack.enter_async_context(wired(self._url + query, visit.hear))
        await (replaced if plan.ending == "replaced" else stack).enter_async_context(stack)
        self._connection = connection = _Connection(wire, visit)
        self._totals.connections += 1
        await self._catch_up(connection, told, rng)
        for step in plan.steps:
            await self._step(connection, step)
        await self._end(connection, plan, rng)
        if plan.ending != "replaced":
            await stack.aclose()
        self._count(wire.code)

    async def _refused(self, query: str, rng: random.Random) -> None:
        address, _, token = self._url.partition("token=")
        wrong = rng.choice(
            ["", "x", "%00", "%ff", "a" * 4000, token[:-1], token.swapcase(), f"&token={token}x"]
        )
        url, code = f"{address}token={wrong}", 4401
        if query == "too far":
            beyond = len(self._account.known + self._account.owed) + rng.choice([1, 10**9, 10**17])
            url = f"{self._url}&resume_from={beyond}"
            code = 4400
        try:
            async with wired(url, lambda text: None) as wire:
                await self._write(wire, frame(BINARY, b"abc"))
                await wire.until(lambda: wire.code is not None)
        except TooManyTokens:
            assert query == "wrong token"
            return
        assert wire.code == code or (wire.code in ENDED and query == "too far"), (wire.code, code)
        self._count(wire.code)

    def _resumption(self, query: str, rng: random.Random) -> tuple[int | None, str]:
        known = len(self._account.known)
        owed = self._account.owed[:SLICE]
        # The place of one byte over and over, or of very few, cannot be found: say it.
        if query in ("silent", "no number") and (self._tiny or (owed and constant(bytes(owed)))):
            query = "told"
        self._tiny = False
        match query:
            case "told":
                return known, f"&resume_from={known}"
            case "earlier":
                offset = rng.choice(
                    [0, known, max(0, known - rng.randrange(1, 5000)), rng.randrange(known + 1)]
                )
                return offset, f"&resume_from={offset}"
            case "no number":
                odd = rng.choice(
                    ["", "-1", "1.5", "0x1", "1e3", "%D9%A3", "+1", "%201", "9" * 19, "9" * 5000, "%00"]
                )
                return None, f"&resume_from={odd}"
            case _:
                return None, ""

    async def _catch_up(self, connection: _Connection, told: int | None, rng: random.Random) -> None:
        """Send again what was not acknowledged, and at least so much that its place can be found."""
        account = self._account
        again = bytes(account.owed)
        if told is not None:
            again = bytes(account.known[told:]) + again
        elif account.known and len(again) < PLACE:
            again += self._new(PLACE)
        elif not account.known and not again:
            self._head, head = b"", self._head
            account.owed += head
            again = head
        size = max(PLACE, rng.choice([SLICE, 4096, 512 * 1024]))
        pieces = [again[at : at + size] for at in range(0, len(again), size)]
        if len(pieces) > 1 and len(pieces[-1]) < PLACE:
            pieces[-2:] = [pieces[-2] + pieces[-1]]
        for piece in pieces:
            await self._audio(connection, piece)

    async def _end(self, connection: _Connection, plan: Plan, rng: random.Random) -> None:
        wire = connection.wire
        match plan.ending:
            case "half":
                await self._write(wire, frames.half(rng))
                wire.abort()
            case "end of file":
                wire.finish()
                await wire.until(lambda: False)
            case "close":
                code = rng.choice([*frames.CLOSE_CODES, None])
                await self._close(connection, rng, code)
            case "drain":
                await connection.drained()

    async def _close(self, connection: _Connection, rng: random.Random, code: int | None) -> None:
        wire = connection.wire
        if wire.open:
            self._left += code in (1000, 1001)
            await self._write(wire, frames.close(rng, code))
        await wire.until(lambda: False)

    # Steps

    async def _step(self, connection: _Connection, step: Step) -> None:
        rng, wire = random.Random(step.seed), connection.wire
        match step.kind:
            case "drain":
                await connection.drained()
            case "rest":
                await self._look(connection, rng)
            case "text":
                await self._text(connection, texts.any_text(rng))
            case "broken":
                data, code = frames.broken(rng)
                was_open = wire.open
                await self._write(wire, data)
                await wire.until(lambda: wire.code is not None)
                assert not was_open or wire.code == code or wire.code in ENDED | {None}, (
                    wire.code,
                    code,
                    data[:20],
                )
            case "stop":
                for _ in range(rng.randrange(1, 3)):
                    await self._text(connection, STOP)
            case kind:
                for number in range(step.count):
                    if not wire.open:
                        break
                    await self._good(connection, kind, rng)
                    if number % 16 == 15:
                        await asyncio.sleep(0)  # the others take turns

    async def _good(self, connection: _Connection, kind: str, rng: random.Random) -> None:
        match kind:
            case "audio":
                await self._audio(connection, self._new(_size(rng)), rng.randbytes(4))
            case "sips":
                await self._audio(connection, self._new(rng.choice([0, 1, 1, 2, 3])))
            case "base64":
                audio = self._new(rng.choice([0, 17, 100, 3200]))
                await self._text(connection, texts.odd_message(rng, audio), audio)
            case "fragments":
                audio = self._new(rng.choice([0, 17, 3200]))
                cuts = sorted(rng.randrange(len(audio) + 1) for _ in range(rng.randrange(1, 5)))
                parts = [audio[a:b] for a, b in zip([0, *cuts], [*cuts, len(audio)], strict=True)]
                connection.visit.sent(audio)
                await self._write(
                    connection.wire, fragments(BINARY, parts, rng.choice([b"", frame(PING, b"x")]))
                )
            case _:
                await self._write(connection.wire, frames.control(rng))

    async def _audio(self, connection: _Connection, audio: bytes, mask: bytes = bytes(4)) -> None:
        if connection.wire.open:
            self._tiny |= 0 < len(audio) < SHORT
            connection.visit.sent(audio)
            self._totals.audio += len(audio)
            await self._write(connection.wire, frame(BINARY, audio, mask=mask))

    async def _text(self, connection: _Connection, text: str, audio: bytes | None = None) -> None:
        """`audio`: what must be found in it; otherwise it may be anything."""
        wire = connection.wire
        data = text.encode("utf-8", "surrogatepass")
        try:
            message = parse_client_message(data.decode())
        except (InvalidMessage, UnicodeDecodeError):
            assert audio is None
            was_open = wire.open
            await self._write(wire, frame(TEXT, data))
            await wire.until(lambda: wire.code is not None)
            assert not was_open or wire.code in ENDED | {1007, None}, wire.code
            return
        if isinstance(message, AudioChunk):
            if audio is None:
                self._account.owed += message.data.chunk
            assert audio in (None, message.data.chunk)
            self._tiny |= 0 < len(message.data.chunk) < SHORT
            connection.visit.sent(message.data.chunk)
        elif wire.open:
            self._account.stops += 1
        await self._write(wire, frame(TEXT, data))

    async def _write(self, wire: Wire, data: bytes) -> None:
        self._totals.messages += wire.open
        await wire.write(data)

    def _new(self, size: int) -> bytes:
        audio = self._material(size)
        self._account.owed += audio
        return audio

    # REST, and the end

    async def _look(self, connection: _Connection, rng: random.Random) -> None:
        match rng.randrange(6):
            case 0:
                # It may have ended by now, but not before its client asked for that or sent what it may not.
                ended = self._left or self._account.may_be_stopped() or self._account.head(ended=True)[1]
                ended = ended or not self._account.known
                await self._call("GET" if ended else "DELETE", f"/{self._id}", 200 if ended else 403)
            case 1:
                await self._call("GET", f"/{self._id}/file", 200, 404)
            case 2:
                await self._call("HEAD", f"/{self._id}/file", 200, 404)
            case 3:
                await self._call("GET", f"?limit=2&offset={rng.randrange(9)}", 200)
            case 4:
                await self._call("GET", f"/{self._id}/audio", 404)
            case _:
                await self._call("GET", f"/{self._id}", 200)

    async def _call(self, method: str, path: str, *statuses: int, **named: Any) -> httpx.Response:
        self._totals.calls += 1
        response = await self._http.request(method, f"/v2/live{path}", **named)
        assert response.status_code in statuses, (
            method,
            path,
            response.status_code,
            response.text[:500],
            self._totals,
        )
        return response

    async def _conclude(self) -> None:
        if self._program.conclusion == "leave":
            return
        connection, code = await self._last_visit()
        while code == REPLACED:
            # A connection of before that had not yet reached the session: it came after this one.
            connection, code = await self._last_visit()
        self._count(code)
        assert code in ENDED, code
        await self._check_stored(connection)
        if self._program.conclusion == "delete":
            await self._call("DELETE", f"/{self._id}", 202)
            await self._call("GET", f"/{self._id}", 404)
            await self._call("GET", f"/{self._id}/file", 404)

    async def _last_visit(self) -> tuple[_Connection, int | None]:
        account = self._account
        visit = account.visit(told=len(account.known))
        async with wired(f"{self._url}&resume_from={len(account.known)}", visit.hear) as wire:
            self._connection = connection = _Connection(wire, visit)
            await self._catch_up(connection, len(account.known), self._rng)
            await connection.drained()
            if self._program.conclusion == "close":
                await self._close(connection, self._rng, 1000)
            else:
                await self._text(connection, STOP)
                await wire.until(lambda: wire.code is not None)
            code = wire.code
        return connection, code

    async def _check_stored(self, connection: _Connection) -> None:
        account = self._account
        session = await self._stored()
        while self._left and session.completed_at is None:
            # A client that closes does not wait for what the server makes of that.
            await asyncio.sleep(0.01)
            session = await self._stored()
        assert session.status == ("error" if session.error_code else "done")
        _, refused = account.head(ended=True)
        assert session.error_code is None or (session.error_code == 400 and refused), session.error_code
        file = await self._call("GET", f"/{self._id}/file", 200, 404)
        audio = b""
        if file.status_code == 200:
            header = read_wav_header(file.content)
            assert isinstance(header, WavHeader)
            assert (header.sample_rate, header.channels) == (self._format.sample_rate, self._format.channels)
            assert header.length in HEADERS
            audio = file.content[header.length :]
        account.check_recording(audio)
        assert session.result
        duration = session.result.metadata.audio_duration
        assert abs(duration - self._format.seconds(len(audio))) < 0.001 + 1 / self._format.sample_rate

    async def _stored(self) -> SessionObject:
        return SessionObject.model_validate_json((await self._call("GET", f"/{self._id}", 200)).content)

    def _count(self, code: int | None) -> None:
        self._totals.codes[code] = self._totals.codes.get(code, 0) + 1


@dataclass(slots=True)
class _Connection:
    wire: Wire
    visit: Visit

    def __str__(self) -> str:
        return f"{self.wire}, {len(self.visit.pending)} frames unanswered"

    async def drained(self) -> None:
        """Until every frame of audio has its answer, or the connection is gone."""
        await self.wire.until(lambda: not self.visit.pending or self.wire.code is not None)


def _material(name: str, rng: random.Random) -> Callable[[int], bytes]:
    if name == "noise":
        return rng.randbytes
    if name == "silence":
        return bytes
    spoken, at = speech(), 0

    def read(size: int) -> bytes:
        nonlocal at
        audio = (spoken[at : at + size] + spoken)[:size] if size <= len(spoken) else (spoken * 9)[:size]
        at = (at + size) % len(spoken)
        return audio

    return read


def _size(rng: random.Random) -> int:
    """Of a frame: mostly small, some around what the server treats in another way."""
    if rng.random() < 0.99:
        return rng.choice([17, 63, 64, 65, 125, 126, 160, 320, 333, 640, 1000])
    return rng.choice([3200, 16_383, 65_535, 65_536, 256 * 1024 + 1])
