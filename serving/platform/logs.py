"""Log lines: an event with ids, for a terminal or a collector. No listing text, no personal data."""

import logging
import sys
from typing import Any

import structlog

from serving.platform.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Set structlog and the standard library's logging to the settings; everything goes to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    # Without the frames' variables, which contain listing texts and signed-in users.
    renderer: Any = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    processors: list[Any] = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    if settings.log_format == "json":
        processors.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
