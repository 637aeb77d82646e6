"""Requests as they were accepted, and messages as they were sent, however long ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import structlog
from pydantic import ValidationError

from vivavoce.errors import StorageDamaged
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.messages import InvalidMessage, Message, UnknownMessage, parse_message
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final
from vivavoce.storage.records import StoredSession

_FORMAT = frozenset({"encoding", "bit_depth", "sample_rate", "channels"})

_log = structlog.get_logger(__name__)

_Place = tuple[int | str, ...]


def request_of(stored: StoredSession) -> LiveRequest:
    """The request of a session. What an earlier version accepted and this one refuses counts as not given,
    and nothing else does: it must not make the session unreadable.

    Raises `StorageDamaged` if it is the format of its audio that is refused.
    """
    request: Any = stored.request
    left_out: list[str] = []
    while True:
        try:
            read = LiveRequest.model_validate(request)
        except ValidationError as error:
            issues = error.errors(include_url=False, include_context=False, include_input=False)
            places = {_refused(request, issue["loc"]) for issue in issues}
            if not all(place and place[0] not in _FORMAT for place in places):
                # Without what was given: it is logged.
                said = "; ".join(f"{'.'.join(map(str, issue['loc']))}: {issue['msg']}" for issue in issues)
                raise StorageDamaged("sessions", "request", f"id {stored.id}: {said}") from error
            # Each time something goes, so this comes to an end.
            request = _without(request, places)
            left_out += (".".join(map(str, place)) for place in sorted(places, key=str))
        else:
            if left_out:
                _log.warning("stored_request_refused", session=stored.id, left_out=left_out)
            return read


def of_finals(
    session_id: str, results: Sequence[AddOnResult], finals: Sequence[Final]
) -> Sequence[AddOnResult]:
    """Those of the results that are of finals. One whose final is not there is left out, and the log says so:
    the id of one of the two is damaged."""
    known = {final.utterance.id for final in finals}
    found = [result for result in results if result.utterance_id]
    for each in found:
        if each.utterance_id not in known:
            damaged = StorageDamaged(
                "add_ons",
                "utterance_id",
                f"session_id {session_id}, name {each.name}: there is no such final",
            )
            _log.error("add_on_damaged", session=session_id, error=str(damaged))
    return [result for result in found if result.utterance_id in known]


def messages_of(texts: Sequence[str]) -> list[Message | UnknownMessage]:
    """What stored messages say, in their order; blocks. Raises `StorageDamaged`."""
    try:
        return [parse_message(text) for text in texts]
    except InvalidMessage as error:
        raise StorageDamaged("messages", "json", str(error)) from error


def _refused(request: Any, location: _Place) -> _Place:
    """What to leave out for the error at `location`; nothing if that is the request as a whole."""
    place: _Place = ()
    at = request
    for part in location:
        if not (part in at if isinstance(at, Mapping) else isinstance(at, Sequence) and _is_index(part, at)):
            break
        place, at = (*place, part), at[part]
    # What is missing is a configuration, without which its switch cannot be on.
    if len(place) == len(location) - 1 and isinstance(at, Mapping):
        switch = str(location[-1]).removesuffix("_config")
        if switch in at:
            return (*place, switch)
    return place


def _is_index(part: int | str, items: Sequence[Any]) -> bool:
    return isinstance(part, int) and not isinstance(items, str) and part < len(items)


def _without(request: Any, places: set[_Place]) -> Any:
    rest = deepcopy(request)
    # What is inside of something goes before it, and of a list the last goes first.
    for *path, last in sorted(places, key=_order, reverse=True):
        at = rest
        for part in path:
            at = at[part]
        del at[last]
    return rest


def _order(place: _Place) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (0, part) for part in place]
