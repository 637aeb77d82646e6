"""Messages that must reach the client: on which connection each was sent, and which must go again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

# More than a connection holds when it breaks: so many messages at most, and so many characters.
_REMEMBERED = 1024
_REMEMBERED_CHARACTERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last acknowledgement that the connection had carried before the message: between these two."""

    message: str
    earliest: int
    latest: int


class Delivery:
    """Messages wait here for a connection, and are remembered while a broken one may have lost them.

    Connections keep order. So a client that has seen an acknowledgement has seen every message that went
    before it on the same connection, and one that has not seen it has seen none that went after it.
    """

    def __init__(self) -> None:
        # Those that a broken connection did not take, then those that came since.
        self._returned: deque[str] = deque()
        self._waiting: deque[str] = deque()
        self._sent: deque[_Sent] = deque()
        self._characters = 0
        self._acknowledged = 0

    @property
    def pending(self) -> bool:
        return bool(self._returned or self._waiting)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many messages wait, and their characters."""
        messages = [*self._returned, *self._waiting]
        return len(messages), sum(map(len, messages))

    def connected(self) -> None:
        """A new connection, which has not carried anything yet."""
        self._acknowledged = 0

    def acknowledged(self, end: int) -> None:
        """The connection carries the acknowledgement of all audio up to `end`."""
        self._acknowledged = end

    def hold(self, message: str) -> None:
        """There is no connection for `message` yet."""
        self._waiting.append(message)

    def send(self, message: str) -> str:
        """The connection takes `message`."""
        self._remember(_Sent(message, self._acknowledged, self._acknowledged))
        return message

    def maybe_sent(self, message: str, *, earliest: int, latest: int) -> None:
        """Before a restart a connection took `message`, after an acknowledgement between these two."""
        self._remember(_Sent(message, earliest, latest))

    def undelivered(self, message: str) -> None:
        """The connection did not take `message`."""
        self._returned.append(message)
        self._forget(lambda sent: sent.message is message)

    def release(self) -> list[str]:
        """All that waits, in order; the connection takes it."""
        messages = [*self._returned, *self._waiting]
        self.drop()
        return [self.send(message) for message in messages]

    def drop(self) -> None:
        """Nobody wants what waits."""
        self._returned.clear()
        self._waiting.clear()

    def resume(self, offset: int, *, told: bool) -> None:
        """The client has seen the acknowledgement of `offset` and no later one: what it missed waits again.

        Whether it has seen what was sent right after that one nobody knows. A client that has `told` the
        offset gets it again: unlike others, it passes over what comes twice.
        """

        def missed(sent: _Sent) -> bool:
            return sent.latest >= offset if told else sent.earliest > offset

        self._returned.extendleft(sent.message for sent in reversed(self._sent) if missed(sent))
        self._forget(missed)
        self._acknowledged = offset

    def _remember(self, sent: _Sent) -> None:
        self._sent.append(sent)
        self._characters += len(sent.message)
        # The last one stays, however long: a result is sent just before the connection is closed.
        while len(self._sent) > 1 and (
            len(self._sent) > _REMEMBERED or self._characters > _REMEMBERED_CHARACTERS
        ):
            self._characters -= len(self._sent.popleft().message)

    def _forget(self, which: Callable[[_Sent], bool]) -> None:
        self._sent = deque(sent for sent in self._sent if not which(sent))
        self._characters = sum(len(sent.message) for sent in self._sent)
