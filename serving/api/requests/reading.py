"""Bodies are read apart from the event loop, unless they are small, and not at all where they would cost too much."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi.concurrency import run_in_threadpool

from models.errors import Invalid
from serving.listings.service.intake import LARGEST_BATCH

T = TypeVar("T")
SMALL_BYTES: Final = 64_000
_MOST_VALUES: Final = 250 * LARGEST_BATCH  # Several times what the rows of a batch can hold.
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


async def parse_off_loop(parse: Callable[[bytes], T], body: bytes) -> T:
    """What a body says; a large one is read in a thread, so that nobody else waits for it.

    Raises Invalid (it has more values than any request), and what `parse` raises.
    """
    return parse(body) if len(body) <= SMALL_BYTES else await run_in_threadpool(_parse_within_limit, parse, body)


def _parse_within_limit(parse: Callable[[bytes], T], body: bytes) -> T:
    # Each value of a few bytes becomes an object of sixty; marks within texts do not count.
    if _value_mark_count(body) > _MOST_VALUES and _value_mark_count(_TEXT.sub(b"", body)) > _MOST_VALUES:
        raise Invalid("The request body has more than {most:,} values. Send fewer at once.", most=_MOST_VALUES)
    return parse(body)


def _value_mark_count(body: bytes) -> int:
    """The number of marks before a value in JSON, and a few others."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")
