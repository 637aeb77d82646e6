"""Sessions are opened and deleted: never the same one at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Opening:
    """What keeps those apart who open sessions and those who delete them."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who looks up a session in order to run it, until it runs or cannot. Two sockets may arrive with
    one token at the same time; there is one session."""
    deleting: list[str] = field(default_factory=list)
    """The sessions that are being deleted, once for each call: they are not opened. To be added to with the
    lock held."""
