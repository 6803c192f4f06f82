"""The business calendar of a country, from the `holidays` package."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from serving.platform.deadlines import BusinessCalendar

# The longest profile runs for weeks; a further year covers all of its deadlines.
_YEARS_AHEAD: Final = timedelta(days=366)


def calendar_of(country: str | None, at: datetime) -> BusinessCalendar:
    """The non-working days of a country, for deadlines that begin at a moment.

    National holidays only: regional ones would require the seller's region, which is not known. Without a country, or
    with one that the package does not know, Saturdays and Sundays are free; `country` is then None.
    """
    code = (country or "").strip().upper()
    return _calendar(code, at.year, (at + _YEARS_AHEAD).year)


@lru_cache(maxsize=512)
def _calendar(code: str, first_year: int, last_year: int) -> BusinessCalendar:
    if not code:
        return BusinessCalendar()
    import holidays  # noqa: PLC0415  # Every process would wait for it at its start, and few deadlines are set.

    if code not in holidays.list_supported_countries(include_aliases=False):
        return BusinessCalendar()
    found = holidays.country_holidays(code, years=range(first_year, last_year + 1))
    return BusinessCalendar(code, frozenset(found.weekend), frozenset(found))
