"""Near-duplicates at intake: as of the moment, within one marketplace, at a bounded cost."""

import math
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, select

from features.listing import Listing, check
from features.minhash import BANDS, signature_of
from features.near_duplicates import MOST_COMPARED, NearDuplicates
from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.appeals.service.appeal import file_appeal
from serving.cases.service.undoing import undo_verdict
from serving.listings.service.intake import receive_rows
from serving.listings.service.near_duplicates import near_duplicates_of
from serving.listings.store import listings, scores
from serving.listings.tables import TEXT_BANDS, judged_band, score, text_signature
from serving.platform.database.fast.door import PlainQuery
from serving.scoring.store import near_duplicates
from serving.scoring.store.texts_under_keys import MOST_PER_KEY
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row, judge, open_cases
from tests.serving.appeals.service.test_appeal import COMPLAINT, remove

OTHER = {"external_id": "shop-2", "age_days": 40, "country": "FR"}


def take_in(site: Site, *rows: Any, **options: Any) -> None:
    receive_rows(site.runtime, site.marketplace, list(rows), source="test", **options)


def duplicates_or_none(site: Site, external_id: str) -> NearDuplicates | None:
    """The near-duplicates in the facts of a listing's latest score."""
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.marketplace_id, external_id)
        query = select(score.c.facts_digest).where(score.c.listing_id == listing_id)
        digest = connection.execute(query.order_by(score.c.scored_at.desc(), score.c.score_id.desc())).scalars().first()
        return scores.facts_of(connection, site.marketplace_id, digest or "").near_duplicates


def duplicates_of(site: Site, external_id: str) -> NearDuplicates:
    near_duplicates = duplicates_or_none(site, external_id)
    assert near_duplicates is not None
    return near_duplicates


def unstored_duplicates(site: Site, as_of: datetime | None = None, **changes: Any) -> NearDuplicates:
    """The near-duplicates of a listing that is not stored."""
    row = check(a_suspect_row(external_id="MP-asked", seller=OTHER, **changes), received_at=site.clock.now())
    assert isinstance(row, Listing)
    near_duplicates = site.read(near_duplicates_of, site.marketplace_id, row, as_of or site.clock.now())
    assert near_duplicates is not None
    return near_duplicates


def test_the_first_listing_is_like_nothing(any_site: Site) -> None:
    take_in(any_site, a_row())
    assert duplicates_of(any_site, "MP-1") == NearDuplicates()


def test_a_copy_by_another_seller_is_found_with_its_price(any_site: Site) -> None:
    take_in(any_site, a_row())
    take_in(any_site, a_row(external_id="MP-2", seller=OTHER, price="99.00"))
    duplicates = duplicates_of(any_site, "MP-2")
    assert (duplicates.listings, duplicates.sellers, duplicates.nearest, duplicates.own_listings) == (1, 1, 1.0, 0)
    (shown,) = duplicates.shown
    assert shown.listing_id == "MP-1"
    assert shown.log_price == pytest.approx(math.log(489))


def test_a_copy_by_the_same_seller_is_its_own(any_site: Site) -> None:
    take_in(any_site, a_row(), a_row(external_id="MP-2"))
    duplicates = duplicates_of(any_site, "MP-2")
    assert (duplicates.listings, duplicates.own_listings) == (0, 1)


def test_an_obfuscated_copy_with_small_changes_is_found(any_site: Site) -> None:
    take_in(any_site, a_row())
    obfuscated = "★ Аurеlle Cоlline tote in grained leather, grey!"
    take_in(any_site, a_row(external_id="MP-2", seller=OTHER, title=obfuscated))
    assert 0.7 <= (duplicates_of(any_site, "MP-2").nearest or 0) < 1


def test_a_listing_in_other_words_is_not_found(any_site: Site) -> None:
    take_in(any_site, a_row())
    take_in(any_site, a_suspect_row())
    assert duplicates_of(any_site, "MP-9") == NearDuplicates()


def test_too_short_a_text_is_not_compared_and_nothing_is_kept_of_it(any_site: Site) -> None:
    take_in(any_site, a_row(title="Grey bag", description=None, brand=None))
    assert duplicates_or_none(any_site, "MP-1") is None
    assert any_site.count(text_signature) == 0


