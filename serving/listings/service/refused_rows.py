"""Refused rows: stored with the reason, a hash and their beginning, so that no row is lost silently."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from features.fields import FieldError
from features.listing import Rejection
from serving.platform.runtime import Runtime

_ROW_HEAD: Final = 16_384


def refused_row_columns(
    runtime: Runtime,
    marketplace_id: str,
    row: object,
    problem: Rejection | FieldError,
    *,
    source: str,
    number: int,
    at: datetime,
) -> dict[str, Any]:
    """The stored form of one refused row, with its number in the file or request, from 1."""
    text = row if isinstance(row, str) else json.dumps(row, ensure_ascii=True, default=str)
    row_text = _storable(text.encode("ascii", "backslashreplace").decode())
    return {
        "marketplace_id": marketplace_id,
        "quarantine_id": runtime.ids.new("qua"),
        "source": source,
        "code": problem.code,
        "field": _storable(problem.field)[:200],
        "sentence": _storable(problem.sentence)[:500],
        "row_hash": hashlib.sha256(row_text.encode()).hexdigest(),
        "row_length": len(row_text),
        "row_head": row_text[:_ROW_HEAD],
        "row_number": number,
        "known_at": at,
    }


def _storable(text: str) -> str:
    """The text with escapes for NUL and lone surrogates, which PostgreSQL cannot store."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def external_id_of(row: object) -> str | None:
    """The id that a refused row gives itself, safe to include in an answer."""
    external_id = row.get("external_id") if isinstance(row, Mapping) else None
    return external_id.encode("ascii", "backslashreplace").decode()[:200] if isinstance(external_id, str) else None
