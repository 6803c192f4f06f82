"""The figures of reports equal a recount in plain SQL over a played site."""

import statistics
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Permission
from serving.platform.database.types import UtcTime
from serving.reports.rules.good_faith import Finder, ReportedEnd, Share, good_faith
from serving.reports.service.waiting import decide_arrived_listings
from serving.reports.service.withdrawing import retract, withdraw
from serving.reports.store.good_faith import Scope, removals_by_finder, reported_listings
from serving.reports.tables import report_outcome
from serving.standing.rules.standing import Level
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.notifying import a_listing, items_of, notify
from tests.fixtures.reporting import (
    a_marketplace_that_listens,
    a_rival,
    carry_out_action,
    on_sale,
    reinstate_on_appeal,
    removal_by_brand,
    report,
)
from tests.fixtures.runtimes import Site, a_case, having, judge, open_cases
from tests.fixtures.stepping_up import in_level

_RECOUNT: Final = Path(__file__).with_name("good_faith.sql").read_text(encoding="utf-8")


def play(site: Site) -> None:
    """Reports in every state, an answered question, and a listing that somebody else notified."""
    names = on_sale(site, 9)
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
        site.clock.forward(hours=2)
        first = report(site, [*names[:6], "XX-404", names[0]])
        withdraw(site.runtime, site.brand_person, first.report.report_id, [6])
        site.clock.forward(minutes=10)
        sent = {removal.external_id: removal for removal in _scheduled_removals(site)}
        for number, name in enumerate(names[:4]):
            site.clock.forward(hours=number)
            carry_out_action(site, sent[name])
        retract(site.runtime, site.brand_person, first.report.report_id, [1])
        reinstate_on_appeal(site, _removal(site, names[1]))
        in_level(site, Level.SUSPENDED)
        report(site, names[6:9], key="second")
        agreed, refused, _ = sorted(open_cases(site, CaseLane.ANALYST), key=lambda case: case.case_id)[:3]
        site.clock.forward(hours=5)
        carry_out_action(site, judge(site, site.analyst, agreed, Judgement.COUNTERFEIT).action)
        judge(site, site.analyst, refused, Judgement.GENUINE)
        (notice_item,) = items_of(site, notify(site, a_listing(site, "MP-2")))
        case = next(open_case for open_case in open_cases(site) if open_case.case_id == notice_item.case_id)
        judge(site, site.analyst, case, Judgement.COUNTERFEIT)


def _scheduled_removals(site: Site) -> list[Any]:
    with site.runtime.store.read() as connection:
        kind, state = ActionKind.REMOVE, ActionState.SCHEDULED
        return actions.latest(connection, site.marketplace_id, kind=kind, state=state, most=100)


def _removal(site: Site, name: str) -> Any:
    removals = site.read(
        actions.latest, site.marketplace_id, kind=ActionKind.REMOVE, state=ActionState.ACKNOWLEDGED, most=100
    )
    return next(removal for removal in removals if removal.external_id == name)


def recount(site: Site, since: datetime, until: datetime) -> list[Any]:
    query = text(_RECOUNT).bindparams(
        bindparam("here", site.marketplace_id),
        bindparam("brand", site.brand_id),
        *(bindparam(name, at, type_=UtcTime()) for name, at in (("since", since), ("until", until))),
    )
    moments = {"examined_at": UtcTime(), "acknowledged_at": UtcTime()}
    return list(site.rows(query.columns(**moments)))


def test_the_figures_are_those_that_plain_sql_counts(any_site: Site) -> None:
    begins = any_site.clock.now()
    having(any_site, play)
    until = any_site.clock.now() + timedelta(seconds=1)
    for since in (begins, until - timedelta(hours=6), until):
        rows = recount(any_site, since, until)
        figures = good_faith(
            any_site.read(reported_listings, Scope(any_site.marketplace_id, any_site.brand_id, since, until))
        ).whole
        assert figures.items == len(rows)
        assert figures.ended == Counter(ReportedEnd(row.ended) for row in rows)
        examined = [row for row in rows if row.examined_at is not None and row.ended != "withdrawn"]
        assert figures.at_once == Share(sum(row.at_once for row in examined), len(examined))
        hours = sorted(
            (row.acknowledged_at - row.examined_at).total_seconds() / 3_600 for row in rows if row.acknowledged_at
        )
        assert figures.to_removal.n == len(hours)
        if hours:
            assert figures.to_removal.median == pytest.approx(statistics.median(hours))
            assert figures.to_removal.p95 == hours[-1]  # Of fewer than twenty, the longest.


def test_the_played_site_has_every_end_that_can_be_counted(site: Site) -> None:
    begins = site.clock.now()
    having(site, play)
    rows = recount(site, begins, site.clock.now() + timedelta(seconds=1))
    assert {row.ended for row in rows} == {end.value for end in ReportedEnd}


def test_removals_are_counted_by_who_found_the_listing(any_site: Site) -> None:
    begins = any_site.clock.now()
    having(any_site, play)
    scope = Scope(any_site.marketplace_id, any_site.brand_id, begins, any_site.clock.now() + timedelta(seconds=1))
    # Ours: MP-1. The brand's: two removed at once that stand, one that an analyst agreed to.
    assert any_site.read(removals_by_finder, scope) == {Finder.US: 1, Finder.BRAND: 3}


def test_a_listing_reported_before_it_came_in_is_found_by_the_brand_even_if_its_route_opened_a_case(site: Site) -> None:
    begins = site.clock.now()
    report(site, ["MP-9"])
    site.clock.forward(hours=1)
    assert a_case(site, brand="Aurelle").report_id is None
    decide_arrived_listings(site.runtime)
    with a_marketplace_that_listens(site):
        carry_out_action(site, _scheduled_removals(site)[0])
    with site.runtime.store.read() as connection:
        scope = Scope(site.marketplace_id, site.brand_id, begins, site.clock.now() + timedelta(seconds=1))
        assert removals_by_finder(connection, scope) == {Finder.BRAND: 1}


def test_another_brand_and_another_period_have_no_such_figures(site: Site) -> None:
    begins = site.clock.now()
    having(site, play)
    until = site.clock.now() + timedelta(seconds=1)
    ((_, other),) = a_rival(site).brands(Permission.ANSWER_QUESTIONS)
    with site.runtime.store.read() as connection:
        assert reported_listings(connection, Scope(site.marketplace_id, other, begins, until)) == []
        assert reported_listings(connection, Scope(site.marketplace_id, None, until, until + timedelta(days=1))) == []


# The database itself refuses to change or delete the outcomes of a report, on both engines.

REFUSED = [
    "UPDATE report_outcome SET result = 'scheduled'",
    "UPDATE report_outcome SET code = code",
    "UPDATE report_outcome SET known_at = known_at",
    "DELETE FROM report_outcome",
]


@pytest.mark.both_engines
def test_the_database_refuses_to_change_or_delete_an_outcome(any_site: Site) -> None:
    report(any_site, ["RP-0"])
    on_postgres = any_site.runtime.store.url.startswith("postgresql")
    for statement in [*REFUSED, *(["TRUNCATE report_outcome CASCADE"] if on_postgres else [])]:
        with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
            connection.exec_driver_sql(statement)
    with any_site.runtime.store.read() as connection:
        assert connection.execute(select(report_outcome.c.result)).scalars().all() == ["unknown"]
