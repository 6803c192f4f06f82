from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.errors import Invalid
from serving.accounts.service import provisioning
from serving.listings.service.seller_events import receive_events
from serving.listings.store import listings
from serving.marketplaces.store import marketplaces
from serving.scoring.store import histories
from serving.scoring.tables import seller_event
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site


def an_event(event_id: object = "e-1", **changes: Any) -> dict[str, Any]:
    """A sale an hour ago; a change to None omits the field."""
    event = {
        "event_id": event_id,
        "seller": "closet-mia",
        "kind": "sale",
        "occurred_at": (NOW - timedelta(hours=1)).isoformat(),
        **changes,
    }
    return {name: field_value for name, field_value in event.items() if field_value is not None}


def receive(site: Site, *events: Any, backfill: bool = False, **more: Any) -> dict[str, int]:
    return receive_events(site.runtime, site.marketplace, {"events": list(events), **more}, backfill=backfill)


def stored_events(site: Site) -> list[Any]:
    with site.runtime.store.read() as connection:
        return list(connection.execute(select(seller_event).order_by(seller_event.c.source_event_id)))


def test_an_event_is_kept_as_it_was_sent(any_site: Site) -> None:
    event = an_event(kind="return", listing="MP-1", amount="89.90", currency="EUR")
    assert receive(any_site, event) == {"new": 1, "known": 0, "quarantined": 0}
    (row,) = stored_events(any_site)
    assert (row.source_event_id, row.seller_external_id, row.kind) == ("e-1", "closet-mia", "return")
    assert (row.listing_external_id, row.amount_minor, row.currency) == ("MP-1", 8_990, "EUR")
    assert (row.occurred_at, row.known_at) == (NOW - timedelta(hours=1), NOW)


@pytest.mark.both_engines
def test_an_event_counts_once_however_often_it_is_sent(any_site: Site) -> None:
    assert receive(any_site, an_event(), an_event()) == {"new": 1, "known": 1, "quarantined": 0}
    assert receive(any_site, an_event(), an_event("e-2")) == {"new": 1, "known": 1, "quarantined": 0}
    assert [row.source_event_id for row in stored_events(any_site)] == ["e-1", "e-2"]


def test_a_repeat_that_says_something_else_changes_nothing(any_site: Site) -> None:
    receive(any_site, an_event())
    receive(any_site, an_event(kind="fake_return"))
    assert [row.kind for row in stored_events(any_site)] == ["sale"]


REFUSED: list[tuple[Any, str, str, str]] = [
    ("a sale", "wrong_type", "", "no object"),
    (None, "wrong_type", "", "nothing"),
    (an_event(event_id=None), "missing_field", "event_id", "a repeat could not be told"),
    (an_event(seller=None), "missing_field", "seller", "nobody's"),
    (an_event(kind=None), "missing_field", "kind", "nothing happened"),
    (an_event(occurred_at=None), "missing_field", "occurred_at", "in no window"),
    (an_event(kind="refund"), "unknown_value", "kind", "an unknown kind"),
    (an_event(occurred_at="2026-03-01T00:00:00"), "naive_time", "occurred_at", "no offset"),
    (an_event(occurred_at="2026-03-04T00:00:00Z"), "future_time", "occurred_at", "more than a day ahead"),
    (an_event(amount="5"), "missing_field", "currency", "five of what"),
    (an_event(amount="-5", currency="EUR"), "negative", "amount", "below zero"),
    (an_event(amount="5", currency="eur"), "bad_currency", "currency", "small letters"),
    (an_event(buyer="mia"), "unknown_field", "buyer", "personal data that we do not want"),
    ({**an_event(), "a\0": 1}, "unknown_field", "a\\x00", "a field that no database can name"),
    (an_event(seller="a\0b"), "bad_characters", "seller", "what no database holds"),
    (an_event(event_id="x" * 201), "too_long", "event_id", "longer than its column"),
    (an_event(event_id=7), "wrong_type", "event_id", "no text"),
]


