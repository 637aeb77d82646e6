"""What the stores give and take: sessions, keys, filters and pages, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept. `audio_bytes` counts the whole log, of which `header_bytes` are a WAV header.

    It is 0 until the recording has been stopped. `audio_duration` and `transcription_time` are seconds; they
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
    """Some sessions, newest first; `more` says whether others follow."""

    items: tuple[StoredSession, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: all but its secret."""

    id: str
    name: str
    plan: Plan
    created_at: datetime
    revoked_at: datetime | None
