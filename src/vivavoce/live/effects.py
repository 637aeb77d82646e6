"""What a live session asks of the shell that drives it. Effects are carried out one by one, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Append:
    """Write `data` to the end of the audio log, then answer with `appended` or `append_failed`."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Begin:
    """The first audio is here: the stored status becomes `processing`, soon."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Store that no more audio is taken, so that a restart does not wait for more; let recognition finish all
    that is in the log. It answers with `Flushed(marker)`.
    """

    marker: int


@dataclass(frozen=True, slots=True)
class Note:
    """Add to the stored `post_session_metadata`."""

    patch: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """Send `message` on `connection` and store it with the session's messages.

    One that is `durable` and could not be sent comes back by `undelivered`. One that was sent is `confirmed`
    by its `number`, which grows, once the client has answered a ping that followed it.
    """

    connection: int
    message: str
    durable: bool
    number: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Keep `message`, whose type is `type`, for those who are told by HTTP, until they have taken it."""

    type: str
    message: str
    callback: bool
    webhooks: bool


@dataclass(frozen=True, slots=True)
class PostProcess:
    """The last final is stored: transcribe the whole and let the add-ons finish, each told by `heard`; then
    `AllDone`."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Build the session's result from what is stored, then answer with `concluded`."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over: store how it ended, let go of recognition. `transcription_time` is in seconds.

    `posts` are kept in the same transaction: a session whose end is not stored is taken up and ends anew.
    """

    status: Literal["done", "error"]
    error_code: int | None
    transcription_time: float
    posts: Sequence[Post] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """Close `connection` with a WebSocket close code."""

    connection: int
    code: int
    reason: str


Effect = Append | Begin | Flush | Note | Send | Post | PostProcess | Conclude | Finish | Close
