"""A session as it was stored, from a data directory or from a directory it was exported to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from vivavoce.errors import StorageError
from vivavoce.protocol.messages import (
    EndRecordingMessage,
    PostFinalTranscriptMessage,
    PostTranscriptMessage,
    StopRecordingAckMessage,
)
from vivavoce.protocol.stream import Final
from vivavoce.server.bleeping import has_sound_left
from vivavoce.server.stored import messages_of, request_of
from vivavoce.storage.failures import file_error
from vivavoce.storage.stores import read_storage

_STOPPED = (EndRecordingMessage, PostFinalTranscriptMessage, PostTranscriptMessage, StopRecordingAckMessage)
_DESCRIPTION, _AUDIO = "session.json", "audio.raw"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What makes a session what it is: its request, its audio and what was heard in it.

    `request`: what recognition needs of it. The rest may hold secrets, as the URL of a callback does.
    `whole` says whether recognition came to the end of the audio: not if the client left without a stop, or
    while the session is live. `models` are the sums of the models' files, by name, where it was exported.
    """

    id: str
    request: Mapping[str, Any]
    status: str
    whole: bool
    finals: Sequence[Final]
    version: str = field(default_factory=lambda: version("vivavoce"))
    models: Mapping[str, str] = field(default_factory=dict)

    def export(self, audio: Path, directory: Path) -> None:
        """Write it to `directory`, which is made, for its owner alone.

        Raises `StorageError`, also where that holds another session.
        """
        if (directory / _DESCRIPTION).exists() and (other := from_export(directory)[0].id) != self.id:
            raise StorageError(f"{directory} holds another session, {other}: name another directory")
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with audio.open("rb") as source, _private(directory / _AUDIO) as copy:
                shutil.copyfileobj(source, copy)
            with _private(directory / _DESCRIPTION) as description:
                description.write(_RECORDED.dump_json(self, indent=2))
        except OSError as error:
            raise file_error(f"the session cannot be written to {directory}", error) from error


_RECORDED = TypeAdapter(Recorded)


def _private(path: Path) -> BinaryIO:
    """A file to write, which is its owner's alone even if it was there before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


async def from_data(data_dir: Path, session_id: str, *, to_export: bool = False) -> tuple[Recorded, Path]:
    """The session, and the file of its audio. A server may be using the directory, of which nothing changes.

    Raises `StorageError`, also where it is `to_export` and redacted words can still be heard in it.
    """
    async with read_storage(data_dir) as storage:
        stored = await storage.sessions.get(session_id)
        if stored is None:
            raise StorageError(
                f"there is no session {session_id} in {data_dir}; see "
                f"`vivavoce sessions list --data-dir {data_dir}`"
            )
        if to_export and has_sound_left(stored):
            raise StorageError(
                f"redacted words can still be heard in the session {session_id}: export it when it has ended "
                "and its recording is covered, which a server does at the end, or else when it next starts"
            )
        finals = await storage.sessions.finals(session_id)
        parts = [part async for part in storage.sessions.messages(session_id)]
        if not (storage.audio.size(session_id) or stored.audio_bytes or finals):
            raise StorageError(
                f"nothing was recorded in the session {session_id}: its status is {stored.status}"
            )
        audio = storage.audio.path(session_id)
    stopped = any(isinstance(message, _STOPPED) for part in parts for message in messages_of(part))
    whole = stopped and stored.status == "done"
    request = request_of(stored).recognition_params()
    return Recorded(stored.id, request, stored.status, whole, finals), audio


def from_export(directory: Path) -> tuple[Recorded, Path]:
    """The session that was exported to `directory`. Raises `StorageError`."""
    try:
        recorded = _RECORDED.validate_json((directory / _DESCRIPTION).read_bytes())
    except OSError as error:
        raise file_error(f"there is no exported session in {directory}", error) from error
    except ValidationError as error:
        raise StorageError(f"{directory / _DESCRIPTION} is no exported session: {error}") from error
    return recorded, directory / _AUDIO
