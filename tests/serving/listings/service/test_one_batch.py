"""A batch with several changes of the same listings: one transaction, with the result of rows one after another."""

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, Select, event, func, select

from features.listing import Listing, check
from models.case import CaseLane, CaseState
from models.routing import Lane
from models.score import ScoreKind
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment
from serving.cases.store import cases
from serving.listings.service.intake import LARGEST_BATCH, RowAnswer, RowStatus, receive_rows
from serving.listings.service.precheck import precheck
from serving.listings.tables import TEXT_BANDS, score
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.schema import metadata
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import ScoredVersion
from tests.fixtures.notifying import items_of, notify
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import EVIDENCE, Site, a_case, a_row, a_suspect_row, judge, open_cases
from tests.serving.web.reports import admit_model


@contextmanager
def commits(site: Site) -> Iterator[list[None]]:
    """The committed transactions that can have written; on PostgreSQL reads end by a commit, too."""
    transactions: list[None] = []

    def note(connection: Connection) -> None:
        if not connection.get_execution_options().get("postgresql_readonly"):
            transactions.append(None)

    event.listen(site.runtime.store.writes, "commit", note)
    try:
        yield transactions
    finally:
        event.remove(site.runtime.store.writes, "commit", note)


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """The statements of all transactions; one that inserts several rows counts once."""
    executed_sql: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        executed_sql.append(statement)

    engines = {site.runtime.store.reads, site.runtime.store.writes}
    for engine in engines:
        event.listen(engine, "after_cursor_execute", note)
    try:
        yield executed_sql
    finally:
        for engine in engines:
            event.remove(engine, "after_cursor_execute", note)


def changes_of_one(many: int, **fixed: Any) -> list[dict[str, Any]]:
    """Rows of one listing, each with another price."""
    return [a_row(price=f"{100 + i}.00", **fixed) for i in range(many)]


def test_a_batch_of_one_listing_is_one_transaction(any_site: Site) -> None:
    rows = changes_of_one(40)
    with commits(any_site) as transactions:
        answers = receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    assert len(transactions) == 1
    assert [answer.version for answer in answers] == list(range(1, 41))


def test_a_thousand_repeats_of_a_row_are_one_change_and_one_transaction(site: Site) -> None:
    with commits(site) as transactions:
        answers = receive_rows(site.runtime, site.marketplace, [a_row()] * LARGEST_BATCH, source="test")
    assert len(transactions) == 1
    assert Counter(answer.status for answer in answers) == {
        RowStatus.ACCEPTED: 1,
        RowStatus.UNCHANGED: LARGEST_BATCH - 1,
    }


def test_further_changes_of_a_listing_take_no_further_statements(any_site: Site) -> None:
    quiet = replace(any_site.runtime, draw=lambda: 1.0)  # No case of the random audit sample.
    receive_rows(quiet, any_site.marketplace, [a_row()], source="test")  # Reads the references.
    counted = []
    for many in (30, 60):  # Both are enough for a copy on PostgreSQL.
        with statements(any_site) as executed_sql:
            rows = changes_of_one(many, external_id=f"MP-{many}", seller={"external_id": f"shop-{many}"})
            receive_rows(quiet, any_site.marketplace, rows, source="test")
        counted.append(len(executed_sql))
    assert counted[0] == counted[1]


def test_a_brand_is_asked_no_more_in_a_batch_of_one_listing_than_it_answers_in_a_day(site: Site) -> None:
    promote(site, admit_model(site, ask_brand_from=0.001))
    enrolment = NewEnrolment("Aurelle", site.account_manager.email, True, daily_questions=2)
    provisioning.enrol(site.runtime, enrolment, by="test")
    rows = changes_of_one(4, **EVIDENCE)
    answers = receive_rows(site.runtime, site.marketplace, rows, source="test")
    assert [answer.lane for answer in answers] == [Lane.ASK_BRAND, Lane.ASK_BRAND, Lane.ANALYST, Lane.ANALYST]


