from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history import EventCounts
from features.links import LinkedSeller, Links
from features.message import message
from features.peer_listings import MOST_LISTINGS
from models.event_windows import NO_CURRENCY, EventColumns, SellerMoments, window_counts
from models.messages.english import in_english
from models.outcomes import Ruling, outcomes
from models.policies.sellers import DEFAULT_SANCTIONS, DEFAULT_SELLER_LISTS, DEFAULT_STRIKES
from models.seller_history import KINDS, Event, PublishedVersion, SellerHistory
from models.seller_lists import ListMatch, SellerList, SellerListEntry, linked_names, list_match
from models.strikes import Hit, VoidCause, count_strikes, incident_window_count, removal_weight, total_message
from models.verdict import Judgement, ReasonCode, Side
from tests.fixtures.clocks import NOW
from tests.models.test_sanction_scope import FAR, NEAR, SECOND

INCIDENTS = [
    ((), 0, "none"),
    ((10,), 1, "one"),
    ((10, 10, 10), 1, "three at once"),
    ((10, 7), 1, "three days apart"),
    ((10, 6.9), 2, "more than three days apart"),
    ((10, 8, 6), 2, "each two days after the last: the third lies outside the first one's days"),
    ((8, 10), 1, "in any order"),
    ((364, 10), 2, "within a year"),
    ((366, 10), 1, "the first is spent"),
]
FAKE, MISUSE, DESIGN = ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.MARK_MISUSE, ReasonCode.DESIGN


def a_hit(days_ago: float, kind: ReasonCode = FAKE, *, void: VoidCause | None = None) -> Hit:
    weight = removal_weight(Judgement.COUNTERFEIT, kind, DEFAULT_SANCTIONS)
    return Hit(f"act_{days_ago}_{kind}", kind, weight, NOW - timedelta(days=days_ago), void)


@pytest.mark.parametrize(("days_ago", "expected", "_why"), INCIDENTS)
def test_confirmations_make_incidents(days_ago: tuple[float, ...], expected: int, _why: str) -> None:
    at = [NOW - timedelta(days=days) for days in days_ago]
    assert incident_window_count(at, as_of=NOW, policy=DEFAULT_STRIKES) == expected
    # Of one kind and whole weight, what counts for a sanction is the same number.
    assert count_strikes([a_hit(days) for days in days_ago], as_of=NOW, policy=DEFAULT_STRIKES).total == expected


WEIGHTS = [
    (Judgement.COUNTERFEIT, FAKE, 1.0, "goods that are not their mark's"),
    (Judgement.COUNTERFEIT, MISUSE, 0.5, "a mark in a listing of goods that may be genuine"),
    (Judgement.COUNTERFEIT, ReasonCode.COPYRIGHT, 0.5, "borrowed pictures"),
    (Judgement.COUNTERFEIT, DESIGN, 0.0, "a dispute about a design"),
    (Judgement.COUNTERFEIT, ReasonCode.NOT_AS_DESCRIBED, 0.0, "a promise to the buyer"),
    *[
        (judgement, FAKE, 0.0, f"{judgement.value} accuses nobody")
        for judgement in Judgement
        if judgement is not Judgement.COUNTERFEIT
    ],
]


@pytest.mark.parametrize(("judgement", "kind", "expected", "_why"), WEIGHTS)
def test_a_removal_weighs(judgement: Judgement, kind: ReasonCode, expected: float, _why: str) -> None:
    assert removal_weight(judgement, kind, DEFAULT_SANCTIONS) == expected


COUNTS = [
    ([a_hit(10, MISUSE)], 0.5, "half a strike for a misused mark"),
    ([a_hit(10), a_hit(9, MISUSE)], 1.5, "two kinds within days are two incidents"),
    ([a_hit(10, MISUSE), a_hit(9, MISUSE)], 0.5, "two of the lighter kind are one"),
    ([a_hit(10), replace(a_hit(9), weight=0.5)], 1.0, "the heaviest of an incident"),
    ([a_hit(10, DESIGN), a_hit(30, DESIGN)], 0.0, "disputes about designs"),
    ([a_hit(10), a_hit(20, void=VoidCause.OVERTURNED)], 1.0, "one was overturned"),
    ([a_hit(10, void=VoidCause.OVERTURNED), a_hit(9)], 1.0, "the other of the incident still counts"),
    ([a_hit(365)], 0.0, "a year to the second is spent"),
    ([a_hit(-1)], 0.0, "what is found tomorrow is not known today"),
    ([a_hit(10), a_hit(100), a_hit(200)], 3.0, "three incidents"),
]


