from datetime import UTC, date, datetime

import pytest

from serving.appeals.service.counter_notice_steps import calendar_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "day", "works", "why"),
    [
        ("DE", date(2026, 5, 1), False, "Labour Day"),
        ("US", date(2026, 5, 1), True, "no holiday in the United States"),
        ("cn", date(2026, 10, 1), False, "National Day; the code is read in either case"),
        ("DE", date(2027, 1, 1), False, "a deadline may run over the new year"),
        ("DE", date(2026, 3, 7), False, "a Saturday"),
        ("BD", date(2026, 3, 6), False, "the weekend of Bangladesh begins on Friday"),
        ("BD", date(2026, 3, 8), True, "and its Sunday is a business day"),
        (None, date(2026, 5, 1), True, "no country, no holidays"),
        (None, date(2026, 3, 8), False, "but Sundays"),
        ("Atlantis", date(2026, 3, 8), False, "a country that nobody knows is none"),
    ],
)
def test_the_business_days_of_a_country(country: str | None, day: date, works: bool, why: str) -> None:
    assert calendar_of(country, AT).works(day) is works, why


def test_an_unknown_country_is_returned_as_none() -> None:
    assert (calendar_of("Atlantis", AT).country, calendar_of("fr", AT).country) == (None, "FR")
