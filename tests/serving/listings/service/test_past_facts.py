"""The history of a file's rows in bulk equals the one that intake used when the rows came in."""

import hashlib
import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select, update
from sqlalchemy.exc import DBAPIError

from features.compute import NAMES, compute
from features.facts import SCHEMA, Facts
from features.listing import Listing
from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.listings.service.past_facts import HistoryAt, past_facts
from serving.listings.tables import listing, listing_version, score
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.engine import read_only_engine
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import ReferenceContextCache
from tests.fixtures.clients import key_headers
from tests.fixtures.clusters import a_cluster, processes_in
from tests.fixtures.lives import Lives
from tests.fixtures.recompute import RecomputedFacts, recompute, recorded_scores
from tests.fixtures.runtimes import Site, a_row, a_suspect_row, judge, open_cases
from tests.serving.web.reports import put_champion_in_force
from training.bundle_folder import read_bundle_folder
from training.score.file import score_file


def past_of(facts: Facts) -> tuple[Any, ...]:
    """What a history decides; prices of others and brands are taken as they are today."""
    return facts.version, facts.price.previous_log_price, facts.price.own, facts.seller, facts.near_duplicates


def marketplace_today(site: Site) -> Marketplace:
    return site.read(marketplaces.get, site.marketplace_id)


def bulk_facts(site: Site, listings: Sequence[Listing]) -> list[Facts]:
    runtime, marketplace = site.runtime, marketplace_today(site)
    with runtime.store.read() as connection:
        context = runtime.services[ReferenceContextCache].of(connection, marketplace, runtime.clock.now())
        return past_facts(connection, marketplace, context.references, listings, now=runtime.clock.now())


def all_facts(site: Site) -> list[Facts]:
    with site.runtime.store.read() as connection:
        return [
            score.facts for batch in recorded_scores(connection, site.marketplace_id, schema=SCHEMA) for score in batch
        ]


def played_facts(site: Site, *, seed: int, sellers: int, steps: int) -> list[Facts]:
    """The facts of lives under the guarantee of complete events that holds today: earlier ones are not on record."""
    Lives(site, seed=seed, sellers=sellers).play(steps=steps)
    since = marketplace_today(site).seller_events_since
    return [fact for fact in all_facts(site) if fact.seller.events_since == since]


def at_their_moments(facts: Sequence[Facts]) -> list[Listing]:
    return [replace(fact.listing, occurred_at=fact.as_of) for fact in facts]


@pytest.mark.both_engines
def test_histories_in_bulk_equal_those_of_intake(any_site: Site) -> None:
    facts = played_facts(any_site, seed=4, sellers=20, steps=10)
    assert [past_of(fact) for fact in bulk_facts(any_site, at_their_moments(facts))] == [
        past_of(fact) for fact in facts
    ]
    vectors = np.stack([compute(fact).vector for fact in facts])
    assert all(len(np.unique(vectors[:, NAMES.index(name)])) > 2 for name in ("price_changes", "seller_sales_30d"))
    assert any(fact.near_duplicates is not None and fact.near_duplicates.more for fact in facts)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_thousands_of_histories_in_bulk_equal_those_of_intake(any_site: Site, engine_name: str) -> None:
    facts = played_facts(any_site, seed={"sqlite": 5, "postgresql": 6}[engine_name], sellers=240, steps=30)
    assert len(facts) > 1_000
    assert [past_of(fact) for fact in bulk_facts(any_site, at_their_moments(facts))] == [
        past_of(fact) for fact in facts
    ]


def test_the_order_of_the_rows_and_the_others_of_a_batch_do_not_matter(site: Site) -> None:
    facts = played_facts(site, seed=7, sellers=12, steps=8)
    listings = at_their_moments(facts)
    apart = [fact for part in (listings[::2], listings[1::2]) for fact in bulk_facts(site, part[::-1])[::-1]]
    assert [past_of(fact) for fact in apart] == [past_of(fact) for fact in (*facts[::2], *facts[1::2])]


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    executed_sql: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        executed_sql.append(statement)

    event.listen(site.runtime.store.reads, "after_cursor_execute", note)
    yield executed_sql
    event.remove(site.runtime.store.reads, "after_cursor_execute", note)


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(site: Site) -> None:
    listings = at_their_moments(played_facts(site, seed=8, sellers=20, steps=8))
    query_counts = []
    for batch in (listings[:10], listings):
        bulk_facts(site, batch)
        with statements(site) as executed_sql:
            bulk_facts(site, batch)
        query_counts.append(len(executed_sql))
    assert len(listings) > 40
    assert query_counts[1] <= query_counts[0] + 6  # Chains of links have more steps, and full keys are read again.


