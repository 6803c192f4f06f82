"""Pages in the reader's language: which are translated, and dates, sizes and times as it writes them."""

from datetime import date, datetime, timedelta
from typing import Final

from babel.dates import format_date, format_skeleton, get_datetime_format
from babel.lists import format_list
from babel.units import format_unit

from serving.platform import display
from serving.platform.tongues import (
    N_,
    NN_,
    Tongue,
    day,
    gettext,
    here,
    ngettext,
    number,
    say,
    say_many,
    tongue,
    tongues,
)
from serving.web.wording import words

__all__ = [
    "NN_",
    "N_",
    "TRANSLATED",
    "Tongue",
    "countries",
    "day",
    "gettext",
    "joined",
    "length",
    "listed",
    "moment",
    "ngettext",
    "number",
    "quoted",
    "say",
    "say_many",
    "short_weekday",
    "size",
    "time",
    "tongue",
    "tongues",
    "weekday",
]

_MEGABYTE: Final = 1_000_000
# Scripts in which sentences follow each other without a blank.
_WITHOUT_BLANKS: Final = frozenset({"Hans", "Hant", "Jpan"})


# A page is translated where it is listed; parts of pages are listed too.
TRANSLATED: Final = frozenset(
    {
        "base.html",
        "brand.html",
        "brand_api_keys.html",
        "brand_dashboard.html",
        "brand_limits.html",
        "brand_macros.html",
        "brand_messages.html",
        "brand_people.html",
        "brand_prices.html",
        "brand_report.html",
        "brand_report_state.html",
        "brand_rights.html",
        "brand_sellers.html",
        "brand_standing.html",
        "brand_indicators.html",
        "certification.html",
        "counter_notices.html",
        "error.html",
        "macros.html",
        "notice.html",
        "notice_confirmation.html",
        "notice_form.html",
        "parts/brand_keys.html",
        "parts/brand_tabs.html",
        "parts/dashboard.html",
        "parts/done.html",
        "parts/help_link.html",
        "parts/removals.html",
        "parts/standing.html",
        "parts/thread.html",
        "parts/onboarding.html",
        "parts/undo.html",
        "reset.html",
        "second_factor.html",
        "second_step.html",
        "stop_removals.html",
        "stop_report.html",
        "seller.html",
        "settings.html",
        "unsubscribe.html",
        "sign_in.html",
        "takedown.html",
        "takedown_answer.html",
    }
)


def weekday(at: datetime | date) -> str:
    """A date in full with its day of the week: Friday 6 March 2026."""
    return format_date(here(at), "full", tongue().locale)


def short_weekday(at: datetime | date) -> str:
    """A day of the near future or past: Fri 6."""
    return format_skeleton("Ed", here(at), locale=tongue().locale)


def moment(at: datetime) -> str:
    """A date in full with the time of day and its zone."""
    return str(get_datetime_format("medium", tongue().locale)).format(time(at), day(at))


def time(at: datetime) -> str:
    """A time of day with its zone."""
    return f"{at.astimezone(display.current().zone):%H:%M} {words.zone(at)}"


def length(left: timedelta) -> str:
    """A length of time in its largest unit, rounded down: nobody has less than it says."""
    minutes = max(int(left.total_seconds()), 0) // 60
    if minutes < 60:
        return say_many("%(n)s minute", "%(n)s minutes", minutes)
    hours = minutes // 60
    if hours < 24:
        return say_many("%(n)s hour", "%(n)s hours", hours)
    return say_many("%(n)s day", "%(n)s days", hours // 24)


def size(number_of_bytes: int) -> str:
    """A size in the unit in which people think of files."""
    is_large = number_of_bytes >= _MEGABYTE
    value = round(number_of_bytes / _MEGABYTE, 1) if is_large else max(1, round(number_of_bytes / 1_000))
    unit = "digital-megabyte" if is_large else "digital-kilobyte"
    return str(format_unit(value, unit, length="short", locale=tongue().locale))


def joined(*sentences: str) -> str:
    """Sentences one after another; Chinese, for one, has no blank between them."""
    return ("" if tongue().locale.script in _WITHOUT_BLANKS else " ").join(sentences)


def listed(items: list[str]) -> str:
    """Items one after another: Wed 4, Thu 5 and Fri 6."""
    return str(format_list(items, locale=tongue().locale))


def quoted(text: str) -> str:
    """Words of somebody else, in the quotation marks of the language."""
    return say("“%(text)s”", text=text)


def countries(codes: list[str]) -> str:
    """Countries by their names; a code that has none stays a code.

    >>> countries(["DE", "FR"])
    'Germany and France'
    """
    return listed([tongue().locale.territories.get(code, code) for code in codes])