def test_the_listing_and_its_earlier_versions_are_not_its_near_duplicates(any_site: Site) -> None:
    for price in ("489.00", "450.00", "420.00"):
        take_in(any_site, a_row(price=price))
    assert duplicates_of(any_site, "MP-1") == NearDuplicates()


def test_a_change_of_price_is_no_other_text(any_site: Site) -> None:
    for price in ("489.00", "450.00", "420.00"):
        take_in(any_site, a_row(price=price))
    keys = any_site.rows(select(*(text_signature.c[name] for name in TEXT_BANDS)))
    assert [None not in row for row in keys].count(True) == 1
    assert [set(row) == {None} for row in keys].count(True) == 2
    any_site.clock.forward(days=1)
    take_in(any_site, a_row(external_id="MP-2", seller=OTHER))
    (shown,) = duplicates_of(any_site, "MP-2").shown
    assert shown.log_price == pytest.approx(math.log(420))


def test_a_verdict_on_any_version_with_the_text_counts_for_the_text(any_site: Site) -> None:
    take_in(any_site, a_suspect_row(price="95.00"))
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    any_site.clock.forward(days=1)
    assert unstored_duplicates(any_site).counterfeit == 1


def test_a_confirmed_counterfeit_is_known_to_later_copies_and_to_no_earlier_moment(any_site: Site) -> None:
    before = any_site.clock.now()
    any_site.clock.forward(days=2)
    a_case(any_site, CaseLane.ASK_BRAND)
    listed = any_site.clock.now()
    any_site.clock.forward(days=2)
    judge(any_site, any_site.brand_person, open_cases(any_site)[0], Judgement.COUNTERFEIT)
    assert unstored_duplicates(any_site, any_site.clock.now()).nearest_counterfeit == 1.0
    assert (unstored_duplicates(any_site, listed).listings, unstored_duplicates(any_site, listed).counterfeit) == (
        1,
        1,
    )  # An analyst had said so.
    assert unstored_duplicates(any_site, before) == NearDuplicates()


def test_an_outcome_that_is_known_later_does_not_show_in_facts_that_were_kept_before(any_site: Site) -> None:
    take_in(any_site, a_suspect_row())
    any_site.clock.forward(days=1)
    take_in(any_site, a_suspect_row(external_id="MP-10", seller=OTHER))
    any_site.clock.forward(days=1)
    case = next(open_case for open_case in open_cases(any_site) if open_case.version_id)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    duplicates = duplicates_of(any_site, "MP-10")
    assert (duplicates.listings, duplicates.counterfeit) == (1, 0)


