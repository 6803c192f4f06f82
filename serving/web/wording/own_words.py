"""Lengths, moments, amounts and shares in the reader's language, as short as `words` writes them in English."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from babel.dates import format_skeleton
from babel.numbers import format_currency, format_percent
from babel.units import format_unit

from features.money import exponent
from serving.platform import display
from serving.platform.languages import ENGLISH
from serving.web.wording import i18n, words
from serving.web.wording.i18n import say, tongue
from serving.web.wording.words import Due

_Length = Literal["short", "narrow", "long"]
# Where the short form is not what readers expect: German "Tg.", the Spanish hour, the ambiguous Russian year.
_LENGTHS: Final[dict[tuple[str, str], _Length]] = {
    ("de", "day"): "long",
    ("de", "year"): "long",
    ("ru", "year"): "long",
    ("es", "year"): "long",
    **{("es", unit): "narrow" for unit in ("second", "minute", "hour", "day")},
}


def duration(seconds: float) -> str:
    """A length of time at the precision at which one plans: 1 h 22."""
    if _is_english():
        return words.duration(seconds)
    whole = max(0, int(seconds))
    if whole < 60:
        return _unit(whole, "second")
    minutes = whole // 60
    if minutes < 60:
        return _unit(minutes, "minute")
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return i18n.joined(_unit(hours, "hour"), *([_unit(minutes, "minute")] if minutes else []))
    days, hours = divmod(hours, 24)
    return i18n.joined(_unit(days, "day"), *([_unit(hours, "hour")] if hours else []))


def hours(value: float) -> str:
    """Minutes below an hour, hours with one decimal above."""
    if _is_english():
        return f"{value * 60:.0f} min" if value < 1 else f"{value:,.1f} h"
    return _unit(round(value * 60), "minute") if value < 1 else _unit(round(value, 1), "hour")


def age(days: float) -> str:
    """How old something is, in days in its first year."""
    if _is_english():
        return words.age(days)
    return _unit(round(days), "day") if days < 365 else _unit(int(days / 365.25), "year")


def due(at: datetime, now: datetime) -> Due:
    """How a deadline stands."""
    found = words.due(at, now)
    if _is_english():
        return found
    left = (at - now).total_seconds()
    text = say("%(time)s late", time=_largest(-left)) if found.late else duration(left)
    return Due(text, moment(at, now), found.late, found.soon)


def short_moment(at: datetime, now: datetime) -> str:
    """A time of day today, a date on any other day."""
    if _is_english():
        return words.short_moment(at, now)
    here = _here(at)
    return f"{here:%H:%M}" if here.date() == _here(now).date() else day(at, now)


def moment(at: datetime, now: datetime) -> str:
    """A time of day, with its date where that is not today's."""
    if _is_english():
        return words.moment(at, now)
    here = _here(at)
    time = f"{here:%H:%M}"
    return time if here.date() == _here(now).date() else f"{day(at, now)} {time}"


def moment_named(at: datetime, now: datetime) -> str:
    """As `moment`, with the zone."""
    return f"{moment(at, now)} {words.zone(at)}"


def full(at: datetime) -> str:
    """A moment whole, with its year and zone."""
    return words.full(at) if _is_english() else i18n.moment(at)


def day(at: datetime, now: datetime) -> str:
    """A date, with its year where that is not this one."""
    if _is_english():
        return words.day(at, now)
    here = _here(at)
    skeleton = "MMMd" if here.year == _here(now).year else "yMMMd"
    return str(format_skeleton(skeleton, here.date(), locale=tongue().locale))


def calendar_day(on: date) -> str:
    """A day of a calendar with its year, in no zone."""
    return f"{on.day} {on:%b %Y}" if _is_english() else str(format_skeleton("yMMMd", on, locale=tongue().locale))


def month(at: datetime) -> str:
    """A month with its year; `at` counts as it stands, in UTC."""
    return f"{at:%b %Y}" if _is_english() else str(format_skeleton("yMMM", at.date(), locale=tongue().locale))


def amount(value: Decimal, currency: str) -> str:
    """A price as it was named."""
    if _is_english():
        return words.amount(value, currency)
    return _money(value, currency, 0 if value == value.to_integral_value() else max(exponent(currency), 1))


def about(value: float, currency: str) -> str:
    """An amount that was worked out, without decimals where they say nothing."""
    if _is_english():
        return words.about(value, currency)
    is_whole = value >= 100 or abs(value - round(value)) < 0.005
    return _money(Decimal(str(value)), currency, 0 if is_whole else 2)


def named_price(content: Mapping[str, Any]) -> str:
    """The price in a version's stored content, or that there is none."""
    price, currency = content.get("price"), content.get("currency")
    return amount(Decimal(price), currency) if price and currency else say("no price")


def percent(share: float, digits: int = 0) -> str:
    """A share of one, in hundredths."""
    if _is_english():
        return f"{share:.{digits}%}"
    pattern = tongue().locale.percent_formats[None].pattern.replace("0", _decimals(digits))
    return format_percent(share, format=pattern, locale=tongue().locale)


def listed(items: list[str]) -> str:
    """Items as in a sentence."""
    return words.listed(items) if _is_english() else i18n.listed(items)


def _money(value: Decimal, currency: str, digits: int) -> str:
    pattern = tongue().locale.currency_formats["standard"].pattern.replace("0.00", _decimals(digits))
    return format_currency(value, currency, format=pattern, locale=tongue().locale, currency_digits=False)


def _decimals(digits: int) -> str:
    return f"0.{'0' * digits}" if digits else "0"


def _largest(seconds: float) -> str:
    """How late to the minute is of no use."""
    whole = max(0, int(seconds))
    of = next((length for length in (86_400, 3_600, 60) if whole >= length), 1)
    return duration(whole // of * of)


def _unit(number: float, unit: str) -> str:
    """Without the full stop of an abbreviation, which would stand beside that of the sentence."""
    length: _Length = _LENGTHS.get((tongue().language, unit), "short")
    return format_unit(number, f"duration-{unit}", length=length, locale=tongue().locale).removesuffix(".")


def _is_english() -> bool:
    return tongue().language == ENGLISH


def _here(at: datetime) -> datetime:
    return at.astimezone(display.current().zone)
