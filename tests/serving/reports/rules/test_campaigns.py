import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from models.errors import Conflict, DeadlinePassed, DomainError, Invalid
from serving.appeals.policy import AppealPolicy, SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import DocumentsOnFile
from serving.reports.policy import DEFAULT_CAMPAIGNS, DEFAULT_REPORTS, ReportPolicy
from serving.reports.rules.attachments import (
    TestBuyRecord,
    admit_document,
    bought_listing_number,
    check_hand_in,
    number_in_report,
)
from serving.reports.rules.good_faith import Accusation, Campaign, find_campaigns
from serving.reports.rules.outcomes import digest_of, is_marketplace_asked
from tests.fixtures.clocks import NOW

_NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
_RIVAL: Final = "rival"


def accusations_of(seller: str, n: int, *, days_ago: float = 0.5, first: int = 0) -> list[Accusation]:
    at = _NOW - timedelta(days=days_ago)
    return [Accusation(seller, f"{seller}-{days_ago}-{first + number}", at) for number in range(n)]


def usual_accusations(n: int) -> list[Accusation]:
    """As many listings of another seller on each of ten days of the reference period."""
    return [claim for day in range(10, 20) for claim in accusations_of(f"shop-{day}", n, days_ago=day + 0.5)]


@pytest.mark.parametrize(
    ("accusations", "expected", "why"),
    [
        (accusations_of(_RIVAL, 14), 0, "fewer than the least count, however rare the brand's statements are"),
        (accusations_of(_RIVAL, 15), 1, "the least count of a day, without a history"),
        ([*accusations_of(_RIVAL, 15), *usual_accusations(3)], 0, "five times the usual number is not more than it"),
        ([*accusations_of(_RIVAL, 16), *usual_accusations(3)], 1, "more than five times the usual number"),
        ([*accusations_of(_RIVAL, 20), *usual_accusations(4)], 0, "a brand that usually finds four of a seller"),
        (accusations_of(_RIVAL, 8) + accusations_of("other", 8), 0, "sixteen listings, but of two sellers"),
        (accusations_of(_RIVAL, 15, days_ago=1.5), 0, "the day is over, and the week has fewer than thirty"),
        (
            [claim for day in range(4) for claim in accusations_of(_RIVAL, 8, days_ago=day + 0.5)],
            1,
            "slowly, within a week",
        ),
        (
            [claim for day in range(35) for claim in accusations_of(_RIVAL, 5, days_ago=day + 0.5)],
            1,
            "it never becomes usual",
        ),
        (accusations_of(_RIVAL, 1) * 20, 0, "the same listing twenty times is one listing"),
        (accusations_of(_RIVAL, 20, days_ago=-0.1), 0, "later statements are not known yet"),
    ],
)
def test_a_campaign_is_far_above_the_brands_usual_rate(accusations: list[Accusation], expected: int, why: str) -> None:
    assert len(find_campaigns(accusations, _NOW, DEFAULT_CAMPAIGNS)) == expected, why


def test_a_campaign_names_its_seller_its_listings_and_the_usual_number() -> None:
    alerts = find_campaigns(
        [*accusations_of(_RIVAL, 30), *accusations_of("second", 16), *usual_accusations(2)], _NOW, DEFAULT_CAMPAIGNS
    )
    assert alerts == (Campaign(_RIVAL, 30, 1, 2.0), Campaign("second", 16, 1, 2.0))


_BRANDS: Final = 20
_DAYS: Final = 90
_LOOKS_A_DAY: Final = 4
_FEWEST: Final = min(least for _, least in DEFAULT_CAMPAIGNS.windows)


def honest_accusations(chance: random.Random) -> list[Accusation]:
    """Ninety days of an honest brand, and as many before: some sellers are named often, some shops are found whole.

    A brand names 0.3 to 12 listings a day; about once a month it finds a shop, whose number of counterfeits is
    geometric with a mean of six.
    """
    a_day, sellers = chance.uniform(0.3, 12), chance.randint(30, 200)
    weights = [1 / (rank + 1) ** 0.7 for rank in range(sellers)]
    accusations: list[Accusation] = []

    def add(seller: str, at: datetime) -> None:
        accusations.append(Accusation(seller, f"l-{len(accusations)}", at))

    for day in range(2 * _DAYS):
        begins = _NOW + timedelta(days=day)
        for _ in range(int(chance.expovariate(1 / a_day))):
            number = chance.choices(range(sellers), weights)[0]
            add(f"s-{number}", begins + timedelta(hours=chance.uniform(8, 18)))
        if chance.random() < 1 / 30:
            at = begins + timedelta(hours=chance.uniform(8, 16))
            n = 1
            while chance.random() < 5 / 6:
                n += 1
            for _ in range(n):
                add(f"shop-{day}", at)
    return sorted(accusations, key=lambda accusation: accusation.at)


