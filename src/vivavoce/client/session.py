"""The synchronous face of a live session: threads around the core."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from vivavoce.client.connection import CONNECT_OPTIONS, refusal
from vivavoce.client.core import LiveCore
from vivavoce.client.events import AnyMessage, Event, Status
from vivavoce.client.listening import Listening
from vivavoce.client.mailbox import UNREAD, Guard, Mailbox
from vivavoce.protocol.close_codes import ABNORMAL, DONE
from vivavoce.protocol.responses import SessionCreated


class Session(Listening):
    """A live session: send audio, get messages by handlers, by iteration, or both.

    `for message in session` ends with the session; it raises SessionClosed if the end was not a regular
    one. Handlers run one after the other in a thread of their own; what a handler raises becomes an
    "error" event. `with session:` stops the recording at its end and waits for the last message; it raises
    SessionClosed too if the end was not regular. If the block raised, the session is ended at once.
    """

    def __init__(self, created: SessionCreated, core: LiveCore) -> None:
        self.id = created.id
        self._core = core
        self._mailbox = Mailbox()
        self._changed = threading.Condition()  # guards everything here
        self._connection: ClientConnection | None = None
        self._mailbox.put(core.start(created))
        self._threads = [
            threading.Thread(target=target, name=f"vivavoce-{name}", daemon=True)
            for name, target in (("connection", self._stay_connected), ("handlers", self._dispatch))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def status(self) -> Status:
        return self._core.status

    # Audio

    def send_audio(self, audio: bytes | bytearray | memoryview) -> None:
        """Send raw audio, in the session's format, of any length; blocks while the buffer is full.

        An empty chunk keeps a silent session alive. Raises SessionClosed once the recording was stopped
        or the session has ended, RuntimeError where blocking would be for ever since nobody else reads.
        """
        rest = memoryview(audio).cast("B")
        with self._changed:
            while True:
                rest = rest[self._core.write(rest) :]
                self._changed.notify_all()
                if not rest:
                    return
                self._wait(lambda: self._core.room > 0 or self._core.ended)

    def stop_recording(self) -> None:
        """No audio follows: the server finishes what it has, then ends the session."""
        with self._changed:
            self._tell(self._core.stop())

    def end_session(self) -> None:
        """End the session now; what is final by now is kept by the server, what was not sent is dropped."""
        with self._changed:
            self._tell(self._core.end(DONE, "ended by the client"))
            connection = self._connection
        if connection:
            connection.close()

    # Messages

    def __iter__(self) -> Iterator[AnyMessage]:
        with self._changed:
            self._mailbox.iterating = True
        return self

    def __next__(self) -> AnyMessage:
        with self._changed:
            self._mailbox.reader = threading.get_ident()
            self._changed.wait_for(lambda: self._mailbox.has_unread or self._core.ended)
            message = self._mailbox.read()
            self._changed.notify_all()
        if message:
            return message
        self._core.check_regular_end()
        raise StopIteration

    # Waiting

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Wait for the connection; False if there is none after `timeout` seconds, or the session ended."""
        with self._changed:
            ready = self._changed.wait_for(lambda: self.status in ("connected", "ending", "ended"), timeout)
            return ready and self.status != "ended"

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the session has ended and all handlers have run; False after `timeout` seconds.

        Raises RuntimeError if that would be for ever: nobody reads the messages, or a handler asks.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if threading.get_ident() == self._mailbox.dispatcher:
            raise RuntimeError("a handler cannot wait for the end of its session: it would wait for itself")
        with self._changed:
            if not self._wait(lambda: self._core.ended, timeout):
                return False
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.end_session()
            self.join()
            return
        self.stop_recording()
        with self._changed:
            if self._mailbox.reader in (None, threading.get_ident()):
                self._mailbox.discard_unread()
                self._changed.notify_all()
        self.join()
        self._core.check_regular_end()

    # Internals

    def _change(self, change: Callable[[Mailbox], None]) -> None:
        with self._changed:
            change(self._mailbox)
            self._changed.notify_all()

    def _tell(self, events: list[Event]) -> None:
        """Holding the condition: pass events on."""
        self._mailbox.put(events)
        self._changed.notify_all()

    def _wait(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Holding the condition: wait for what may need the mailbox to be emptied by another."""
        me = threading.get_ident()
        arrived = self._changed.wait_for(lambda: condition() or self._mailbox.waits_for(me), timeout)
        if arrived and not condition():
            raise RuntimeError(UNREAD)
        return arrived

    def _stay_connected(self) -> None:
        try:
            while url := self._next_url():
                code, reason = self._converse(url)
                with self._changed:
                    self._tell(self._core.closed(code, reason))
        finally:
            with self._changed:
                self._tell(self._core.end(ABNORMAL, "the client failed"))

    def _next_url(self) -> str | None:
        with self._changed:
            if self._changed.wait_for(lambda: self._core.ended, self._core.delay(random.random())):
                return None
            url, events = self._core.connect()
            self._tell(events)
            return url

    def _converse(self, url: str) -> tuple[int, str]:
        """One connection, from its opening to its close code and reason."""
        try:
            with connect(url, **CONNECT_OPTIONS) as connection:
                broken = self._receive(connection)
        except (OSError, WebSocketException) as error:
            return refusal(error)
        if broken and connection.close_code == DONE:
            # The library drops what came together with an end that it could not answer any more.
            return ABNORMAL, "the connection broke at its end"
        return connection.close_code or ABNORMAL, connection.close_reason or ""

    def _receive(self, connection: ClientConnection) -> bool:
        """Take what comes until the connection is closed; whether it broke by then."""
        with self._changed:
            if self._core.ended:
                return False
            self._connection = connection
            self._tell(self._core.opened())
        sender = threading.Thread(target=self._send, args=(connection,), name="vivavoce-sender", daemon=True)
        sender.start()
        try:
            while True:
                text = connection.recv()
                with self._changed:
                    self._tell(self._core.receive(text))
                    self._changed.wait_for(lambda: not self._mailbox.full or self._core.ended)
        except ConnectionClosed as closed:
            return closed.__cause__ is not None
        finally:
            with self._changed:
                self._connection = None
                self._changed.notify_all()
            sender.join()

    def _send(self, connection: ClientConnection) -> None:
        while True:
            with self._changed:
                while (frame := self._core.next_frame()) is None:
                    if self._connection is not connection:
                        return
                    self._changed.wait()
            try:
                connection.send(frame)
            except ConnectionClosed:
                return

    def _dispatch(self) -> None:
        self._mailbox.dispatcher = threading.get_ident()
        while True:
            with self._changed:
                while (due := self._mailbox.take()) is None:
                    if self._core.ended:
                        return
                    self._changed.wait()
                self._changed.notify_all()
            handlers, payload = due
            for handler in handlers:
                with Guard() as guard:
                    handler(payload)
                if guard.error:
                    with self._changed:
                        self._tell([Event("error", guard.error)])
