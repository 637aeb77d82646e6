"""Writing to a session's audio log without holding up the event loop."""

from __future__ import annotations

import asyncio

from vivavoce.storage.audio_log import AudioLog

# A frame larger than this is written in a thread, so that the disk cannot hold up the event loop.
_LARGE_FRAME = 256 * 1024


def takes_long(log: AudioLog, data: bytes) -> bool:
    """Whether to append `data` may hold up the event loop."""
    return log.durable or len(data) > _LARGE_FRAME


async def append(log: AudioLog, data: bytes) -> None:
    """Append `data`, in a thread if that takes long. Raises `StorageError`."""
    if takes_long(log, data):
        await asyncio.get_running_loop().run_in_executor(log.executor, log.append, data)
    else:
        log.append(data)
