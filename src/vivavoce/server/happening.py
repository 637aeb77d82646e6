"""Waiting for something, and not for ever."""

from __future__ import annotations

import asyncio


async def happens(event: asyncio.Event, within: float | None) -> bool:
    """Wait for `event`; whether it is set within so many seconds."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
