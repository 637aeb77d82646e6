"""Which event waits for whom: handlers, iteration, or whoever asks first. Pure, bounded, nothing is lost."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, get_args

from vivavoce.client.events import AnyMessage, Event, EventName, Handler

BOUND = 4096
"""Default bound on messages that wait to be read."""

UNREAD = (
    f"{BOUND} messages wait to be read, and waiting here would keep them from it for ever: iterate over the "
    'session in another thread or task, or register a "message" handler'
)

EVENT_NAMES: tuple[str, ...] = get_args(EventName)

logger = logging.getLogger(__name__)


class Mailbox:
    """The events of one session until somebody takes them.

    Messages go to the handlers of "message"; without one, or once iteration has begun, they (also) wait
    to be iterated over. What came before the first handler of its name was registered is given to that
    handler: every message, and the latest of each other event. `reader` is who iterates and `dispatcher`
    who calls the handlers, as the face names threads or tasks.
    """

    def __init__(self, bound: int = BOUND) -> None:
        self.iterating = False
        self.reader: object = None
        self.dispatcher: object = None
        self._bound = bound
        self._discarding = False
        self._handlers: dict[str, list[tuple[Handler, bool]]] = {name: [] for name in EVENT_NAMES}
        self._due: deque[Event] = deque()  # for handlers
        self._unread: deque[AnyMessage] = deque()
        self._unheard: dict[str, Event] = {}

    @property
    def full(self) -> bool:
        """Whether no more should be put in before something was taken out."""
        return max(len(self._unread), len(self._due)) >= self._bound

    def waits_for(self, me: object) -> bool:
        """Whether it is full and nobody but `me` (a thread, a task) empties it: `me` must not wait."""
        if len(self._unread) >= self._bound:
            return self.reader is None or self.reader == me
        return self.full and self.dispatcher == me

    def on(self, name: EventName, handler: Handler, once: bool = False) -> None:
        """Register a handler; raises ValueError for a name that is no event's."""
        handlers = self._of(name)
        if not handlers:
            if name in self._unheard:
                self._due.append(self._unheard.pop(name))
            if name == "message" and not self.iterating:
                self._due.extend(Event("message", message) for message in self._unread)
                self._unread.clear()
        handlers.append((handler, once))

    def off(self, name: EventName, handler: Handler | None = None) -> None:
        """Remove a handler, or all of that name."""
        handlers = self._of(name)
        handlers[:] = [entry for entry in handlers if handler is not None and entry[0] != handler]

    def put(self, events: Iterable[Event]) -> None:
        for event in events:
            heard = bool(self._handlers[event.name])
            if heard:
                self._due.append(event)
            if event.name == "message":
                if self.iterating or not heard:
                    self._keep(event.payload)
            elif not heard:
                self._unheard[event.name] = event
                if event.name == "error":
                    logger.error("in a live session: %s", event.payload, exc_info=event.payload)

    def take(self) -> tuple[list[Handler], Any] | None:
        """The next event that handlers wait for: they, and its payload."""
        while self._due:
            event = self._due.popleft()
            handlers = self._handlers[event.name]
            if called := [handler for handler, _ in handlers]:
                handlers[:] = [entry for entry in handlers if not entry[1]]
                return called, event.payload
            if event.name == "message" and not self.iterating:
                self._keep(event.payload)  # its handlers are gone, and nobody saw it
        return None

    @property
    def has_unread(self) -> bool:
        return bool(self._unread)

    def read(self) -> AnyMessage | None:
        """The next message for iteration."""
        return self._unread.popleft() if self._unread else None

    def discard_unread(self) -> None:
        """Nobody will iterate: drop what waits for it, now and from now on."""
        self._discarding = True
        self._unread.clear()

    def _keep(self, message: AnyMessage) -> None:
        if not self._discarding:
            self._unread.append(message)

    def _of(self, name: EventName) -> list[tuple[Handler, bool]]:
        if name not in self._handlers:
            raise ValueError(f"there is no event {name!r}; the events are {', '.join(EVENT_NAMES)}")
        return self._handlers[name]


class Guard:
    """Runs the user's code: what it raises is kept in `error` and goes no further."""

    error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception):
            self.error = error
        return self.error is not None
