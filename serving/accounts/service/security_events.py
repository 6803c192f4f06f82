"""Log lines of refused access: what was refused, and keyed hashes of who and where, by which lines can be counted."""

from typing import Any

import structlog

_log = structlog.get_logger()


def denied(what: str, **ids: Any) -> None:
    """Log one refusal. `ids` name nobody: ids, hashes, scopes and routes."""
    _log.warning("security.denied", what=what, **ids)