# A service, and the same rows in bulk.

EVENTS = "/api/v1/seller-events"
DAYS: Sequence[Sequence[dict[str, Any]]] = (
    (a_row(), a_suspect_row(), a_row(external_id="MP-2", title="Grey tote", brand=None)),
    (a_row(price="380.00"), a_suspect_row(external_id="MP-10")),
    (a_row(price="380.00", sales={"d7": 3}), a_suspect_row(price="79.00")),
    (a_suspect_row(external_id="MP-11"), a_row(external_id="MP-12", price="500.00")),
)


def a_life_over_http(site: Site, client: TestClient) -> list[dict[str, Any]]:
    """Rows of some days with events and verdicts between them; returns the rows in the order in which they came in."""
    sent: list[dict[str, Any]] = []
    site.write(marketplaces.record_events_complete, site.marketplace_id, datetime(2025, 1, 1, tzinfo=UTC))
    for day, rows in enumerate(DAYS):
        events = [
            {"event_id": f"{day}/{i}", "seller": seller, "kind": kind, "occurred_at": site.clock.now().isoformat()}
            for i, (seller, kind) in enumerate((("closet-mia", "sale"), ("lumo-trade-88", "fake_return")))
        ]
        assert client.post(EVENTS, json={"events": events}, headers=key_headers(site)).status_code == 200
        site.clock.forward(hours=5)
        lines = "\n".join(map(json.dumps, rows)).encode()
        headers = key_headers(site) | {"content-type": "application/x-ndjson"}
        assert client.post("/api/v1/listings", content=lines, headers=headers).status_code == 200
        sent += rows
        site.clock.forward(days=1)
        for case in open_cases(site, CaseLane.ANALYST)[:1]:
            judge(site, site.analyst, case, (Judgement.GENUINE, Judgement.COUNTERFEIT)[day % 2])
        site.clock.forward(days=1)
    return sent


def scores_of(site: Site) -> list[tuple[str, float]]:
    """The scores that the service gave, in order."""
    query = (
        select(listing.c.external_id, score.c.probability, score.c.score_id)
        .join(listing, listing.c.listing_id == score.c.listing_id)
        .order_by(score.c.score_id)
    )
    return [(row.external_id, row.probability) for row in site.rows(query)]


def bulk_scores(
    site: Site,
    rows: Sequence[dict[str, Any]],
    folder: Path,
    digest: str,
    *,
    with_history: bool = True,
    marketplace: Marketplace | None = None,
    dask: str | None = None,
) -> list[tuple[str, float]]:
    path, out = folder / "rows.ndjson", folder / "scores.parquet"
    path.write_text("\n".join(map(json.dumps, rows)))
    files = read_bundle_folder(site.runtime.services[BundleStore].folder(digest))
    history = HistoryAt(site.runtime.store.url, marketplace or marketplace_today(site)) if with_history else None
    score_file(path, "native", files, out, received_at=site.clock.now(), history=history, dask=dask)
    return [(row["listing_id"], row["probability"]) for row in pq.read_table(out).to_pylist()]


@pytest.mark.both_engines
def test_bulk_gives_the_scores_that_the_service_gave(any_site: Site, any_client: TestClient, tmp_path: Path) -> None:
    digest = put_champion_in_force(any_site)
    rows = a_life_over_http(any_site, any_client)
    service_scores, in_file = scores_of(any_site), bulk_scores(any_site, rows, tmp_path, digest)
    assert [name for name, _ in in_file] == [name for name, _ in service_scores]
    assert max(abs(online[1] - offline[1]) for online, offline in zip(service_scores, in_file, strict=True)) <= 1e-9
    without = bulk_scores(any_site, rows, tmp_path, digest, with_history=False)
    assert max(abs(online[1] - offline[1]) for online, offline in zip(service_scores, without, strict=True)) > 1e-3