def test_each_case_of_a_batch_follows_the_one_before_and_a_notice_waits_on_the_last(any_site: Site) -> None:
    first = a_case(any_site)
    receipt = notify(any_site, "MP-9")
    rows = [a_suspect_row(price=f"{80 + i}.00") for i in range(4)]
    receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    (last,) = open_cases(any_site)
    with any_site.runtime.store.read() as connection:
        chain = [last]
        while (follows := chain[-1].follows_case_id) is not None:
            chain.append(cases.get(connection, any_site.marketplace_id, follows))
    assert (len(chain), chain[-1].case_id) == (5, first.case_id)
    assert {case.state for case in chain[1:]} == {CaseState.STALE}
    assert [notice_item.case_id for notice_item in items_of(any_site, receipt)] == [last.case_id]


@pytest.mark.soak
def test_two_hundred_changes_of_one_listing_cost_about_as_much_as_two_hundred_listings(site: Site) -> None:
    receive_rows(site.runtime, site.marketplace, [a_row(external_id="warm")], source="test")
    batches = {
        "200 rows of one listing": changes_of_one(200),
        "200 listings": [{**row, "external_id": f"MP-{i + 10}"} for i, row in enumerate(changes_of_one(200))],
    }
    for name, rows in batches.items():
        begin = time.process_time()
        answers = receive_rows(site.runtime, site.marketplace, rows, source="test")
        print(f"{name}: {time.process_time() - begin:.2f} s of CPU time")  # noqa: T201  # the measurement is the result
        assert all(answer.status is RowStatus.ACCEPTED for answer in answers)


_PLAIN = ("The bag was worn twice and kept in its dust bag. ", "Bought in Lyon, with the receipt from the shop. ")
_TEXTS = st.builds(
    lambda text, end: f"{text * 3}{end}", st.sampled_from(_PLAIN), st.sampled_from(["", "Grey.", "Red."])
)
_MOMENTS = st.sampled_from([None, *(f"2026-02-2{day}T10:00:00+00:00" for day in range(1, 6))])
_ROWS = st.builds(
    lambda suspect, **fields: (a_suspect_row if suspect else a_row)(**fields),
    st.booleans(),
    external_id=st.sampled_from(["MP-1", "MP-1", "MP-2", "MP-3"]),
    price=st.sampled_from(["20.00", "90.00", "489.00"]),
    description=_TEXTS,
    sales=st.sampled_from([None, {"d7": 1}, {"d7": 9}]),
    seller=st.sampled_from([{"external_id": "closet-mia"}, {"external_id": "lumo-trade-88", "age_days": 9}]),
    occurred_at=_MOMENTS,
)


_BATCHES = given(
    before=st.lists(_ROWS, max_size=4), rows=st.lists(_ROWS, min_size=2, max_size=9), draw=st.sampled_from([0.0, 1.0])
)
_SHARED_SITE = [HealthCheck.function_scoped_fixture]
_BACKFILL = pytest.mark.parametrize("backfill", [False, True], ids=["as received", "backfill"])


@_BACKFILL
@settings(max_examples=6, deadline=None, suppress_health_check=_SHARED_SITE)
@_BATCHES
def test_a_batch_stores_what_its_rows_would_store_one_after_another(
    site: Site, before: list[dict[str, Any]], rows: list[dict[str, Any]], draw: float, *, backfill: bool
) -> None:
    check_batch(site, before, rows, draw, backfill=backfill)


@pytest.mark.soak
@_BACKFILL
@settings(max_examples=100, deadline=None, suppress_health_check=_SHARED_SITE)
@_BATCHES
def test_hundreds_of_batches_store_what_their_rows_would_store_one_after_another(
    site: Site, before: list[dict[str, Any]], rows: list[dict[str, Any]], draw: float, *, backfill: bool
) -> None:
    check_batch(site, before, rows, draw, backfill=backfill)