@pytest.mark.parametrize(("event", "code", "field", "why"), REFUSED, ids=[why for *_, why in REFUSED])
def test_a_bad_event_is_quarantined_with_its_reason_and_its_neighbour_kept(
    site: Site, event: Any, code: str, field: str, why: str
) -> None:
    assert receive(site, event, an_event("e-2")) == {"new": 1, "known": 0, "quarantined": 1}
    (refusal,) = site.read(listings.quarantined_rows, site.marketplace_id, 10)
    assert (refusal["code"], refusal["field"], refusal["source"]) == (code, field, "seller-events")
    assert refusal["sentence"].endswith(".")


def test_a_day_of_difference_between_two_clocks_is_no_future(site: Site) -> None:
    ahead = (NOW + timedelta(hours=23)).isoformat()
    assert receive(site, an_event(occurred_at=ahead))["new"] == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "no events"),
        ({"events": None}, "none"),
        ({"events": {"event_id": "e-1"}}, "no list"),
        ({"events": [], "since": "2026-01-01T00:00:00Z"}, "a field that is not known"),
        ({"events": [{}] * 1_001}, "too many"),
    ],
)
def test_a_body_that_is_none_is_refused_as_a_whole(site: Site, body: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match="at most 1,000 events"):
        receive_events(site.runtime, site.marketplace, body, backfill=False)


def vouched_since(site: Site) -> datetime | None:
    return site.read(marketplaces.get, site.marketplace_id).seller_events_since


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01", 7])
def test_what_is_no_moment_is_vouched_for_by_nobody(site: Site, since: object) -> None:
    with pytest.raises(Invalid, match="complete_since"):
        receive(site, an_event(), complete_since=since)
    assert vouched_since(site) is None
    assert stored_events(site) == []


def test_a_marketplace_vouches_from_the_earliest_moment_that_it_named(any_site: Site) -> None:
    for month, expected in ((2, 2), (3, 2), (1, 1)):
        receive(any_site, complete_since=f"2026-0{month}-01T00:00:00Z")
        assert vouched_since(any_site) == datetime(2026, expected, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("backfill", "known_at", "why"),
    [
        (False, NOW, "it is known when it came"),
        (True, NOW - timedelta(hours=1), "the import of a past was known when it happened"),
    ],
)
def test_when_an_event_was_known(site: Site, backfill: bool, known_at: datetime, why: str) -> None:
    receive(site, an_event(), backfill=backfill)
    assert stored_events(site)[0].known_at == known_at


def test_a_backfill_knows_nothing_before_now_that_happens_later(site: Site) -> None:
    receive(site, an_event(occurred_at=(NOW + timedelta(hours=2)).isoformat()), backfill=True)
    assert stored_events(site)[0].known_at == NOW


def test_events_make_windows_of_what_was_known(any_site: Site) -> None:
    """Computed by hand: sales 3, 20, 80 and 100 days ago (in no window), and a counterfeit return yesterday."""
    days = {"e-1": 3, "e-2": 20, "e-3": 80, "e-4": 100}
    events = [an_event(name, occurred_at=(NOW - timedelta(days=n)).isoformat()) for name, n in days.items()]
    events.append(an_event("e-5", kind="fake_return", occurred_at=(NOW - timedelta(days=1)).isoformat()))
    since = NOW - timedelta(days=365)
    receive(any_site, *events, backfill=True, complete_since=since.isoformat())
    past = any_site.read(histories.load_histories, any_site.marketplace_id, ["closet-mia"], since=NOW, until=NOW)[
        "closet-mia"
    ]
    counted = past.event_counts(NOW, since, "EUR")
    assert (counted.sales.d7, counted.sales.d30, counted.sales.d90) == (1, 2, 3)
    assert (counted.fake_returns.d7, counted.fake_returns.d30, counted.fake_returns.d90) == (1, 1, 1)


def test_the_same_id_of_another_marketplace_is_another_event(any_site: Site) -> None:
    other = provisioning.add_marketplace(any_site.runtime, name="Elsewhere", base_currency="USD", by="test")
    receive(any_site, an_event())
    counts = receive_events(any_site.runtime, other, {"events": [an_event()]}, backfill=False)
    assert counts == {"new": 1, "known": 0, "quarantined": 0}