def test_a_process_that_begins_later_compares_rows_with_the_same_references(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings = at_their_moments(played_facts(site, seed=9, sellers=5, steps=4))
    fixed = HistoryAt(site.runtime.store.url, marketplace_today(site)).fixed(site.clock.now())
    local_facts = bulk_facts(site, listings)
    monkeypatch.setattr(ReferenceContextCache, "of", None)  # Nothing reads them again.
    sent = pickle.loads(pickle.dumps(fixed))  # noqa: S301  # made here
    with closing(sent.open()) as there:
        assert there.facts(listings) == local_facts


def test_a_cluster_gives_the_scores_that_the_service_gave(
    any_site: Site, any_client: TestClient, tmp_path: Path
) -> None:
    digest = put_champion_in_force(any_site)
    rows = a_life_over_http(any_site, any_client)
    with a_cluster(2) as cluster:
        there = bulk_scores(any_site, rows, tmp_path, digest, dask=cluster.scheduler_address)
    assert there == bulk_scores(any_site, rows, tmp_path, digest)
    assert max(abs(online[1] - offline[1]) for online, offline in zip(scores_of(any_site), there, strict=True)) <= 1e-9


def some_cells(listing: Listing) -> dict[str, str | None]:
    return {
        "external_id": listing.external_id,
        "title": listing.title,
        "description": listing.description,
        "brand": listing.brand,
        "price": None if listing.price is None else str(listing.price),
        "currency": listing.currency,
        "occurred_at": None if listing.occurred_at is None else listing.occurred_at.isoformat(),
        "seller.external_id": listing.seller.external_id,
    }


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_other_processes_give_the_same_scores_when_one_is_killed(
    any_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.score.source.PART_ROWS", 15)
    digest = put_champion_in_force(any_site)
    listings = at_their_moments(played_facts(any_site, seed=10, sellers=40, steps=10))
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([some_cells(listing) for listing in listings]), path)
    files = read_bundle_folder(any_site.runtime.services[BundleStore].folder(digest))
    history = HistoryAt(any_site.runtime.store.url, marketplace_today(any_site))

    def scored(name: str, **wishes: Any) -> bytes:
        now = any_site.clock.now()
        score_file(path, "native", files, tmp_path / name, received_at=now, history=history, **wishes)
        return (tmp_path / name).read_bytes()

    with processes_in(tmp_path / "cluster") as cluster:
        first, _ = cluster.work("first"), cluster.work("second")
        there = scored("there", dask=cluster.address, advanced=lambda _bytes: first.kill())
        assert first.wait() == -9
    assert there == scored("here") == scored("together", processes=2)
    assert pq.read_table(tmp_path / "here").num_rows == len(listings) > 100


def test_a_row_with_its_own_time_is_scored_as_of_it(site: Site, client: TestClient, tmp_path: Path) -> None:
    digest = put_champion_in_force(site)
    first = site.clock.now()
    rows = a_life_over_http(site, client)
    moments = [first + timedelta(hours=5) + day * timedelta(days=2, hours=5) for day in range(len(DAYS))]
    dated = [{**row, "occurred_at": at.isoformat()} for at, batch in zip(moments, DAYS, strict=True) for row in batch]
    assert bulk_scores(site, dated, tmp_path, digest) == bulk_scores(site, rows, tmp_path, digest) == scores_of(site)


def test_a_row_that_never_came_in_is_scored_as_of_now(site: Site, client: TestClient, tmp_path: Path) -> None:
    digest = put_champion_in_force(site)
    a_life_over_http(site, client)
    row = a_suspect_row(external_id="MP-99", title="Aure11e Colline tote 1:1 mirror quality, real leather, large")
    ((_, before),) = bulk_scores(site, [row], tmp_path, digest)
    assert client.post("/api/v1/listings", json=row, headers=key_headers(site)).status_code == 201
    assert scores_of(site)[-1] == ("MP-99", before)


def test_another_marketplace_of_the_database_has_none_of_this_history(site: Site, client: TestClient) -> None:
    put_champion_in_force(site)
    a_life_over_http(site, client)
    other = provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="EUR", by="operator")
    seen = at_their_moments([replace(fact, as_of=site.clock.now()) for fact in all_facts(site)])
    runtime = site.runtime
    with runtime.store.read() as connection:
        context = runtime.services[ReferenceContextCache].of(connection, other, runtime.clock.now())
        facts = past_facts(connection, other, context.references, seen, now=runtime.clock.now())
    assert {(fact.version, fact.seller.known_days, fact.seller.listings_30d) for fact in facts} == {(1, None, 0)}
    assert all(
        not fact.seller.authorised and (fact.near_duplicates is None or fact.near_duplicates.listings == 0)
        for fact in facts
    )
    assert any(fact.seller.known_days is not None for fact in bulk_facts(site, seen))