def check_batch(
    site: Site, before: list[dict[str, Any]], rows: list[dict[str, Any]], draw: float, *, backfill: bool
) -> None:
    """One marketplace takes the rows in one batch, another one after another, and both end with the same tables."""
    together, apart = (
        provisioning.add_marketplace(site.runtime, name=site.runtime.ids.new("mkt"), base_currency="EUR", by="test")
        for _ in range(2)
    )
    runtime = replace(site.runtime, draw=lambda: draw)
    for marketplace in (together, apart):
        one_after_another(site, runtime, marketplace, before, backfill=backfill)
    site.clock.forward(days=1)
    by_batch = receive_rows(runtime, together, rows, source="test", backfill=backfill)
    assert by_batch == one_after_another(site, runtime, apart, rows, backfill=backfill)
    assert not differences(stored_rows(site, together), stored_rows(site, apart))


def one_after_another(
    site: Site, runtime: Runtime, marketplace: Marketplace, rows: list[dict[str, Any]], *, backfill: bool
) -> list[RowAnswer]:
    """Send the first row of every listing, a microsecond later the second rows, and so on; each row by itself.

    A backfill takes the rows of one request in the order in which they occurred, so those stay together.
    """
    rounds: list[list[int]] = []
    for position, row in enumerate(rows):
        number = sum(row["external_id"] == earlier["external_id"] for earlier in rows[:position])
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(position)
    answers: dict[int, RowAnswer] = {}
    for round_ in rounds:
        for positions in [round_] if backfill else [[position] for position in round_]:
            row_answers = receive_rows(
                runtime, marketplace, [rows[position] for position in positions], source="test", backfill=backfill
            )
            answers |= dict(zip(positions, row_answers, strict=True))
        site.clock.forward(microseconds=1)
    site.clock.forward(microseconds=-len(rounds))
    return [answers[position] for position in range(len(rows))]


_ID = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}|[0-9a-f]{64}")


def stored_rows(site: Site, marketplace: Marketplace) -> dict[str, Counter[str]]:
    """The rows of every table of a marketplace, each id replaced by what it stands for."""
    rows: list[tuple[str, str, str]] = []
    with site.runtime.store.read() as connection:
        for table in metadata.sorted_tables:
            if "marketplace_id" not in table.c or table.name in {"audit_entry", "marketplace"}:
                continue
            # The order of an id, and the half of a key that has the marketplace in it.
            columns: list[ColumnElement[Any]] = [
                column for column in table.c if column.name not in {"entry_number", "received", *TEXT_BANDS}
            ]
            columns += [column.is_(None).label(column.name) for column in table.c if column.name in TEXT_BANDS]
            for row in connection.execute(select(*columns).where(table.c.marketplace_id == marketplace.marketplace_id)):
                values = {name: _plain(cell) for name, cell in row._mapping.items()}
                text = json.dumps(values, sort_keys=True, default=str).replace(marketplace.marketplace_id, "here")
                keys = [
                    str(row._mapping[column]) for column in table.primary_key.columns if column.name in row._mapping
                ]
                rows.append((table.name, keys[-1] if keys else "", text))
    means = {own: "" for _, own, _ in rows}
    for _ in range(8):
        grouped: dict[str, list[str]] = defaultdict(list)
        for _, own, text in rows:
            grouped[own].append(_meaning_of(text, means, own))
        means = {own: sha256("".join(sorted(texts)).encode()).hexdigest()[:12] for own, texts in grouped.items()}
    counts_by_table: dict[str, Counter[str]] = {}
    for name, _, text in rows:
        counts_by_table.setdefault(name, Counter())[_meaning_of(text, means)] += 1
    return counts_by_table