def alerts_of(accusations: list[Accusation]) -> Iterator[int]:
    """The month, 0 to 2, of each alert of the last ninety days; one is open for a seller for a week at least."""
    ends: dict[str, datetime] = {}
    moments = [accusation.at for accusation in accusations]
    for look in range(_DAYS * _LOOKS_A_DAY):
        at = _NOW + timedelta(days=_DAYS + look / _LOOKS_A_DAY)
        begins, week_begins, end = (bisect_right(moments, at - timedelta(days=days)) for days in (36, 7, 0))
        week = Counter(accusation.seller for accusation in accusations[week_begins:end])
        if max(week.values(), default=0) < _FEWEST:
            continue  # No seller reaches a least count.
        for campaign in find_campaigns(accusations[begins:end], at, DEFAULT_CAMPAIGNS):
            if ends.get(campaign.seller, at) <= at:
                yield look // (30 * _LOOKS_A_DAY)
                ends[campaign.seller] = at + timedelta(days=DEFAULT_CAMPAIGNS.shown_days)


def test_a_clean_replay_of_twenty_brands_has_at_most_one_false_alert_a_brand_and_month() -> None:
    false = Counter(
        (brand, month)
        for brand in range(_BRANDS)
        for month in alerts_of(honest_accusations(random.Random(f"clean {brand}")))
    )
    assert 0 < false.total() <= _BRANDS * 3 / 4, "whole shops are found, and most of these months stay quiet"
    assert max(false.values()) <= 1, false


# The documents and the test buy that a report may carry.

PDF = b"%PDF-1.7 " + b"x" * 91
POLICY = ReportPolicy(most_documents=3, most_document_bytes_a_day=1_000)
DOCUMENTS = SellerEvidencePolicy(largest_document=100, most_documents=9, most_bytes=250)
NOTHING = DocumentsOnFile(0, 0)
TODAY = date(2026, 3, 10)
NAMES = ("MP-1", "7", "https://bazaar.example/item/MP-3")
RECORD = TestBuyRecord("4711-A", date(2026, 3, 1), date(2026, 3, 9), "The serial number is printed.", "MP-1")
SENT_AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "today", "why"),
    [
        (NOTHING, 0, "the first"),
        (DocumentsOnFile(2, 150), 900, "the last of the report, of its bytes and of the day's, to the byte"),
    ],
)
def test_a_document_within_the_limits_is_taken(before: DocumentsOnFile, today: int, why: str) -> None:
    assert admit_document(PDF, before, today, policy=POLICY, documents=DOCUMENTS) == "application/pdf", why


@pytest.mark.parametrize(
    ("content", "before", "today", "error", "message"),
    [
        (b"", NOTHING, 0, Invalid, "Choose a document"),
        (PDF + b"x", NOTHING, 0, Invalid, "at most 0.0001 MB"),
        (b"<html>", NOTHING, 0, Invalid, "a PDF, PNG or JPEG"),
        (PDF, DocumentsOnFile(3, 30), 0, Conflict, "This report already has 3 documents"),
        (PDF, DocumentsOnFile(2, 151), 0, Conflict, "All documents of a report .* in total"),
        (PDF, NOTHING, 901, Conflict, "Your brand sent very many documents today"),
    ],
)
def test_a_document_is_refused(
    content: bytes, before: DocumentsOnFile, today: int, error: type[DomainError], message: str
) -> None:
    with pytest.raises(error, match=message):
        admit_document(content, before, today, policy=POLICY, documents=DOCUMENTS)


def test_a_report_takes_evidence_for_as_long_as_its_removals_can_be_contested() -> None:
    days = timedelta(days=POLICY.evidence_days)
    assert POLICY.evidence_days >= 30.5 * AppealPolicy().open_months
    check_hand_in(SENT_AT, SENT_AT + days - timedelta(microseconds=1), POLICY)
    with pytest.raises(DeadlinePassed, match="for 183 days after it was sent"):
        check_hand_in(SENT_AT, SENT_AT + days, POLICY)


@pytest.mark.parametrize(("number", "listings", "about"), [(None, 1, 1), (None, 3, None), (3, 3, 3), (1, 1, 1)])
def test_evidence_is_about_a_listing_or_the_whole_report(number: int | None, listings: int, about: int | None) -> None:
    assert number_in_report(number, listings) == about


