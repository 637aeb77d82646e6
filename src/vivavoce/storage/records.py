"""What the stores give and take: sessions, keys, filters and pages, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["queued", "processing", "done", "error"]
Plan = Literal["free", "paid", "enterprise"]


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session as it is created. `key_id` is None where the server runs without keys.

    `token` is the credential of the session's socket; only its hash is kept. `request` is the effective
    configuration as JSON, defaults filled in.
    """

    id: str
    request_id: str
    key_id: str | None
    token: str = field(repr=False)
    created_at: datetime
    request: Mapping[str, Any]
    region: str | None = None
    custom_metadata: Mapping[str, Any] | None = None
    post_session_metadata: Mapping[str, Any] = field(default_factory=dict)
    destinations: Sequence[Destination] = ()
    deliveries: Sequence[NewDelivery] = ()


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept. `audio_bytes` counts the whole log, of which `header_bytes` are a WAV header.

    It is 0 until the recording has been stopped, and stays so if its client left it without a stop, or it
    failed. `audio_duration` and `transcription_time` are seconds; they
    are 0.0 until the session is finished.
    """

    id: str
    request_id: str
    key_id: str | None
    token_hash: str = field(repr=False)
    status: Status
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    region: str | None
    request: Mapping[str, Any]
    custom_metadata: Mapping[str, Any] | None
    post_session_metadata: Mapping[str, Any]
    error_code: int | None
    audio_bytes: int
    header_bytes: int
    audio_duration: float
    transcription_time: float

    @property
    def warnings(self) -> frozenset[str]:
        """The codes of what was noted about the audio."""
        return frozenset(warning["code"] for warning in self.post_session_metadata.get("warnings", ()))

    @property
    def stopped(self) -> bool:
        """Whether the recording was stopped: by its client, by silence or by a limit."""
        return self.audio_bytes > 0


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row of which something cannot be read: `problem` says what."""

    id: str
    problem: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a session whose row is damaged elsewhere; what is damaged here equals nothing."""

    key_id: str | None
    status: Status


@dataclass(frozen=True, slots=True)
class Place:
    """What a session that counts against limits takes: of which key, and whether with the audio enhancer."""

    key_id: str | None
    enhanced: bool


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What a list is narrowed to. Times form a half-open range; `custom_metadata` is a nested subset."""

    statuses: tuple[Status, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None
    custom_metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions, newest first, damaged ones in their places; `more` says whether others follow."""

    items: tuple[StoredSession | Damaged, ...]
    more: bool

    def first(self, count: int) -> SessionPage:
        """A page of so many of them at most."""
        return SessionPage(self.items[:count], self.more or count < len(self.items))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: all but its secret."""

    id: str
    name: str
    plan: Plan
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyInForce:
    """What it takes to call with a key, whatever else of it is damaged."""

    id: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a key's sessions are announced, as it is kept: all but its secret."""

    id: str
    key_id: str | None
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a session's messages are posted to: to a webhook, or to the session's callback."""

    id: str
    webhook_id: str | None
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A body to be posted. `id` is what receivers know it by."""

    id: str
    destination_id: str
    event: str
    body: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A body to be posted now; the failures are those of its destination since it last took something."""

    id: str
    destination_id: str
    session_id: str
    url: str = field(repr=False)
    host: str
    event: str
    body: str = field(repr=False)
    secret: str = field(repr=False)
    failures: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery as operators see it. `problem` is what the last attempt came to.

    `due_at` is when it is tried next; None if it is dead, or waits for one before it.
    """

    id: str
    session_id: str
    url: str
    event: str
    created_at: datetime
    attempts: int
    died_at: datetime | None
    problem: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is to be tried again at `due_at`."""

    problem: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """It is not tried again, and what comes after it is."""

    problem: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of an attempt."""

    delivery_id: str
    destination_id: str
    outcome: Delivered | Waiting | Dead
