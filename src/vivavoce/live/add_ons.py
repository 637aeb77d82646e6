"""What to say of an add-on that was asked for and gives nothing."""

from __future__ import annotations

from vivavoce.errors import VivavoceError
from vivavoce.protocol.responses import AddonError


def not_available(name: str) -> AddonError:
    """The error of the add-on `name`, as a field of the request names it."""
    return AddonError(
        status_code=501,
        exception="NotImplemented",
        message=f"{name} is not available in this version of the server; the transcript is not affected",
    )


def failed(error: VivavoceError) -> AddonError:
    """The error of an add-on that met `error`."""
    return AddonError(
        status_code=500,
        exception=type(error).__name__,
        message=f"{error}; the transcript is not affected",
    )
