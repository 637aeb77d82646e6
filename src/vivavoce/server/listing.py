"""The query of `GET /v2/live`: which sessions to list, and the URLs of the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from starlette.datastructures import QueryParams

from vivavoce.protocol.responses import SessionStatus
from vivavoce.protocol.validation import refusal
from vivavoce.server.errors import InvalidRequest
from vivavoce.storage.records import SessionFilter

MOST_ITEMS = 100
"""A page never has more, however many are asked for; `next` leads on."""

MOST_CHARACTERS = 8_000_000
"""Of the words, with their times, on a page of more than one session: some ten hours of speech."""

_FARTHEST = 2**31
_DEEPEST = 8
_IN_BRACKETS = re.compile(r"custom_metadata((?:\[[^\[\]]*\])+)")


def _number(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise refusal("must be a whole number")
    return text


def _moment(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal("must be a date in ISO 8601, such as 2026-03-14 or 2026-03-14T12:00:00Z") from None


def _metadata(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        value = from_json(text)
    except ValueError:
        raise refusal('must be a JSON object, such as {"user": 7}') from None
    return value


def _not_the_last_day(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.year == 9999:
        raise refusal("must be before the year 9999")
    return moment


# The bound comes first: what stands after a validator is not in the JSON schema.
_Offset = Annotated[int, Field(ge=0, le=_FARTHEST), BeforeValidator(_number)]
_Limit = Annotated[int, Field(ge=1), BeforeValidator(_number)]
_Moment = Annotated[datetime | None, BeforeValidator(_moment), AfterValidator(_not_the_last_day)]


class ListQuery(BaseModel):
    """Filters narrow the list together. Dates without a time zone are in UTC."""

    model_config = ConfigDict(frozen=True)

    offset: _Offset = Field(0, description="Sessions to leave out.")
    limit: _Limit = Field(20, description=f"Sessions on the page; never more than {MOST_ITEMS}.")
    date: _Moment = Field(None, description="Sessions created on that day.")
    before_date: _Moment = Field(None, description="Sessions created before that moment.")
    after_date: _Moment = Field(None, description="Sessions created at that moment or later.")
    status: tuple[SessionStatus, ...] = Field((), description="Repeat it for several.")
    custom_metadata: Annotated[dict[str, Any] | None, BeforeValidator(_metadata)] = Field(
        None,
        description="A JSON object, or `custom_metadata[name]=value`: all of it must be in the session's.",
    )

    @classmethod
    def of(cls, params: QueryParams) -> Self:
        """Raises `InvalidRequest`. Parameters that nobody knows are left alone."""
        values: dict[str, Any] = {name: params[name] for name in cls.model_fields if name in params}
        if "status" in params:
            values["status"] = params.getlist("status")
        try:
            if in_brackets := _from_brackets(params):
                values["custom_metadata"] = in_brackets
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidRequest.of(error) from error

    def filter(self) -> SessionFilter:
        since, until = self.after_date, self.before_date
        if self.date is not None:
            day = self.date.replace(hour=0, minute=0, second=0, microsecond=0)
            since = max(day, since or day)
            until = min(day + timedelta(days=1), until or day + timedelta(days=1))
        return SessionFilter(self.status, since, until, self.custom_metadata)


class Pages:
    """Absolute URLs of pages with the filters of one query."""

    def __init__(self, base: str, params: QueryParams) -> None:
        self._url = f"{base}/v2/live"
        self._filters = [item for item in params.multi_items() if item[0] not in ("offset", "limit")]

    def at(self, offset: int, limit: int) -> str:
        return f"{self._url}?{urlencode([('offset', offset), ('limit', limit), *self._filters])}"


def within(sizes: Sequence[int], most: int) -> int:
    """How many of the first together have no more than `most`; one at least, if there is one."""
    return max(sum(total <= most for total in accumulate(sizes)), min(1, len(sizes)))


def _from_brackets(params: QueryParams) -> dict[str, Any]:
    """`custom_metadata[user][id]=7`, as the official SDKs write it, is `{"user": {"id": "7"}}`."""
    metadata: dict[str, Any] = {}
    for name, value in params.multi_items():
        if match := _IN_BRACKETS.fullmatch(name):
            *path, last = match[1][1:-1].split("][")
            inner = metadata
            for step in path[:_DEEPEST]:
                inner = inner.setdefault(step, {})
                if not isinstance(inner, dict):
                    break
            else:
                inner[last] = value
    return metadata
