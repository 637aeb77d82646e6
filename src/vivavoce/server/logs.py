"""How the server logs: to standard error, readable or as JSON, without tokens or keys."""

from __future__ import annotations

import logging
import sys

import structlog

from vivavoce.settings import Settings


def configure_logging(settings: Settings) -> None:
    """Set up logging for this process. Only a command calls it, never an import."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering = _rendering(settings.log_format)
    others = logging.StreamHandler(sys.stderr)
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
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _rendering(log_format: str) -> list[structlog.typing.Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # A traceback with the values of variables would show what was said, and secrets.
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [plain]
