"""The asynchronous face of a live session: one task, with its children, around the core."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from vivavoce.client.connection import CONNECT_OPTIONS, refusal
from vivavoce.client.core import LiveCore
from vivavoce.client.events import AnyMessage, Event, Status
from vivavoce.client.listening import Listening
from vivavoce.client.mailbox import UNREAD, Guard, Mailbox
from vivavoce.protocol.close_codes import ABNORMAL, DONE
from vivavoce.protocol.responses import SessionCreated


class AsyncSession(Listening):
    """A live session: send audio, get messages by handlers, by iteration, or both.

    `async for message in session` ends with the session; it raises SessionClosed if the end was not a
    regular one. Handlers, plain or coroutine functions, run one after the other in a task of their own;
    what a handler raises becomes an "error" event. `async with session:` stops the recording at its end
    and waits for the last message; it raises SessionClosed too if the end was not regular. If the block
    raised, the session is ended at once.
    """

    def __init__(self, created: SessionCreated, core: LiveCore) -> None:
        self.id = created.id
        self._core = core
        self._mailbox = Mailbox()
        self._waiting: set[asyncio.Future[None]] = set()
        self._connection: ClientConnection | None = None
        self._mailbox.put(core.start(created))
        self._task = asyncio.create_task(self._run(), name=f"vivavoce session {created.id}")

    @property
    def status(self) -> Status:
        return self._core.status

    # Audio

    async def send_audio(self, audio: bytes | bytearray | memoryview) -> None:
        """Send raw audio, in the session's format, of any length; waits while the buffer is full.

        An empty chunk keeps a silent session alive. Raises SessionClosed once the recording was stopped
        or the session has ended, RuntimeError where waiting would be for ever since nobody else reads.
        """
        rest = memoryview(audio).cast("B")
        while True:
            rest = rest[self._core.write(rest) :]
            self._notify()
            if not rest:
                return
            await self._wait(lambda: self._core.room > 0 or self._core.ended)

    async def stop_recording(self) -> None:
        """No audio follows: the server finishes what it has, then ends the session."""
        self._tell(self._core.stop())

    async def end_session(self) -> None:
        """End the session now; what is final by now is kept by the server, what was not sent is dropped."""
        self._tell(self._core.end(DONE, "ended by the client"))
        if self._connection:
            await self._connection.close()

    # Messages

    def __aiter__(self) -> AsyncIterator[AnyMessage]:
        self._mailbox.iterating = True
        return self

    async def __anext__(self) -> AnyMessage:
        self._mailbox.reader = asyncio.current_task()
        await self._until(lambda: self._mailbox.has_unread or self._core.ended)
        message = self._mailbox.read()
        self._notify()
        if message:
            return message
        self._core.check_regular_end()
        raise StopAsyncIteration

    # Waiting

    async def wait_until_ready(self) -> bool:
        """Wait for the connection; False if the session ended instead."""
        await self._until(lambda: self.status in ("connected", "ending", "ended"))
        return self.status != "ended"

    async def join(self) -> None:
        """Wait until the session has ended and all handlers have run.

        Raises RuntimeError if that would be for ever: nobody reads the messages, or a handler asks.
        """
        if asyncio.current_task() is self._mailbox.dispatcher:
            raise RuntimeError("a handler cannot wait for the end of its session: it would wait for itself")
        await self._wait(lambda: self._core.ended)
        await asyncio.shield(self._task)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            await self.end_session()
            await self.join()
            return
        await self.stop_recording()
        if self._mailbox.reader in (None, asyncio.current_task()):
            self._mailbox.discard_unread()
            self._notify()
        await self.join()
        self._core.check_regular_end()

    # Internals

    def _change(self, change: Callable[[Mailbox], None]) -> None:
        change(self._mailbox)
        self._notify()

    def _tell(self, events: list[Event]) -> None:
        self._mailbox.put(events)
        self._notify()

    def _notify(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _change_of_state(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._change_of_state()

    async def _wait(self, condition: Callable[[], bool]) -> None:
        """Wait for what may need the mailbox to be emptied by another."""
        me = asyncio.current_task()
        await self._until(lambda: condition() or self._mailbox.waits_for(me))
        if not condition():
            raise RuntimeError(UNREAD)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._dispatch())
                await self._stay_connected()
        finally:
            self._tell(self._core.end(ABNORMAL, "the client failed"))

    async def _stay_connected(self) -> None:
        while url := await self._next_url():
            code, reason = await self._converse(url)
            self._tell(self._core.closed(code, reason))

    async def _next_url(self) -> str | None:
        try:
            async with asyncio.timeout(self._core.delay(random.random())):
                await self._until(lambda: self._core.ended)
            return None
        except TimeoutError:
            url, events = self._core.connect()
            self._tell(events)
            return url

    async def _converse(self, url: str) -> tuple[int, str]:
        """One connection, from its opening to its close code and reason."""
        try:
            async with connect(url, **CONNECT_OPTIONS) as connection:
                await self._receive(connection)
        except (OSError, WebSocketException) as error:
            return refusal(error)
        return connection.close_code or ABNORMAL, connection.close_reason or ""

    async def _receive(self, connection: ClientConnection) -> None:
        if self._core.ended:
            return
        self._connection = connection
        self._tell(self._core.opened())
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(self._send(connection))
            try:
                while True:
                    self._tell(self._core.receive(await connection.recv()))
                    await self._until(lambda: not self._mailbox.full or self._core.ended)
            except ConnectionClosed:
                sender.cancel()
            finally:
                self._connection = None

    async def _send(self, connection: ClientConnection) -> None:
        try:
            while True:
                frame = self._core.next_frame()
                if frame is None:
                    await self._change_of_state()
                else:
                    await connection.send(frame)
        except ConnectionClosed:
            return

    async def _dispatch(self) -> None:
        self._mailbox.dispatcher = asyncio.current_task()
        while True:
            due = self._mailbox.take()
            if due is None and self._core.outcome:
                return
            if due is None:
                await self._change_of_state()
                continue
            self._notify()
            handlers, payload = due
            for handler in handlers:
                with Guard() as guard:
                    answer = handler(payload)
                    if inspect.isawaitable(answer):
                        await answer
                if guard.error:
                    self._tell([Event("error", guard.error)])
