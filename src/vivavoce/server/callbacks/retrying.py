"""When to try again, and when to give up: a decision of what came of an attempt, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from vivavoce.storage.records import Dead, Delivered, Waiting

_LONGEST_DELAY = timedelta(hours=1)
_GONE = 410
# Doubled more often, the delay is beyond the longest whatever it was at first.
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver has answered with a status; `retry_after` is the header's value."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """There was no answer. `kind` is a word for figures, `problem` says what happened."""

    kind: str
    problem: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """`backoff`: until the second attempt; `persistence`: for how long a destination may fail."""

    backoff: timedelta
    persistence: timedelta

    def outcome(
        self,
        result: Answer | Failure,
        *,
        now: datetime,
        failures: int,
        failing_since: datetime | None,
        jitter: float,
    ) -> Delivered | Waiting | Dead:
        """What is to become of a delivery after an attempt that ended at `now`.

        `failures` are those of its destination before, the first of them at `failing_since`. The delay
        doubles from failure to failure, up to an hour; `jitter`, from 0 to 1, takes up to half of it away, so
        that what failed together does not come back together. A receiver may ask for more, up to an hour.
        """
        if isinstance(result, Answer) and 200 <= result.status < 300:
            return Delivered()
        problem = result.problem if isinstance(result, Failure) else _said(result.status)
        if isinstance(result, Answer) and result.status == _GONE:
            return Dead(f"{problem}: gone")
        if failing_since is not None and now - failing_since >= self.persistence:
            return Dead(problem)
        delay = min(self.backoff * 2 ** min(failures, _MOST_DOUBLINGS), _LONGEST_DELAY) * (1 - jitter / 2)
        if isinstance(result, Answer) and result.retry_after:
            delay = max(delay, min(_asked(result.retry_after, now), _LONGEST_DELAY))
        return Waiting(problem, now + delay)


def _said(status: int) -> str:
    more = ": redirects are not followed, give the URL it leads to" if 300 <= status < 400 else ""
    return f"answered with status {status}{more}"


def _asked(retry_after: str, now: datetime) -> timedelta:
    """What a `Retry-After` asks for: seconds or a date; nothing where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # The latter for numbers that are too large for what is made of them.
        return timedelta(0)
    return at.replace(tzinfo=at.tzinfo or UTC) - now


def outcome_word(result: Answer | Failure) -> str:
    """What an attempt counts as in the figures."""
    if isinstance(result, Failure):
        return result.kind
    return "delivered" if 200 <= result.status < 300 else "refused"
