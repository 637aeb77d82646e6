"""How late the event loop is: what everything that it does has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_INTERVAL = 0.05


async def watch_loop_lag(observe: Callable[[float], None]) -> None:
    """Until cancelled, tell how many seconds after its time a timer fires, twenty times a second."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _INTERVAL
        await asyncio.sleep(_INTERVAL)
        observe(max(0.0, loop.time() - due))
