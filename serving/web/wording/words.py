"""Times, durations, amounts and lists as a person reads them, in the language of the request.

Times are in the reader's zone, UTC without a session; a date is shown only if it is not today's. The bar names the zone
once; pages without a bar, and stored or sent texts, name it with the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from babel.dates import format_date, format_skeleton, get_datetime_format
from babel.lists import format_list
from babel.numbers import format_currency, format_percent
from babel.units import format_unit

from features.money import exponent
from serving.platform import display
from serving.platform.languages import ENGLISH
from serving.platform.tongues import current_tongue, join_sentences, local_date, say, say_many
from serving.platform.tongues import day as long_day

_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}
_SOON: Final = timedelta(hours=1)
_MEGABYTE: Final = 1_000_000
_Length = Literal["short", "narrow", "long"]
# Where the short form is not what readers expect: German "Tg.", the Spanish hour, the ambiguous Russian year.
_LENGTHS: Final[dict[tuple[str, str], _Length]] = {
    ("de", "day"): "long",
    ("de", "year"): "long",
    ("ru", "year"): "long",
    ("es", "year"): "long",
    **{("es", unit): "narrow" for unit in ("second", "minute", "hour", "day")},
}
_ENGLISH_UNITS: Final = {"second": "s", "minute": "min", "hour": "h", "day": "d", "year": "y"}


@dataclass(frozen=True, slots=True)
class DueWords:
    """The time left in words, and whether it is short or over."""

    text: str
    at: str
    late: bool
    soon: bool


def duration(seconds: float) -> str:
    """A duration, rounded for planning.

    >>> duration(45), duration(41 * 60), duration(82 * 60), duration(11 * 3600), duration(76 * 3600)
    ('45 s', '41 min', '1 h 22', '11 h', '3 d 4 h')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return _with_unit(whole, "second")
    minutes = whole // 60
    if minutes < 60:
        return _with_unit(minutes, "minute")
    hours, minutes = divmod(minutes, 60)
    if hours < 24 and _is_english():
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    if hours < 24:
        return join_sentences(_with_unit(hours, "hour"), *([_with_unit(minutes, "minute")] if minutes else []))
    days, hours = divmod(hours, 24)
    return join_sentences(_with_unit(days, "day"), *([_with_unit(hours, "hour")] if hours else []))


def age(days: float) -> str:
    """An age in days in the first year, then in years.

    >>> age(9), age(364), age(1200)
    ('9 d', '364 d', '3 y')
    """
    return _with_unit(round(days), "day") if days < 365 else _with_unit(int(days / 365.25), "year")


