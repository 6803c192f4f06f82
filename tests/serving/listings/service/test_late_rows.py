"""Rows that come in after newer ones: history, and nothing that anybody sees changes."""

from dataclasses import replace
from itertools import pairwise
from math import log
from typing import Any

import pytest
from sqlalchemy import func, select

from serving.cases.tables import review_case
from serving.listings.service.intake import RowAnswer, RowStatus, receive_rows
from serving.listings.store import listings, scores
from serving.listings.tables import late_version, listing_version, observation, score
from tests.fixtures.runtimes import Site, a_row, a_suspect_row
from tests.serving.listings.service.test_past_facts import bulk_facts

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2026-02-2{day}T10:00:00+00:00" for day in (3, 4, 5, 6))


def take_in(site: Site, row: dict[str, Any], **options: Any) -> RowAnswer:
    (answer,) = receive_rows(site.runtime, site.marketplace, [row], source="test", **options)
    return answer


def counts(site: Site) -> dict[str, int]:
    tables = (listing_version, observation, score, review_case, late_version)
    with site.runtime.store.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }


def latest(site: Site) -> listings.LatestState:
    return site.read(listings.latest_states, site.marketplace_id, ["MP-1"])["MP-1"]


def test_an_older_version_is_stale_and_changes_nothing_but_history(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=TUESDAY))
    before, content = counts(any_site), latest(any_site).content_hash
    answer = take_in(any_site, a_suspect_row(external_id="MP-1", price="9.00", occurred_at=MONDAY))
    assert (answer.status, answer.version, answer.new_version, answer.lane) == (RowStatus.STALE, 1, False, None)
    assert counts(any_site) == {**before, "late_version": 1}, "neither scored nor a case"
    assert latest(any_site).content_hash == content


def test_older_counters_are_stale_too(any_site: Site) -> None:
    take_in(any_site, a_row(sales={"d7": 9}, occurred_at=TUESDAY))
    before = counts(any_site)
    assert take_in(any_site, a_row(sales={"d7": 1}, occurred_at=MONDAY)).status is RowStatus.STALE
    assert counts(any_site) == {**before, "late_version": 1}


def test_equal_moments_count_as_newer_by_receipt(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=MONDAY))
    assert take_in(any_site, a_row(price="90.00", occurred_at=MONDAY)).version == 2


def test_a_row_without_a_moment_is_as_new_as_its_receipt(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=MONDAY))
    assert take_in(any_site, a_row(price="90.00")).version == 2
    assert take_in(any_site, a_row(price="80.00", occurred_at=TUESDAY)).status is RowStatus.STALE


def test_what_is_newer_than_the_late_row_is_still_newer(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=TUESDAY))
    take_in(any_site, a_row(price="50.00", occurred_at=MONDAY))
    assert take_in(any_site, a_row(price="90.00", occurred_at=WEDNESDAY)).version == 2


def test_a_source_whose_clock_is_ahead_does_not_make_the_next_row_stale(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at="2026-03-02T20:00:00+00:00"))
    any_site.clock.forward(minutes=1)
    assert take_in(any_site, a_row(price="90.00", occurred_at=any_site.clock.now().isoformat())).version == 2


def test_a_late_row_is_stored_once_however_often_it_is_sent(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=MONDAY))
    take_in(any_site, a_row(price="90.00", occurred_at=WEDNESDAY))
    for _ in range(2):
        assert take_in(any_site, a_row(price="70.00", occurred_at=TUESDAY)).status is RowStatus.STALE
    assert counts(any_site)["late_version"] == 1
    assert take_in(any_site, a_row(price="100.00", occurred_at=MONDAY)).status is RowStatus.STALE
    assert counts(any_site)["late_version"] == 1, "the first version is on file already"


def test_a_late_price_counts_at_its_own_moment_in_the_prices_of_the_next_version(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=MONDAY))
    take_in(any_site, a_row(price="98.00", occurred_at=WEDNESDAY))
    take_in(any_site, a_row(price="20.00", occurred_at=TUESDAY))
    take_in(any_site, a_row(price="97.00", occurred_at=THURSDAY))
    earlier_prices = latest(any_site).earlier_prices
    expected = [log(price) for price in (100, 20, 98)]
    assert (earlier_prices.versions, earlier_prices.changes) == (3, 2)
    assert earlier_prices.largest_fall == pytest.approx(min(later - earlier for earlier, later in pairwise(expected)))
    assert earlier_prices.latest == pytest.approx(expected[-1])
    with any_site.runtime.store.read() as connection:
        digests = connection.execute(select(score.c.facts_digest).order_by(score.c.scored_at, score.c.score_id))
        own = [scores.facts_of(connection, any_site.marketplace_id, digest).price.own for digest in digests.scalars()]
    assert own[-1] is not None
    assert own[-1].largest_fall == earlier_prices.largest_fall
    assert own[1] is not None
    assert own[1].versions == 2, "what was scored before knew nothing of it"


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one batch"])
def test_a_late_price_between_a_version_and_its_counters_counts_after_the_version(
    any_site: Site, at_once: bool
) -> None:
    rows = [
        a_row(price="100.00", occurred_at=MONDAY),
        a_row(price="100.00", occurred_at=WEDNESDAY, comments_count=3),
        a_row(price="20.00", occurred_at=TUESDAY),
        a_row(price="90.00", occurred_at=THURSDAY),
    ]
    for batch in [rows] if at_once else [[row] for row in rows]:
        receive_rows(any_site.runtime, any_site.marketplace, batch, source="test")
    assert counts(any_site)["late_version"] == 1
    with any_site.runtime.store.read() as connection:
        digests = connection.execute(select(score.c.facts_digest).order_by(score.c.scored_at, score.c.score_id))
        *_, last = (scores.facts_of(connection, any_site.marketplace_id, digest) for digest in digests.scalars())
    any_site.clock.forward(minutes=1)
    (again,) = bulk_facts(any_site, [replace(last.listing, occurred_at=None)])
    assert again.price.own == last.price.own
    assert last.price.own is not None
    assert (last.price.own.versions, last.price.own.changes) == (3, 2)
    assert last.price.own.largest_fall == pytest.approx(log(20 / 100))


def test_a_batch_keeps_the_newer_of_two_rows_whatever_their_order(any_site: Site) -> None:
    rows = [a_row(price="90.00", occurred_at=TUESDAY), a_row(price="100.00", occurred_at=MONDAY)]
    answers = receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    assert [answer.status for answer in answers] == [RowStatus.ACCEPTED, RowStatus.STALE]


def test_a_backfill_keeps_its_own_rule(any_site: Site) -> None:
    take_in(any_site, a_row(price="100.00", occurred_at=TUESDAY), backfill=True)
    assert take_in(any_site, a_row(price="90.00", occurred_at=MONDAY), backfill=True).version == 2
