"""How the server logs: to standard error, readable or as JSON, without tokens or keys."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import AbstractContextManager, suppress
from typing import TextIO

import structlog
from structlog.testing import capture_logs

from vivavoce.settings import Settings


def nothing_logged() -> AbstractContextManager[object]:
    """For a command that says by itself what it finds."""
    return capture_logs()


def configure_logging(settings: Settings) -> None:
    """Set up logging for this process. Only a command calls it, never an import."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering = _rendering(settings.log_format)
    lines = _Lines(sys.stderr)
    others = logging.StreamHandler(lines)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
            foreign_pre_chain=[*processors, structlog.stdlib.add_logger_name],
        )
    )
    # Uvicorn's own lines at `info` hold the URLs of sockets, and so the sessions' tokens.
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[others])
    structlog.configure(
        processors=[*processors, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(lines),
    )


class _Lines(io.StringIO):
    """Where lines go, or get lost: a log on a full disk must not end what it tells of."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _rendering(log_format: str) -> list[structlog.typing.Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # A traceback with the values of variables would show what was said, and secrets.
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [plain]