@pytest.mark.parametrize("number", [0, 4])
def test_evidence_about_no_listing_of_the_report_is_refused(number: int) -> None:
    with pytest.raises(Invalid, match="no listing of this number"):
        number_in_report(number, 3)


@pytest.mark.parametrize(
    ("listing", "names", "number", "why"),
    [
        ("MP-1", NAMES, 1, "by its name"),
        (" https://bazaar.example/item/MP-3 ", NAMES, 3, "by its address"),
        ("3", NAMES, 3, "by its number"),
        ("7", NAMES, 2, "a name that is a number comes first"),
        (None, ("MP-1",), 1, "the only one needs no name"),
        (" ", ("MP-1",), 1, "white space is no name"),
    ],
)
def test_the_listing_that_was_bought_is_found(
    listing: str | None, names: tuple[str, ...], number: int, why: str
) -> None:
    assert bought_listing_number(replace(RECORD, listing=listing), names, TODAY) == number, why


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"listing": None}, "Name the listing that was bought"),
        ({"listing": "MP-9"}, "Name the listing that was bought"),
        ({"listing": "4"}, "Name the listing that was bought"),
        ({"listing": "0"}, "Name the listing that was bought"),
        ({"listing": "1" * 5_000}, "Name the listing that was bought"),
        ({"listing": "\N{SUPERSCRIPT TWO}"}, "Name the listing that was bought"),
        ({"order_reference": " "}, "order reference must have 1 to 200"),
        ({"order_reference": "x" * 201}, "order reference must have 1 to 200"),
        ({"finding": "\n"}, "what was found in the test buy, in 1 to 2,000"),
        ({"finding": "x" * 2_001}, "what was found in the test buy, in 1 to 2,000"),
        ({"ordered_on": TODAY + timedelta(days=1), "received_on": None}, "cannot be in the future"),
        ({"received_on": TODAY + timedelta(days=1)}, "received before they were ordered, or in the future"),
        ({"received_on": RECORD.ordered_on - timedelta(days=1)}, "received before they were ordered"),
    ],
)
def test_an_incomplete_test_buy_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        bought_listing_number(replace(RECORD, **changed), NAMES, TODAY)  # type: ignore[arg-type]  # one field of each type


@pytest.mark.parametrize(
    "changed",
    [
        {"received_on": None},
        {"ordered_on": TODAY, "received_on": TODAY},
        {"order_reference": f" {'x' * 200} ", "finding": "x" * 2_000},
    ],
    ids=["on its way", "ordered and received today", "the longest texts"],
)
def test_a_complete_test_buy_is_taken(changed: dict[str, object]) -> None:
    assert bought_listing_number(replace(RECORD, **changed), NAMES, TODAY) == 1  # type: ignore[arg-type]  # as above


# The marketplace is asked once in 30 days for a listing that it has not sent.

ADDRESS = "https://bazaar.example/item/MP-9?colour=red"


@pytest.mark.parametrize(
    ("other", "same", "why"),
    [
        (f"{ADDRESS}/", True, "a slash at the end leads to the same page"),
        (ADDRESS, True, "it is itself"),
        (f"  {ADDRESS} ", True, "spaces around an address are no part of it"),
        ("http://www.bazaar.example/item/MP-9?colour=red", True, "scheme and www lead to the same page"),
        ("HTTPS://BAZAAR.example/item/MP-9?colour=red#photos", True, "a host has no case, and a fragment no page"),
        ("https://bazaar.example/item/mp-9?colour=red", False, "an id has a case"),
        ("https://bazaar.example/item/MP-9", False, "the id can be in the query"),
        ("https://bazar.example/item/MP-9?colour=red", False, "another host is another marketplace's page"),
        ("MP-9", False, "a part of an address must not stand for it"),
        ("item", False, "a part of an address must not stand for it"),
    ],
)
def test_which_names_are_one_listing(other: str, same: bool, why: str) -> None:
    assert (digest_of(other) == digest_of(ADDRESS)) is same, why


@pytest.mark.parametrize(
    ("days", "today", "is_asked", "why"),
    [
        (None, 0, True, "nobody has asked"),
        (0, 0, False, "another report asked just now"),
        (29.9, 0, False, "the answer may still come"),
        (30, 0, True, "that wait is over"),
        (None, 2_999, True, "one below the brand's limit"),
        (None, 3_000, False, "the brand's limit of a day"),
        (30, 3_000, False, "the limit counts repeated requests too"),
    ],
)
def test_when_the_marketplace_is_asked(days: float | None, today: int, is_asked: bool, why: str) -> None:
    last = None if days is None else NOW - timedelta(days=days)
    assert is_marketplace_asked(last, today, NOW, DEFAULT_REPORTS) is is_asked, why
