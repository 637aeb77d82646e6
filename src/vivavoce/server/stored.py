"""Requests as they were accepted, however long ago."""

from __future__ import annotations

import structlog
from pydantic import ValidationError

from vivavoce.errors import StorageError
from vivavoce.protocol.requests import LiveRequest
from vivavoce.storage.records import StoredSession

_FORMAT = frozenset({"encoding", "bit_depth", "sample_rate", "channels"})

_log = structlog.get_logger(__name__)


def request_of(stored: StoredSession) -> LiveRequest:
    """The request of a session. What an earlier version accepted and this one refuses counts as not given:
    it must not make the session unreadable. Raises `StorageError` if that is the format of its audio."""
    try:
        return LiveRequest.model_validate(stored.request)
    except ValidationError as error:
        refused = {str(issue["loc"][0]) for issue in error.errors(include_url=False) if issue["loc"]}
        if refused & _FORMAT:
            raise StorageError(f"the request of session {stored.id} is damaged: {error}") from error
        _log.warning("stored_request_refused", session=stored.id, left_out=sorted(refused))
        return LiveRequest.model_validate({k: v for k, v in stored.request.items() if k not in refused})