def differences(first: dict[str, Counter[str]], second: dict[str, Counter[str]]) -> dict[str, list[str]]:
    """The rows that only one of the two has, by table."""
    names = sorted(first.keys() | second.keys())
    sides = {name: (first.get(name, Counter()), second.get(name, Counter())) for name in names}
    return {name: sorted([*(a - b), *(b - a)]) for name, (a, b) in sides.items() if a != b}


def _plain(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def _meaning_of(text: str, means: dict[str, str], own: str = "") -> str:
    return _ID.sub(lambda match: "itself" if match[0] == own else means.get(match[0], match[0]), text)


def precheck_score(site: Site, row: dict[str, object]) -> ScoredVersion:
    listing = check(row, received_at=site.clock.now())
    assert isinstance(listing, Listing)
    return precheck(site.runtime, site.marketplace, listing)


def test_a_suspect_listing_would_go_to_somebody_and_an_ordinary_one_would_not(any_site: Site) -> None:
    suspect, ordinary = precheck_score(any_site, a_suspect_row()), precheck_score(any_site, a_row())
    assert suspect.score.value > ordinary.score.value
    assert (suspect.route.lane, ordinary.route.lane) == (Lane.ANALYST, Lane.NO_ACTION)
    assert suspect.score.reasons


def test_before_the_first_model_it_is_points_and_never_a_probability(site: Site) -> None:
    score = precheck_score(site, a_suspect_row()).score
    assert (score.kind, score.probability) == (ScoreKind.SCORECARD, None)


def test_nothing_is_kept(any_site: Site) -> None:
    def rows() -> dict[str, int]:
        with any_site.runtime.store.read() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
            }

    before = rows()
    precheck_score(any_site, a_suspect_row())
    assert rows() == before


def test_it_says_what_an_intake_would_say(site: Site) -> None:
    before = precheck_score(site, a_suspect_row())
    (answer,) = receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    assert answer.lane is before.route.lane
    assert site.scalar(select(score.c.value)) == before.score.value


def test_it_is_never_drawn_for_audit(site: Site) -> None:
    """The random sample consists of stored versions; otherwise frequent requests would be sampled often."""
    assert {precheck_score(site, a_row()).route.lane for _ in range(60)} == {Lane.NO_ACTION}


def test_what_is_known_of_the_seller_counts(site: Site) -> None:
    before = precheck_score(site, a_suspect_row(external_id="MP-10"))
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(days=1)
    after = precheck_score(site, a_suspect_row(external_id="MP-10"))
    elsewhere = precheck_score(
        site, a_suspect_row(external_id="MP-10", seller={"external_id": "nobody-yet", "age_days": 9})
    )
    assert after.score.value > before.score.value
    assert after.score.value > elsewhere.score.value


def test_an_authorised_seller_is_known_as_one(site: Site) -> None:
    seller = {"external_id": "maison-brandt", "age_days": 9, "country": "CN"}
    scoring = precheck_score(site, a_suspect_row(brand="Aurelle", seller=seller))
    other = precheck_score(site, a_suspect_row(brand="Aurelle", seller={**seller, "external_id": "maison-brand"}))
    assert scoring.route.lane is Lane.NO_ACTION
    assert other.route.lane is not Lane.NO_ACTION


def test_a_listing_of_nobody_is_scored_by_itself(site: Site) -> None:
    assert precheck_score(site, a_suspect_row(seller=None)).route.lane is Lane.ANALYST


def test_a_second_score_builds_no_statement(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building the statements took more than half of a score."""
    a_case(any_site)
    precheck_score(any_site, a_suspect_row())
    built: list[object] = []
    original = Select.__init__

    def noted(self: Select[Any], *arguments: Any, **named: Any) -> None:
        built.append(arguments)
        original(self, *arguments, **named)

    monkeypatch.setattr(Select, "__init__", noted)
    precheck_score(any_site, a_suspect_row())
    assert built == []
    with any_site.runtime.store.read() as connection:
        connection.execute(select(score.c.value))
    assert len(built) == 1, "the count works"
