"""Log lines: an event with ids, for a terminal or a collector. No listing text, no personal data, no secret."""

import logging
import re
import sys
import threading
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog

from serving.platform.settings import Settings

log = structlog.get_logger()


def configure_logs(settings: Settings) -> None:
    """Set structlog and the standard library's logging to the settings; everything goes to standard error.

    With `json`, each line is one JSON object, whatever wrote it: libraries, warnings and unhandled errors included.
    """
    level = logging.getLevelNamesMapping()[settings.log_level]
    as_json = settings.log_format == "json"
    ours: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Without the frames' variables, which contain listing texts and signed-in users.
    renderer: Any = console_lines(colors=sys.stderr.isatty())
    if as_json:
        ours.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer(ensure_ascii=True)
    structlog.configure(
        processors=[*ours, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line in one write: other threads and libraries write to the same stream.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *ours],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("dbos").addHandler(logging.NullHandler())  # Else it adds one with a format of its own.
    logging.captureWarnings(as_json)
    if as_json:
        sys.excepthook = _log_crash
        sys.unraisablehook = lambda failure: log.error("object.failed", exc_info=failure.exc_value)
        threading.excepthook = lambda failure: log.error(
            "thread.crashed", thread=failure.thread and failure.thread.name, exc_info=failure.exc_value
        )


def console_lines(*, colors: bool) -> Callable[[Any, str, MutableMapping[str, Any]], str]:
    """Renders the lines of a terminal, each as `structlog.dev.ConsoleRenderer` does.

    That takes four times as long as what is left of it for a line without colours and traceback: every request has one.
    """
    whole = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)

    def line(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        if not (event.keys() >= _PLAIN) or not _LONG.isdisjoint(event):
            return whole(logger, name, event)
        begins = f"{event['timestamp']} [{event['level']:<9}] {event['event']!s:<30}"
        return " ".join(
            [begins, *(f"{key}={_quote_value(event[key])}" for key in sorted(event.keys() - _PLAIN))]
        ).rstrip(" ")

    return whole if colors else line


_PLAIN: Final = frozenset({"timestamp", "level", "event"})
_LONG: Final = frozenset({"exc_info", "exception", "stack", "logger", "logger_name"})
_QUOTED: Final = re.compile("[ \\t=\\r\\n\"']")


def _quote_value(field_value: object) -> str:
    return field_value if isinstance(field_value, str) and not _QUOTED.search(field_value) else repr(field_value)


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("process.crashed", exc_info=(kind, error, trace))