def test_an_undone_verdict_counts_no_longer(any_site: Site) -> None:
    case = a_case(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert unstored_duplicates(any_site).genuine == 1
    any_site.clock.forward(minutes=1)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    assert unstored_duplicates(any_site).genuine == 0
    assert unstored_duplicates(any_site, any_site.clock.now() - timedelta(seconds=30)).genuine == 1


def test_an_upheld_appeal_makes_the_text_one_of_a_genuine_listing(any_site: Site) -> None:
    remove(any_site)
    any_site.clock.forward(days=1)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    assert unstored_duplicates(any_site).counterfeit == 1
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    duplicates = unstored_duplicates(any_site)
    assert (duplicates.counterfeit, duplicates.genuine) == (0, 1)
    assert unstored_duplicates(any_site, any_site.clock.now() - timedelta(hours=1)).counterfeit == 1


def test_listings_of_authorised_sellers_are_known_to_be_genuine(any_site: Site) -> None:
    take_in(any_site, a_row(seller={"external_id": "maison-brandt"}))
    any_site.clock.forward(days=1)
    take_in(any_site, a_row(external_id="MP-2", seller=OTHER))
    duplicates = duplicates_of(any_site, "MP-2")
    assert (duplicates.authorised, duplicates.nearest_genuine, duplicates.genuine) == (1, 1.0, 0)


def test_the_authorised_seller_of_an_earlier_row_of_the_batch_is_known(any_site: Site) -> None:
    take_in(any_site, a_row(seller={"external_id": "maison-brandt"}), a_row(external_id="MP-2", seller=OTHER))
    duplicates = duplicates_of(any_site, "MP-2")
    assert (duplicates.authorised, duplicates.nearest_genuine, duplicates.genuine) == (1, 1.0, 0)


def test_listings_of_another_marketplace_never_match(any_site: Site) -> None:
    elsewhere = provisioning.add_marketplace(any_site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_rows(any_site.runtime, elsewhere, [a_row()], source="test")
    take_in(any_site, a_row(external_id="MP-2", seller=OTHER))
    assert duplicates_of(any_site, "MP-2") == NearDuplicates()


def texts(n: int) -> list[dict[str, Any]]:
    """Listings of a few sellers with a few texts that contain typing errors."""
    chance = random.Random(5)
    words = ("grey", "leather", "tote", "shoulder", "strap", "brass", "zip", "lining", "pocket", "calf", "grain")
    stock = [" ".join(chance.choices(words, k=24)) for _ in range(4)]
    rows = []
    for number in range(n):
        text = chance.choice(stock)
        at = chance.randrange(len(text))
        rows.append(
            a_row(
                external_id=f"MP-{number}",
                description=text[:at] + chance.choice("abc") + text[at + 1 :],
                price=f"{chance.randrange(20, 900)}.00",
                seller={"external_id": f"shop-{chance.randrange(5)}"},
            )
        )
    return rows


def test_a_batch_knows_what_its_rows_would_know_one_by_one(any_site: Site) -> None:
    rows = texts(24)
    changed = [{**row, "price": "10.00"} for row in rows[:8]]
    single = provisioning.add_marketplace(any_site.runtime, name="Souk", base_currency="EUR", by="test")
    for batch in (rows, changed):
        take_in(any_site, *batch)
        for row in batch:
            receive_rows(any_site.runtime, single, [row], source="test")
        any_site.clock.forward(days=1)
    with any_site.runtime.store.read() as connection:
        by_marketplace: dict[str, list[Any]] = {any_site.marketplace_id: [], single.marketplace_id: []}
        for marketplace_id, found_there in by_marketplace.items():
            digests = (
                select(score.c.facts_digest).where(score.c.marketplace_id == marketplace_id).order_by(score.c.score_id)
            )
            for digest in connection.execute(digests).scalars():
                facts = scores.facts_of(connection, marketplace_id, digest)
                found_there.append((facts.listing.external_id, facts.version, facts.near_duplicates))
    by_batch, by_row = (sorted(found_there, key=lambda triple: triple[:2]) for found_there in by_marketplace.values())
    assert by_batch == by_row
    assert any(near_duplicates.listings > 1 and near_duplicates.price for _, _, near_duplicates in by_batch)


def test_a_backfilled_row_sees_only_what_was_known_by_then(any_site: Site) -> None:
    take_in(any_site, a_row(occurred_at="2026-01-20T00:00:00+00:00"), backfill=True)
    early = a_row(external_id="MP-2", seller=OTHER, occurred_at="2026-01-10T00:00:00+00:00")
    late = a_row(external_id="MP-3", seller={"external_id": "shop-3"}, occurred_at="2026-01-30T00:00:00+00:00")
    take_in(any_site, late, early, backfill=True)
    assert duplicates_of(any_site, "MP-2") == NearDuplicates()
    assert duplicates_of(any_site, "MP-3").listings == 2
    assert (
        unstored_duplicates(
            any_site, datetime(2026, 1, 15, tzinfo=UTC), **a_row(external_id=None, seller=None)
        ).own_listings
        == 1
    )


BOILERPLATE = (
    "Ships in two days, insured, with a number to follow it. Ask before you buy. Returns within two weeks. " * 8
)


def test_a_popular_text_is_compared_no_further_than_any_other(any_site: Site) -> None:
    """A verdict on one of its first users is found behind all later ones."""
    case = a_case(any_site, title="Aure11e bag 1:1", description=BOILERPLATE)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    rows = [
        a_row(external_id=f"MP-{n}", title=f"Bag {n}", description=BOILERPLATE, seller={"external_id": f"shop-{n}"})
        for n in range(100, 400)
    ]
    take_in(any_site, *rows)
    duplicates = unstored_duplicates(any_site, title="Aurelle bag", description=BOILERPLATE)
    assert duplicates.more
    assert 16 <= duplicates.listings <= MOST_COMPARED
    assert (duplicates.genuine, duplicates.nearest_genuine is not None) == (1, True)


def test_a_batch_of_popular_texts_takes_four_queries_and_as_many_comparisons_as_one(
    any_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [a_row(external_id=f"MP-{n}", description=f"{BOILERPLATE} {n}") for n in range(100, 200)]
    take_in(any_site, *rows)
    checked = [check({**row, "external_id": f"{row['external_id']}-again"}, received_at=NOW) for row in rows]
    signatures = [signature_of(listing) for listing in checked if isinstance(listing, Listing)]
    queries: list[PlainQuery] = []
    original = PlainQuery.rows

    def noted(self: PlainQuery, *arguments: Any) -> Any:
        queries.append(self)
        return original(self, *arguments)

    monkeypatch.setattr(PlainQuery, "rows", noted)
    with any_site.runtime.store.read() as connection:
        texts = near_duplicates.Texts(
            connection, any_site.marketplace_id, [signature for signature in signatures if signature is not None]
        )
        found_alike = [texts.alike(signature) for signature in signatures if signature is not None]
    assert len(queries) == 4
    assert all(MOST_PER_KEY <= len(alike.candidates) <= MOST_COMPARED for alike in found_alike)


def test_no_query_scans_a_table_for_each_value_of_a_list(site: Site) -> None:
    """On SQLite, whose planner does not know a list's length, the list is read first and tables by key."""
    judge(site, site.analyst, a_case(site, description=BOILERPLATE), Judgement.GENUINE)
    listing = check(a_suspect_row(external_id="MP-asked", description=BOILERPLATE), received_at=NOW)
    assert isinstance(listing, Listing)
    signature = signature_of(listing)
    assert signature is not None
    plans: list[list[str]] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "json_each" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append([str(row[3]) for row in rows])

    event.listen(site.runtime.store.reads, "before_cursor_execute", explain)
    with site.runtime.store.read() as connection:
        near_duplicates.Texts(connection, site.marketplace_id, [signature])
    event.remove(site.runtime.store.reads, "before_cursor_execute", explain)
    every, *plans = plans
    assert len(plans) == 3
    assert every[:2] == ["COMPOUND QUERY", "LEFT-MOST SUBQUERY"]
    ends = [1, *(at for at, step in enumerate(every) if step == "UNION ALL"), len(every)]
    parts = [every[before + 1 : after] for before, after in pairwise(ends)]
    assert len(parts) == BANDS + 1
    for number, part in enumerate(parts[:BANDS]):
        assert any(f"ix_text_signature_band_{number} (band_{number}=?)" in step for step in part), part
    for plan in (*parts, *plans):
        assert plan[0].startswith("SCAN wanted"), plan
        assert not [step for step in plan if step.endswith(("(marketplace_id=?)", "(marketplace_id=?) LEFT-JOIN"))], (
            plan
        )


def test_verdicts_are_the_only_way_among_the_judged(any_site: Site) -> None:
    case = a_case(any_site)
    assert any_site.count(judged_band) == 0
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    judge_again = any_site.count(judged_band)
    any_site.clock.forward(minutes=1)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    assert (judge_again, any_site.count(judged_band)) == (16, 16)


HOSTILE = [
    ("x" * 50_000, "one letter"),
    (" ".join("abcdefghij"[i % 10] * 3 for i in range(12_000)), "ten words over and over"),
    ("аеорсух" * 7_000, "look-alikes only"),
    ("\u200b" * 40_000 + "a real text about a bag of grey leather with brass zips", "invisible characters"),
    ("包" * 25_000 + "แ" * 25_000, "two scripts without blanks"),
]


@pytest.mark.parametrize(("text", "_why"), HOSTILE)
def test_a_hostile_text_is_taken_in_and_compared_like_any_other(any_site: Site, text: str, _why: str) -> None:
    take_in(any_site, a_row(description=text), a_row(external_id="MP-2", description=text, seller=OTHER))
    assert duplicates_of(any_site, "MP-2").listings == 1