@pytest.mark.parametrize(("hits", "expected", "_why"), COUNTS)
def test_what_counts_is(hits: list[Hit], expected: float, _why: str) -> None:
    assert count_strikes(hits, as_of=NOW, policy=DEFAULT_STRIKES).total == expected


def test_the_count_says_what_counts_and_what_does_not() -> None:
    hits = [a_hit(400), a_hit(100), a_hit(99), a_hit(10, void=VoidCause.OVERTURNED), a_hit(5, DESIGN), a_hit(4, MISUSE)]
    strike_count = count_strikes(hits, as_of=NOW, policy=DEFAULT_STRIKES)
    assert strike_count.reasons == (
        message("strikes.count", strikes=total_message(1.5), removals=message("strikes.removals", n=3), n=2),
        message("strikes.spent", n=1, days=365),
        message("strikes.void", n=1, days=365),
        message("strikes.light", n=1, days=365),
    )
    first, second = strike_count.incidents
    assert (first.began_at, first.spent_at) == (NOW - timedelta(days=100), NOW + timedelta(days=266))
    assert [len(incident.hits) for incident in (first, second)] == [2, 1]
    assert count_strikes([], as_of=NOW, policy=DEFAULT_STRIKES).reasons == (message("strikes.none"),)


HITS = st.lists(st.tuples(st.floats(0, 400), st.sampled_from(ReasonCode)), max_size=12)


@given(HITS, st.integers(0, 11), st.floats(0, 500))
def test_nothing_that_is_taken_away_or_grows_old_makes_the_rest_count_for_more(
    drawn_hits: list[tuple[float, ReasonCode]], left_out: int, later: float
) -> None:
    hits = [a_hit(days, kind) for days, kind in drawn_hits]

    def total(some_hits: list[Hit], as_of: datetime = NOW) -> float:
        return count_strikes(some_hits, as_of=as_of, policy=DEFAULT_STRIKES).total

    assert total(hits[:left_out] + hits[left_out + 1 :]) <= total(hits)
    assert total(hits, NOW + timedelta(days=later)) <= total(hits)


# Counts of many moments at once equal those of one seller at one moment.

CURRENCIES = ("EUR", "JPY")
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
# Moments at the ends of windows, and a microsecond beside them.
MOMENTS = st.builds(
    lambda days, beside: NOW - days * DAY + beside * MICROSECOND,
    st.sampled_from((0, 1, 7, 30, 90, 97, 200)),
    st.integers(-1, 1),
)
EVENTS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(KINDS),
    MOMENTS,
    st.sampled_from((0, 0, 3)),
    st.one_of(st.none(), st.integers(0, 10**9)),
    st.sampled_from((None, *CURRENCIES, "EUR")),
)
ASKED = st.tuples(st.integers(0, 3), MOMENTS, st.sampled_from((None, *CURRENCIES)))


def micros(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, NOW.tzinfo)) // MICROSECOND


def number_of(currency: str | None) -> int:
    return NO_CURRENCY if currency is None else CURRENCIES.index(currency)