def length(time_left: timedelta) -> str:
    """A length of time in its largest unit, rounded down: nobody has less than it says."""
    minutes = max(int(time_left.total_seconds()), 0) // 60
    if minutes < 60:
        return say_many("%(n)s minute", "%(n)s minutes", minutes)
    hours = minutes // 60
    if hours < 24:
        return say_many("%(n)s hour", "%(n)s hours", hours)
    return say_many("%(n)s day", "%(n)s days", hours // 24)


def countdown(seconds: float) -> str:
    """The rest of a short window, to the second.

    >>> countdown(134.9), countdown(-1)
    ('2:14', '0:00')
    """
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def due(at: datetime, now: datetime) -> DueWords:
    """The state of a deadline."""
    time_left = at - now
    late = time_left <= timedelta(0)
    # The exact delay is of no use; in a narrow column the largest unit is enough.
    text = say("%(time)s late", time=_largest_unit(-time_left)) if late else duration(time_left.total_seconds())
    return DueWords(text, moment(at, now), late, not late and time_left < _SOON)


def _largest_unit(late: timedelta) -> str:
    seconds = int(late.total_seconds())
    unit = next((unit for unit in (86_400, 3_600, 60) if seconds >= unit), 1)
    return duration(seconds // unit * unit)


def short_moment(at: datetime, now: datetime) -> str:
    """A time of day today, a date on any other day."""
    return f"{_in_reader_zone(at):%H:%M}" if _is_today(at, now) else day(at, now)


def moment(at: datetime, now: datetime) -> str:
    """A time of day, with its date if it is not today, and the year if it is not the current one.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    >>> moment(datetime(2026, 3, 2, 8, 5, tzinfo=UTC), now), moment(datetime(2025, 12, 9, 8, 5, tzinfo=UTC), now)
    ('08:05', '9 Dec 2025 08:05')
    """
    time_of_day = f"{_in_reader_zone(at):%H:%M}"
    return time_of_day if _is_today(at, now) else f"{day(at, now)} {time_of_day}"


def moment_named(at: datetime, now: datetime) -> str:
    """As `moment`, with the zone, for places far from the bar and for dates in another season."""
    return f"{moment(at, now)} {zone(at)}"


def full_moment(at: datetime) -> str:
    """A complete time with year and zone, for visitors without a session and for print.

    >>> from datetime import UTC
    >>> full_moment(datetime(2026, 3, 2, 8, 5, tzinfo=UTC))
    '2 March 2026, 08:05 UTC'
    """
    return str(get_datetime_format("medium", current_tongue().locale)).format(time(at), long_day(at))


def time(at: datetime) -> str:
    return f"{_in_reader_zone(at):%H:%M} {zone(at)}"


def clock(at: datetime) -> str:
    """A time of day to the second, with its zone, for windows of minutes."""
    return f"{_in_reader_zone(at):%H:%M:%S} {zone(at)}"


def zone(at: datetime) -> str:
    """The name of the zone at that time; zones without an abbreviation by their offset from UTC.

    >>> from datetime import UTC
    >>> zone(datetime(2026, 3, 2, tzinfo=UTC))
    'UTC'
    """
    name = _in_reader_zone(at).tzname() or "UTC"
    return name if name.isalpha() else f"UTC{name}".replace("-", "−")


def yours_until(until: datetime, now: datetime) -> str:
    """The reader's lease of a case, and its end."""
    return f"leased until {moment(until, now)}"


def day(at: datetime, now: datetime) -> str:
    """A date, with its year if it is not the current one."""
    local = _in_reader_zone(at)
    if local.year != _in_reader_zone(now).year:
        return calendar_day(local.date())
    return f"{local.day} {local:%b}" if _is_english() else _format_date("MMMd", local)


def calendar_day(on: date) -> str:
    """A day of a calendar with its year, in no zone."""
    return f"{on.day} {on:%b %Y}" if _is_english() else _format_date("yMMMd", on)


def month(at: datetime) -> str:
    """A month with its year; `at` counts as it stands, in UTC."""
    return f"{at:%b %Y}" if _is_english() else _format_date("yMMM", at)


def weekday(at: datetime | date) -> str:
    """A date in full with its day of the week: Friday 6 March 2026."""
    return format_date(local_date(at), "full", current_tongue().locale)


def short_weekday(at: datetime | date) -> str:
    """A day of the near future or past: Fri 6."""
    return _format_date("Ed", local_date(at))


def _format_date(fields: str, on: date) -> str:
    return str(format_skeleton(fields, on, locale=current_tongue().locale))


def _in_reader_zone(at: datetime) -> datetime:
    return at.astimezone(display.current_display().zone)


def _is_today(at: datetime, now: datetime) -> bool:
    return _in_reader_zone(at).date() == _in_reader_zone(now).date()


def _is_english() -> bool:
    return current_tongue().language == ENGLISH


def _with_unit(number: float, unit: str) -> str:
    """Without the full stop of an abbreviation, which would stand beside that of the sentence."""
    if _is_english():
        return f"{number} {_ENGLISH_UNITS[unit]}"
    shape: _Length = _LENGTHS.get((current_tongue().language, unit), "short")
    return format_unit(number, f"duration-{unit}", length=shape, locale=current_tongue().locale).removesuffix(".")


def amount(price: Decimal, currency: str) -> str:
    """A price as the listing states it.

    >>> amount(Decimal("1890.00"), "EUR"), amount(Decimal("12.50"), "PLN")
    ('€1,890', '12.50 PLN')
    """
    return _format_money(price, currency, 0 if price == price.to_integral_value() else max(exponent(currency), 1))


def rough_amount(estimate: float, currency: str) -> str:
    """A computed amount, without decimals if they add nothing.

    >>> rough_amount(3869.7, "EUR"), rough_amount(8.214, "EUR"), rough_amount(20, "PLN")
    ('€3,870', '€8.21', '20 PLN')
    """
    return _format_money(estimate, currency, 0 if estimate >= 100 or abs(estimate - round(estimate)) < 0.005 else 2)


def named_price(content: Mapping[str, Any]) -> str:
    """The price in a version's stored content, or that there is none."""
    price, currency = content.get("price"), content.get("currency")
    return amount(Decimal(price), currency) if price and currency else say("no price")


def _format_money(price: Decimal | float, currency: str, digits: int) -> str:
    if _is_english():
        number, sign = f"{price:,.{digits}f}", _SIGNS.get(currency)
        return f"{sign}{number}" if sign else f"{number} {currency}"
    pattern = current_tongue().locale.currency_formats["standard"].pattern.replace("0.00", _decimal_pattern(digits))
    return format_currency(
        Decimal(str(price)), currency, format=pattern, locale=current_tongue().locale, currency_digits=False
    )


def percent(share: float, digits: int = 0) -> str:
    """A share of one, in hundredths."""
    if _is_english():
        return f"{share:.{digits}%}"
    pattern = current_tongue().locale.percent_formats[None].pattern.replace("0", _decimal_pattern(digits))
    return format_percent(share, format=pattern, locale=current_tongue().locale)


def _decimal_pattern(digits: int) -> str:
    return f"0.{'0' * digits}" if digits else "0"


def size(number_of_bytes: int) -> str:
    """A size in the unit in which people think of files."""
    is_large = number_of_bytes >= _MEGABYTE
    rounded_size = round(number_of_bytes / _MEGABYTE, 1) if is_large else max(1, round(number_of_bytes / 1_000))
    unit = "digital-megabyte" if is_large else "digital-kilobyte"
    return str(format_unit(rounded_size, unit, length="short", locale=current_tongue().locale))


def many(number: int, noun: str) -> str:
    """A count with its noun, in English.

    >>> many(1, "listing"), many(1204, "listing")
    ('1 listing', '1,204 listings')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def join_list(items: list[str]) -> str:
    """Items as in a sentence.

    >>> join_list(["a", "b", "c"]), join_list(["a"])
    ('a, b and c', 'a')
    """
    return str(format_list(items, locale=current_tongue().locale))


def quote(text: str) -> str:
    """Words of somebody else, in the quotation marks of the language."""
    return say("“%(text)s”", text=text)


def country_names(codes: list[str]) -> str:
    """Countries by their names in the reader's language, as a list in a sentence; a code without a name stays a code.

    >>> country_names(["DE", "FR"])
    'Germany and France'
    """
    return join_list([current_tongue().locale.territories.get(code, code) for code in codes])


def figure(number: float | None, digits: int = 3) -> str:
    """A figure, or `none` if there is none."""
    return "none" if number is None else f"{number:.{digits}f}"


def signed_figure(difference: float, digits: int = 2) -> str:
    """A difference with its sign, a real minus and not a hyphen.

    >>> signed_figure(1.836), signed_figure(-0.21)
    ('+1.84', '−0.21')
    """
    return f"{difference:+.{digits}f}".replace("-", "−")


def initials(name: str) -> str:
    """The initials of a name, at most two.

    >>> initials("Ines Moreau"), initials("Wei")
    ('IM', 'W')
    """
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
