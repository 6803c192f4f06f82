from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from serving.web.wording import words

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_left", "text", "late", "soon"),
    [
        (timedelta(hours=1, minutes=22), "1 h 22", False, False),
        (timedelta(minutes=41), "41 min", False, True),
        (timedelta(days=4), "4 d", False, False),
        (timedelta(0), "0 s late", True, False),
        (timedelta(days=-5, hours=-2), "5 d late", True, False),
        (timedelta(hours=-2, minutes=-4), "2 h late", True, False),
    ],
)
def test_a_deadline_says_what_is_left_or_how_late_it_is(
    time_left: timedelta, text: str, late: bool, soon: bool
) -> None:
    due = words.due(NOW + time_left, NOW)
    assert (due.text, due.late, due.soon) == (text, late, soon)


def test_a_date_stands_only_where_it_is_not_todays() -> None:
    assert words.moment(NOW - timedelta(hours=2), NOW) == "07:00"
    assert words.moment(NOW - timedelta(days=1), NOW) == "1 Mar 09:00"
    assert words.moment(NOW - timedelta(days=365), NOW) == "2 Mar 2025 09:00"
    assert words.short_moment(NOW - timedelta(days=1), NOW) == "1 Mar"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1890.00", "EUR", "€1,890"), ("12.50", "USD", "$12.50"), ("1500", "JPY", "1,500 JPY"), ("0", "GBP", "£0")],
)
def test_an_amount_reads_as_it_was_named(amount: str, currency: str, text: str) -> None:
    assert words.amount(Decimal(amount), currency) == text


def test_a_window_counts_down_to_the_second() -> None:
    assert [words.countdown(seconds) for seconds in (180, 59.9, 0, -3)] == ["3:00", "0:59", "0:00", "0:00"]


def test_names_become_two_letters_at_most() -> None:
    assert [words.initials(name) for name in ("Ines Moreau", "Wei", "Ana de la Cruz", "")] == ["IM", "W", "AC", ""]


def test_a_figure_that_does_not_exist_is_called_none() -> None:
    assert words.figure(None) == "none"