@pytest.mark.both_engines
def test_the_database_refuses_every_write(any_site: Site) -> None:
    engine = read_only_engine(any_site.runtime.store.url)
    with engine.connect() as connection:
        assert len(marketplaces.all_marketplaces(connection)) == 1
        with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
            connection.execute(update(listing_version).values(protected=True))
    engine.dispose()


def test_a_file_of_sqlite_stays_as_it_is(site: Site, client: TestClient, tmp_path: Path) -> None:
    digest = put_champion_in_force(site)
    rows = a_life_over_http(site, client)
    site.runtime.store.close()
    path = site.runtime.home.database
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    bulk_scores(site, rows, tmp_path, digest, marketplace=site.marketplace)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


# Offline equals online: facts recomputed from the database equal those recorded at intake, bit for bit.

# Facts from the past. Each must vary in the test data, or the test proves nothing about it.
PAST = (
    "price_change",
    "price_changes",
    "price_largest_fall",
    "price_claim_to_highest",
    "price_same_at_seller",
    "seller_sales_30d",
    "seller_sales_growth_7d",
    "seller_turnover_growth_30d",
    "seller_return_share_7d",
    "seller_fake_returns_90d",
    "seller_known",
    "seller_listings_7d",
    "seller_listings_30d",
    "seller_recent_listings_share",
    "seller_protected_share",
    "seller_confirmed_counterfeits",
    "seller_cleared",
    "seller_counterfeits_90d",
    "seller_since_counterfeit",
    "seller_strikes",
    "seller_linked_sellers",
    "seller_linked_counterfeiters",
    "seller_linked_cleared",
    "seller_linked_counterfeit_share",
    "seller_linked_distance",
)


def authorised_between_two_listings(pairs: Iterable[RecomputedFacts]) -> set[str | None]:
    """Sellers with listings of a brand before it authorised them, and others afterwards."""
    known: dict[bool, set[str | None]] = {True: set(), False: set()}
    for pair in pairs:
        if pair.recorded.brand.name == "Aurelle":
            known[pair.recorded.seller.authorised].add(pair.recorded.listing.seller.external_id)
    return known[True] & known[False]


def recomputed_facts(site: Site) -> list[RecomputedFacts]:
    with site.runtime.store.read() as connection:
        return list(recompute(connection, site.marketplace_id))


def test_offline_equals_online(any_site: Site) -> None:
    Lives(any_site, seed=3, sellers=24).play(steps=12)
    pairs = recomputed_facts(any_site)
    assert Counter(name for pair in pairs for name in pair.moved) == {}
    assert [pair.score_id for pair in pairs if pair.recorded != pair.again] == []
    assert authorised_between_two_listings(pairs)
    vectors = np.stack([compute(pair.recorded).vector for pair in pairs])
    assert [name for name in PAST if len(np.unique(vectors[:, NAMES.index(name)])) < 3] == []


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_offline_equals_online_over_ten_thousand_histories(any_site: Site, engine_name: str) -> None:
    """Half of the seeds on each database."""
    Lives(any_site, seed={"sqlite": 2, "postgresql": 3}[engine_name], sellers=240).play(steps=40)
    pairs = recomputed_facts(any_site)
    assert len(pairs) >= 5_000
    assert [pair.score_id for pair in pairs if pair.recorded != pair.again or pair.moved] == []
