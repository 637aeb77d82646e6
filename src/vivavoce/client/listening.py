"""`on`, `once` and `off`, as both faces of a session have them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import overload

from vivavoce.client.events import EventName, H
from vivavoce.client.mailbox import Mailbox


class Listening(ABC):
    """Registers handlers. One that comes late gets what nobody has heard yet; see `Mailbox`."""

    @abstractmethod
    def _change(self, change: Callable[[Mailbox], None]) -> None:
        """Apply a change of the handlers, and wake up who calls them."""

    @overload
    def on(self, event: EventName, handler: H) -> H: ...
    @overload
    def on(self, event: EventName) -> Callable[[H], H]: ...
    def on(self, event: EventName, handler: H | None = None) -> H | Callable[[H], H]:
        """Call `handler` on each such event; without a handler, a decorator."""
        return self._register(event, handler, once=False)

    @overload
    def once(self, event: EventName, handler: H) -> H: ...
    @overload
    def once(self, event: EventName) -> Callable[[H], H]: ...
    def once(self, event: EventName, handler: H | None = None) -> H | Callable[[H], H]:
        """Call `handler` on the next such event only; without a handler, a decorator."""
        return self._register(event, handler, once=True)

    def off(self, event: EventName, handler: H | None = None) -> None:
        """Remove one handler, or all of that event."""
        self._change(lambda mailbox: mailbox.off(event, handler))

    def _register(self, event: EventName, handler: H | None, once: bool) -> H | Callable[[H], H]:
        def register(handler: H) -> H:
            self._change(lambda mailbox: mailbox.on(event, handler, once))
            return handler

        return register if handler is None else register(handler)
