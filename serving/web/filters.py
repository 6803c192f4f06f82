"""Filters of templates: they format values in the reader's language. A value that is missing gives an empty text."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from models.messages.english import in_english
from serving.platform import tongues
from serving.platform.languages import ENGLISH
from serving.web import text_view
from serving.web.wording import words


@pass_context
def _moment(context: Context, at: datetime | None, now: datetime | None = None) -> str:
    """A time as of `now`, which is the marketplace's present unless the template names another clock."""
    return "" if at is None else words.moment(at, now or context["now"])


@pass_context
def _moment_named(context: Context, at: datetime | None) -> str:
    return "" if at is None else words.moment_named(at, context["now"])


@pass_context
def _day(context: Context, at: datetime | None, now: datetime | None = None) -> str:
    return "" if at is None else words.day(at, now or context["now"])


def _duration(span: timedelta | float | None) -> str:
    if span is None:
        return ""
    return words.duration(span.total_seconds() if isinstance(span, timedelta) else span)


def _number(number: int) -> str:
    return f"{number:,}" if tongues.current_tongue().language == ENGLISH else tongues.number(number)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "amount": words.amount, "clock": words.clock, "day": _day, "duration": _duration, "english": in_english,
    "figure": words.figure, "full": words.full_moment, "listed": words.join_list, "moment": _moment,
    "moment_named": _moment_named, "number": _number, "percent": words.percent, "shown": text_view.show,
}  # fmt: skip
