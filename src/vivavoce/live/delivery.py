"""Messages that must reach the client: on which connection each was sent, and which must go again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vivavoce.live.effects import Send

# While the recording lasts. More than a connection holds when it breaks: so many messages, and characters.
_REMEMBERED = 1024
_REMEMBERED_CHARACTERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way, the `number`-th, on the `connection`-th connection.

    The last acknowledgement that this had carried before it is between `earliest` and `latest`.
    """

    message: str
    number: int
    connection: int
    earliest: int
    latest: int

    def on(self, connection: int) -> Send:
        """What puts it on its way."""
        return Send(connection, self.message, durable=True, number=self.number)


class Delivery:
    """Messages wait here for a connection, and are remembered while a broken one may have lost them.

    Connections keep order. So a client that has seen an acknowledgement has seen every message that went
    before it on the same connection, and one that has not seen it has seen none that went after it. The same
    holds for pings, which clients answer by themselves.

    Before the `ending` what is remembered is bounded: the oldest counts as received. From then on little else
    is said, and only what has been received gives way: the finals that are left, and the result.
    """

    def __init__(self, *, ending: bool = False) -> None:
        # Those that a broken connection did not take, then those that came since.
        self._returned: deque[str] = deque()
        self._waiting: deque[str] = deque()
        self._sent: deque[Sent] = deque()
        self._characters = 0
        self._acknowledged = 0
        self._connection = 0
        self._number = 0
        self._confirmed = 0
        self.ending = ending
        """Whether the recording is over."""

    @property
    def waiting(self) -> tuple[int, int]:
        """How many messages wait, and their characters."""
        messages = [*self._returned, *self._waiting]
        return len(messages), sum(map(len, messages))

    def connected(self) -> None:
        """A new connection, which has not carried anything yet."""
        self._acknowledged = 0
        self._connection += 1

    def acknowledged(self, end: int) -> None:
        """The connection carries the acknowledgement of all audio up to `end`."""
        self._acknowledged = end

    def hold(self, message: str) -> None:
        """There is no connection for `message` yet."""
        self._waiting.append(message)

    def confirmed(self, number: int) -> None:
        """The client has received the message of this number, and so those before it.

        It may be told at any time, even while another thread is at work here.
        """
        self._confirmed = max(self._confirmed, number)

    def send(self, message: str) -> Sent:
        """The connection takes `message`."""
        self._number += 1
        return self._remember(
            Sent(message, self._number, self._connection, self._acknowledged, self._acknowledged)
        )

    def maybe_sent(self, message: str, *, earliest: int, latest: int) -> None:
        """Before a restart a connection took `message`, after an acknowledgement between these two."""
        self._remember(Sent(message, 0, 0, earliest, latest))

    def undelivered(self, message: str) -> None:
        """The connection did not take `message`."""
        self._returned.append(message)
        self._keep(deque(sent for sent in self._sent if sent.message is not message))

    def release(self) -> list[Sent]:
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

        So does what was sent right after that one, unless it is known to have been received; and in any case
        for a client that has `told` the offset, which passes over what comes twice.
        """

        def missed(sent: Sent) -> bool:
            unclear = sent.latest >= offset and (told or not self._received(sent))
            return sent.connection < self._connection and (unclear or sent.earliest > offset)

        self._return(missed)
        self._acknowledged = offset

    def resume_unseen(self) -> None:
        """Nothing will show what the client has seen: what it is not known to have received waits again."""
        self._return(lambda sent: sent.connection < self._connection and not self._received(sent))

    def _return(self, which: Callable[[Sent], bool]) -> None:
        # Each is judged once: what is `confirmed` may change meanwhile.
        missed: list[Sent] = []
        kept: deque[Sent] = deque()
        for sent in self._sent:
            (missed if which(sent) else kept).append(sent)
        self._returned.extendleft(sent.message for sent in reversed(missed))
        self._keep(kept)

    def _remember(self, sent: Sent) -> Sent:
        self._sent.append(sent)
        self._characters += len(sent.message)
        # The last one stays, however long.
        while len(self._sent) > 1 and self._much and (not self.ending or self._received(self._sent[0])):
            self._characters -= len(self._sent.popleft().message)
        return sent

    @property
    def _much(self) -> bool:
        return len(self._sent) > _REMEMBERED or self._characters > _REMEMBERED_CHARACTERS

    def _received(self, sent: Sent) -> bool:
        return sent.number <= self._confirmed

    def _keep(self, sent: deque[Sent]) -> None:
        self._sent = sent
        self._characters = sum(len(each.message) for each in sent)