@given(st.lists(EVENTS, max_size=40), st.lists(ASKED, max_size=8), st.sampled_from((None, 0, 100, 365)))
def test_counts_are_those_of_one_history(
    events: list[tuple[int, str, datetime, int, int | None, str | None]],
    questions: list[tuple[int, datetime, str | None]],
    complete_days: int | None,
) -> None:
    complete_since = None if complete_days is None else NOW - complete_days * DAY
    histories = [SellerHistory() for _ in range(4)]
    events.sort(key=lambda event_row: event_row[2])
    for seller, kind, occurred, late, amount, currency in events:
        event = Event(occurred, occurred + late * DAY, amount, currency)
        histories[seller].events.setdefault(kind, []).append(event)

    def column(values: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.array(values, np.int64)

    counts = window_counts(
        EventColumns(
            seller=column([event_row[0] for event_row in events]),
            occurred=column([micros(event_row[2]) for event_row in events]),
            known=column([micros(event_row[2] + event_row[3] * DAY) for event_row in events]),
            kind=column([KINDS.index(event_row[1]) for event_row in events]),
            amount=column([event_row[4] or 0 for event_row in events]),
            currency=column([number_of(event_row[5]) for event_row in events]),
        ),
        SellerMoments(
            column([question[0] for question in questions]),
            column([micros(question[1]) for question in questions]),
            column([number_of(question[2]) for question in questions]),
        ),
    )
    for row, (seller, moment, currency) in enumerate(questions):
        expected = histories[seller].event_counts(moment, complete_since, currency)
        assert counts.of(row, moment, complete_since, currency) == expected


def test_without_events_every_count_is_zero() -> None:
    none = np.empty(0, np.int64)
    questions = SellerMoments(np.array([0]), np.array([micros(NOW)]), np.array([0]))
    all_counts = window_counts(EventColumns(none, none, none, none, none, none), questions)
    counts = all_counts.of(0, NOW, NOW - 365 * DAY, "EUR")
    assert counts.sales == counts.turnover == (0.0, 0.0, 0.0)
    assert all_counts.of(0, NOW, None, "EUR") == EventCounts()


ALLOW, WATCH, DENY = SellerList.ALLOW, SellerList.WATCH, SellerList.DENY


def an_entry(seller: str, which: SellerList, *, added: timedelta = -DAY, ends: timedelta = DAY) -> SellerListEntry:
    return SellerListEntry(seller, which, "A police file.", "Ana", NOW + added, NOW + ends)


def match_of(*entries: SellerListEntry, links: Links | None = None, seller: str | None = "s-1") -> ListMatch | None:
    by_seller = {list_entry.seller: list_entry for list_entry in entries}
    return list_match(seller, links, by_seller, as_of=NOW, policy=DEFAULT_SELLER_LISTS)


def links_to(*sellers: LinkedSeller) -> Links:
    return Links(contacts=1, sellers=sellers)


TABLE: list[tuple[list[SellerListEntry], Links | None, SellerList | None, bool, str]] = [
    ([], None, None, False, "no entry"),
    ([an_entry("s-1", WATCH)], None, WATCH, False, "the seller's own"),
    ([an_entry("s-9", DENY)], None, None, False, "somebody else's"),
    ([an_entry("s-1", DENY, ends=timedelta(0))], None, None, False, "ended now"),
    ([an_entry("s-1", DENY, added=DAY, ends=2 * DAY)], None, None, False, "not begun"),
    ([an_entry("s-2", DENY)], links_to(NEAR), DENY, True, "linked with a denied seller"),
    ([an_entry("s-2", DENY, ends=timedelta(0))], links_to(NEAR), None, False, "whose entry has ended"),
    ([an_entry("s-2", WATCH)], links_to(NEAR), None, False, "a watched seller casts no shadow"),
    ([an_entry("s-3", DENY)], links_to(NEAR, SECOND), DENY, True, "two steps away"),
    ([an_entry("s-4", DENY)], links_to(FAR), None, False, "three steps are too far"),
    ([an_entry("s-1", ALLOW), an_entry("s-2", DENY)], links_to(NEAR), ALLOW, False, "one's own entry speaks first"),
]


@pytest.mark.parametrize(("entries", "links", "which", "by_link", "_why"), TABLE)
def test_the_lists_say(
    entries: list[SellerListEntry], links: Links | None, which: SellerList | None, by_link: bool, _why: str
) -> None:
    placement = match_of(*entries, links=links)
    assert (placement.which if placement else None, placement.by_link if placement else False) == (which, by_link)


def test_a_listing_without_a_seller_is_on_no_list() -> None:
    assert match_of(an_entry("s-1", DENY), seller=None) is None


def test_the_reason_names_the_list_the_end_and_the_path() -> None:
    placement, other = match_of(an_entry("s-1", DENY)), match_of(an_entry("s-3", DENY), links=links_to(NEAR, SECOND))
    until = f"{NOW + DAY:%-d %B %Y}"
    assert placement is not None
    assert other is not None
    assert in_english(placement.reason) == f"The seller is on the deny list until {until}: A police file."
    assert in_english(other.reason) == (
        "Linked to a seller on the deny list: same payout account as s-2, which has the same telephone number as s-3 "
        f"(until {until}: A police file.)"
    )


def test_only_entries_of_near_sellers_are_asked_for() -> None:
    assert linked_names(links_to(NEAR, SECOND, FAR), DEFAULT_SELLER_LISTS) == {"s-2", "s-3"}
    assert linked_names(None, DEFAULT_SELLER_LISTS) == frozenset()


LONG_AGO = NOW - timedelta(days=1_000)


def published_version(listing_id: str, days: float, log_price: float = 4.0) -> PublishedVersion:
    """A version that came so many days ago, of a listing first seen then."""
    at = NOW - timedelta(days=days)
    return PublishedVersion(listing_id, at, at, log_price, (5_000, "EUR"), "brn_aurelle", "bags", protected=True)


def event(days: float, *, known: float | None = None, amount: int | None = 1_000, currency: str = "EUR") -> Event:
    """Something that happened so many days ago and was known then or later."""
    known_at = NOW - timedelta(days=days if known is None else known)
    return Event(NOW - timedelta(days=days), known_at, amount, currency)


LISTINGS = [
    ([published_version("a", 1), published_version("b", 2)], 2, "two"),
    (
        [published_version("b", 2), published_version("a", 1), published_version("a", 0.5)],
        2,
        "two versions of one are one listing",
    ),
    ([published_version("a", 0)], 0, "what came at the moment itself was not known before"),
    ([published_version("a", -1)], 0, "what came later"),
    ([published_version("a", 180)], 1, "half a year ago"),
    ([published_version("a", 180.01)], 0, "longer ago"),
    ([published_version("me", 3)], 0, "the listing itself is no other listing"),
]


@pytest.mark.parametrize(("put_up", "listings", "_why"), LISTINGS)
def test_other_listings_are_those_known_before_the_moment(
    put_up: list[PublishedVersion], listings: int, _why: str
) -> None:
    assert (
        len(SellerHistory(put_up=sorted(put_up, key=lambda listing: listing.known_at)).listings(NOW, "me")) == listings
    )


def test_a_listing_counts_as_it_stood_last_before_the_moment() -> None:
    past = SellerHistory(
        put_up=[published_version("a", 9, 4.0), published_version("a", 5, 3.0), published_version("a", -1, 2.0)]
    )
    assert [listing.log_price for listing in past.listings(NOW, None)] == [3.0]


def test_of_very_many_listings_the_latest_count() -> None:
    listings = SellerHistory(
        put_up=[published_version(f"l-{i}", 100 - i / 10) for i in range(MOST_LISTINGS + 7)]
    ).listings(NOW, None)
    assert len(listings) == MOST_LISTINGS
    assert max(listing.age for listing in listings) == timedelta(days=100 - 0.7)


WINDOWS = [
    ([event(3)], (1, 1, 1), "three days ago"),
    ([event(7), event(30), event(90)], (1, 2, 3), "a window holds its first moment"),
    ([event(0, known=1)], (1, 1, 1), "at the moment, announced before"),
    ([event(3, known=0)], (0, 0, 0), "known only at the moment"),
    ([event(3, known=-1)], (0, 0, 0), "known only later"),
    ([event(-1, known=2)], (0, 0, 0), "a day ahead of our clock"),
]


@pytest.mark.parametrize(("events", "sales", "_why"), WINDOWS)
def test_windows_count_what_was_known_before_the_moment(
    events: list[Event], sales: tuple[int, int, int], _why: str
) -> None:
    past = SellerHistory(events={"sale": sorted(events, key=lambda event: event.occurred_at)})
    assert past.event_counts(NOW, LONG_AGO, "EUR").sales == sales


def test_a_window_that_begins_before_the_marketplace_vouched_is_unknown() -> None:
    counts = SellerHistory(events={"sale": [event(3)]}).event_counts(NOW, NOW - timedelta(days=30), "EUR")
    assert (counts.sales, counts.returns) == ((1, 1, None), (0, 0, None))


TURNOVERS = [
    ([event(40), event(3)], "EUR", (10, 10, 20), "two sales of ten"),
    ([], "EUR", (0, 0, 0), "no sale is a turnover of nothing"),
    ([event(40, currency="USD"), event(3)], "EUR", (10, 10, None), "a sale in another currency"),
    ([event(40), event(3)], "USD", (None, None, None), "the listing is in another currency"),
    ([event(3, amount=None)], "EUR", (0, 0, 0), "a sale without an amount counts nothing"),
    ([event(3)], None, (None, None, None), "the listing has no currency"),
    ([event(3)], "JPY", (None, None, None), "of no decimal places"),
]


@pytest.mark.parametrize(("sales", "currency", "expected", "_why"), TURNOVERS)
def test_turnover_is_in_the_currency_of_the_listing(
    sales: list[Event], currency: str | None, expected: tuple[float | None, ...], _why: str
) -> None:
    assert SellerHistory(events={"sale": sales}).event_counts(NOW, LONG_AGO, currency).turnover == expected


KNOWN = [
    (None, None, "never seen"),
    (5.0, 5.0, "five days ago"),
    (0.0, None, "seen first with this very listing"),
    (-1.0, None, "seen first later"),
]


@pytest.mark.parametrize(("days", "expected", "_why"), KNOWN)
def test_a_seller_has_been_known_for(days: float | None, expected: float | None, _why: str) -> None:
    past = SellerHistory(first_known_at=None if days is None else NOW - timedelta(days=days))
    assert past.known_days(NOW) == expected


C, G, GREY = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.GREY_MARKET
UNSURE, TEST_BUY = Judgement.CANNOT_TELL, Judgement.NEEDS_TEST_BUY


@dataclass(frozen=True)
class VerdictSpec:
    """A verdict so many hours ago, withdrawn `withdrawn` hours ago."""

    judgement: Judgement
    ago: float
    by: Side = Side.ANALYST
    withdrawn: float | None = None
    version: str = "v1"
    appeal: bool = False


def ruling(verdict: VerdictSpec, listing: str = "l") -> Ruling:
    at = None if verdict.withdrawn is None else hours_ago(verdict.withdrawn)
    return Ruling(listing, verdict.version, verdict.judgement, verdict.by, verdict.appeal, hours_ago(verdict.ago), at)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


BRAND = Side.BRAND
STANDING: list[tuple[list[VerdictSpec], bool | None, float | None, str]] = [
    ([], None, None, "no verdict"),
    ([VerdictSpec(C, 5)], True, 5, "an analyst said counterfeit"),
    ([VerdictSpec(GREY, 5)], False, 5, "grey market is genuine goods"),
    ([VerdictSpec(UNSURE, 5)], None, None, "'cannot tell' is no answer"),
    ([VerdictSpec(TEST_BUY, 5)], None, None, "nor is a request for a test buy"),
    ([VerdictSpec(C, 0)], None, None, "given at the moment itself, it was not known before"),
    ([VerdictSpec(C, -1)], None, None, "given later"),
    ([VerdictSpec(C, 5, withdrawn=3)], None, None, "withdrawn before"),
    ([VerdictSpec(C, 5, withdrawn=0)], True, 5, "withdrawn at the moment, it stood until then"),
    ([VerdictSpec(C, 5, withdrawn=-1)], True, 5, "withdrawn later, it stood then"),
    ([VerdictSpec(G, 9), VerdictSpec(C, 5)], True, 5, "the later of two analysts"),
    ([VerdictSpec(C, 9), VerdictSpec(G, 5, by=BRAND)], False, 5, "the brand knows better"),
    ([VerdictSpec(G, 9, by=BRAND), VerdictSpec(C, 5)], False, 9, "also where the analyst came later"),
    (
        [VerdictSpec(C, 9), VerdictSpec(G, 5, by=BRAND, withdrawn=4)],
        True,
        9,
        "the brand withdrew it, so the analyst's stands",
    ),
    ([VerdictSpec(G, 9, by=BRAND), VerdictSpec(C, 5, version="v2")], True, 5, "the version judged last decides"),
    ([VerdictSpec(C, 9, by=BRAND), VerdictSpec(G, 5, appeal=True)], False, 5, "an upheld appeal clears"),
    ([VerdictSpec(C, 9, by=BRAND), VerdictSpec(UNSURE, 5, appeal=True)], False, 5, "the doubt is the seller's"),
    ([VerdictSpec(C, 9, by=BRAND), VerdictSpec(C, 5, appeal=True)], True, 9, "a dismissed appeal changes nothing"),
    (
        [VerdictSpec(C, 9, by=BRAND), VerdictSpec(G, 5, appeal=True, withdrawn=4)],
        True,
        9,
        "the appeal's decision was withdrawn",
    ),
    (
        [VerdictSpec(C, 9), VerdictSpec(G, 5, appeal=True, version="v2")],
        False,
        5,
        "an appeal clears the listing, not one version",
    ),
    (
        [VerdictSpec(C, 9), VerdictSpec(G, 5, appeal=True), VerdictSpec(C, 2, version="v2")],
        True,
        2,
        "a later verdict stands on its own",
    ),
    (
        [VerdictSpec(C, 9), VerdictSpec(G, 5, appeal=True), VerdictSpec(UNSURE, 2, version="v2")],
        False,
        5,
        "a later doubt is none",
    ),
]


@pytest.mark.parametrize(("verdicts", "counterfeit", "since", "_why"), STANDING)
def test_what_stands_of_a_listing(
    verdicts: list[VerdictSpec], counterfeit: bool | None, since: float | None, _why: str
) -> None:
    listing_outcomes = outcomes([ruling(verdict) for verdict in verdicts], as_of=NOW)
    expected = [] if counterfeit is None or since is None else [(counterfeit, hours_ago(since))]
    assert [(outcome.counterfeit, outcome.since) for outcome in listing_outcomes] == expected


def test_each_listing_has_its_own_outcome_in_a_fixed_order() -> None:
    rulings = [ruling(VerdictSpec(C, 3), "b"), ruling(VerdictSpec(G, 2), "a"), ruling(VerdictSpec(G, 4), "b")]
    assert [(outcome.listing_id, outcome.counterfeit) for outcome in outcomes(rulings, as_of=NOW)] == [
        ("a", False),
        ("b", True),
    ]
