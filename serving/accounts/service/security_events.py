"""Log lines of refused access: what was refused, and keyed hashes of who and where, by which lines can be counted."""

from typing import Any

from serving.platform.logs import log


def log_denial(what: str, **ids: Any) -> None:
    """Log one refusal. `ids` name nobody: ids, hashes, scopes and routes."""
    log.warning("security.denied", what=what, **ids)
