"""What add-ons have to say in a session, and what to say of one that gives nothing."""

from __future__ import annotations

from dataclasses import dataclass

from vivavoce.errors import VivavoceError
from vivavoce.live.message import Message
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.responses import AddonError


@dataclass(frozen=True, slots=True)
class AddOnDone:
    """An add-on has come to its result; `message` says so, None where nobody asked for its kind."""

    result: AddOnResult
    message: Message | None


@dataclass(frozen=True, slots=True)
class AllDone:
    """After the last final: all add-ons have come to their results."""


def failed(error: VivavoceError, status_code: int = 500) -> AddonError:
    """The error of an add-on that met `error`."""
    return AddonError(
        status_code=status_code,
        exception=type(error).__name__,
        message=f"{error}; the transcript is not affected",
    )
