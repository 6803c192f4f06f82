"""Times, durations and amounts as a person reads them.

Times are in the reader's zone, UTC without a session; a date is shown only if it is not today's. The bar names the zone
once; pages without a bar, and stored or sent texts, name it with the time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from features.money import exponent
from serving.platform import display

_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}
_SOON: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Due:
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
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def age(days: float) -> str:
    """An age in days in the first year, then in years.

    >>> age(9), age(364), age(1200)
    ('9 d', '364 d', '3 y')
    """
    return f"{days:.0f} d" if days < 365 else f"{int(days / 365.25)} y"


def countdown(seconds: float) -> str:
    """The rest of a short window, to the second.

    >>> countdown(134.9), countdown(-1)
    ('2:14', '0:00')
    """
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def due(at: datetime, now: datetime) -> Due:
    """The state of a deadline."""
    left = at - now
    late = left <= timedelta(0)
    # The exact delay is of no use; in a narrow column the largest unit is enough.
    text = f"{_largest_unit(-left.total_seconds())} late" if late else duration(left.total_seconds())
    return Due(text, moment(at, now), late, not late and left < _SOON)


def _largest_unit(seconds: float) -> str:
    return " ".join(duration(seconds).split()[:2])


def short_moment(at: datetime, now: datetime) -> str:
    """A time of day today, a date on any other day."""
    return f"{_here(at):%H:%M}" if _is_today(at, now) else day(at, now)


def moment(at: datetime, now: datetime) -> str:
    """A time of day, with its date if it is not today, and the year if it is not the current one.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    >>> moment(datetime(2026, 3, 2, 8, 5, tzinfo=UTC), now), moment(datetime(2025, 12, 9, 8, 5, tzinfo=UTC), now)
    ('08:05', '9 Dec 2025 08:05')
    """
    time = f"{_here(at):%H:%M}"
    return time if _is_today(at, now) else f"{day(at, now)} {time}"


def moment_named(at: datetime, now: datetime) -> str:
    """As `moment`, with the zone, for places far from the bar and for dates in another season."""
    return f"{moment(at, now)} {zone(at)}"


def full(at: datetime) -> str:
    """A complete time with year and zone, for visitors without a session and for print.

    >>> from datetime import UTC
    >>> full(datetime(2026, 3, 2, 8, 5, tzinfo=UTC))
    '2 March 2026, 08:05 UTC'
    """
    here = _here(at)
    return f"{here.day} {here:%B %Y, %H:%M} {zone(at)}"


def clock(at: datetime) -> str:
    """A time of day to the second, with its zone, for windows of minutes."""
    return f"{_here(at):%H:%M:%S} {zone(at)}"


def zone(at: datetime) -> str:
    """The name of the zone at that time; zones without an abbreviation by their offset from UTC.

    >>> from datetime import UTC
    >>> zone(datetime(2026, 3, 2, tzinfo=UTC))
    'UTC'
    """
    name = _here(at).tzname() or "UTC"
    return name if name.isalpha() else f"UTC{name}".replace("-", "−")


def yours_until(until: datetime, now: datetime) -> str:
    """The reader's lease of a case, and its end."""
    return f"leased until {moment(until, now)}"


def day(at: datetime, now: datetime) -> str:
    """A date, with its year if it is not the current one."""
    here = _here(at)
    return f"{here.day} {here:%b}" if here.year == _here(now).year else f"{here.day} {here:%b %Y}"


def _here(at: datetime) -> datetime:
    return at.astimezone(display.current().zone)


def _is_today(at: datetime, now: datetime) -> bool:
    return _here(at).date() == _here(now).date()


def amount(value: Decimal, currency: str) -> str:
    """A price as the listing states it.

    >>> amount(Decimal("1890.00"), "EUR"), amount(Decimal("12.50"), "PLN")
    ('€1,890', '12.50 PLN')
    """
    whole = value == value.to_integral_value()
    number = f"{value:,.0f}" if whole else f"{value:,.{max(exponent(currency), 1)}f}"
    return _signed(number, currency)


def about(value: float, currency: str) -> str:
    """A computed amount, without decimals if they add nothing.

    >>> about(3869.7, "EUR"), about(8.214, "EUR"), about(20, "PLN")
    ('€3,870', '€8.21', '20 PLN')
    """
    whole = value >= 100 or abs(value - round(value)) < 0.005
    return _signed(f"{value:,.0f}" if whole else f"{value:,.2f}", currency)


def _signed(number: str, currency: str) -> str:
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency}"


def many(number: int, noun: str) -> str:
    """A count with its noun.

    >>> many(1, "listing"), many(1204, "listing")
    ('1 listing', '1,204 listings')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(words: list[str]) -> str:
    """A list of words as in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def figure(value: float | None, digits: int = 3) -> str:
    """A figure, or `none` if there is none."""
    return "none" if value is None else f"{value:.{digits}f}"


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign, a real minus and not a hyphen.

    >>> signed(1.836), signed(-0.21)
    ('+1.84', '−0.21')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def initials(name: str) -> str:
    """The initials of a name, at most two.

    >>> initials("Ines Moreau"), initials("Wei")
    ('IM', 'W')
    """
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
