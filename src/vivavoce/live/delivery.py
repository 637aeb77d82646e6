"""Messages that must reach the client: on which connection each was sent, and which must go again."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 1024


class Delivery:
    """Messages wait here for a connection, and are remembered while a broken one may have lost them.

    Connections keep order. So a client that has seen an acknowledgement has seen every message that went
    before it on the same connection, and one that has not seen it has seen none that went after it.
    """

    def __init__(self) -> None:
        # Those that a broken connection did not take, then those that came since.
        self._returned: deque[str] = deque()
        self._waiting: deque[str] = deque()
        # With each message, the last acknowledgement that its connection had carried before it.
        self._sent: deque[tuple[int, str]] = deque(maxlen=_REMEMBERED)
        self._acknowledged = 0

    @property
    def pending(self) -> bool:
        return bool(self._returned or self._waiting)

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
        self._sent.append((self._acknowledged, message))
        return message

    def maybe_sent(self, message: str, *, after: int) -> None:
        """Before a restart a connection may have taken `message`, and the acknowledgement up to `after`."""
        self._sent.append((after, message))

    def undelivered(self, message: str) -> None:
        """The connection did not take `message`."""
        self._returned.append(message)
        self._sent = deque((entry for entry in self._sent if entry[1] is not message), maxlen=_REMEMBERED)

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
        first_missed = offset if told else offset + 1
        missed = [message for after, message in self._sent if after >= first_missed]
        self._returned.extendleft(reversed(missed))
        self._sent = deque((entry for entry in self._sent if entry[0] < first_missed), maxlen=_REMEMBERED)
        self._acknowledged = offset
