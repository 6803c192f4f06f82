"""An undone answer leaves a case as it would be had nobody answered: a twin shows what that is."""

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from models.case import CaseLane, CaseState
from models.errors import Conflict
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.notices.rules.notices import ReporterKind
from serving.notices.store.reporters import Reporter
from serving.standing.rules.standing import Standing
from serving.standing.service import current_standing
from tests.fixtures.notifying import a_reporter, items_of, notify
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_case, case_now, copy_on_sqlite, judge, open_cases
from tests.serving.notices.service.test_notice_complaints import refused_notice, say

ANSWERS = [judgement for judgement in Judgement if judgement is not Judgement.WITHDRAWN]
AT_ONCE = 100  # Sequences on one pair of services; fewer where it is not the full size.


@pytest.fixture
def twins(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> Iterator[tuple[Site, Site]]:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    first, second = (copy_on_sqlite(folder, populated_sqlite) for folder in folders)
    with first as busy_site, second as idle_site:
        yield busy_site, idle_site


def case_view(site: Site, opened: Case) -> tuple[CaseLane, CaseState, datetime, float, bool]:
    case = case_now(site, opened)
    return case.lane, case.state, case.due_at, case.priority, case.question_returned


def standing_of(site: Site, brand_id: str) -> Standing:
    with site.runtime.store.read() as connection:
        return current_standing(site.runtime, connection, site.marketplace_id, brand_id, site.clock.now())


def decider_of(site: Site, lane: CaseLane) -> Person:
    return site.brand_person if lane is CaseLane.ASK_BRAND else site.analyst


def play(
    busy_site: Site, idle_site: Site, name: str, reporters: tuple[Reporter, Reporter], chance: random.Random
) -> None:
    """Answers that are all undone on one side, and everything else on both."""
    lane = chance.choice([CaseLane.ANALYST, CaseLane.ASK_BRAND])
    case, twin = (a_case(site, lane, external_id=name) for site in (busy_site, idle_site))
    brand_id = case.brand_id or ""
    for _ in range(chance.randint(1, 4)):
        for site in (busy_site, idle_site):
            site.clock.forward(seconds=1)
        if chance.random() < 0.3:
            for site, reporter in zip((busy_site, idle_site), reporters, strict=True):
                notify(site, name, by=reporter)
        now = case_now(busy_site, case)
        judge(busy_site, decider_of(busy_site, now.lane), now, chance.choice(ANSWERS))
        between = chance.randint(1, 170)
        for site in (busy_site, idle_site):
            site.clock.forward(seconds=between)
        if chance.random() < 0.2:
            for site, reporter in zip((busy_site, idle_site), reporters, strict=True):
                notify(site, name, by=reporter)
        undo_verdict(busy_site.runtime, decider_of(busy_site, now.lane), case.case_id)
        for site in (busy_site, idle_site):
            site.clock.forward(seconds=1)
        assert case_view(busy_site, case) == case_view(idle_site, twin)
        assert standing_of(busy_site, brand_id) == standing_of(idle_site, brand_id)


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.soak] if n else []) for n in range(21)])
def test_answers_that_were_undone_leave_a_case_as_its_twin_that_nobody_answered(
    twins: tuple[Site, Site], seed: int
) -> None:
    """Twenty times a hundred sequences in soak."""
    busy_site, idle_site = twins
    chance = random.Random(seed)
    reporters = a_reporter(busy_site, ReporterKind.TRUSTED_FLAGGER), a_reporter(idle_site, ReporterKind.TRUSTED_FLAGGER)
    for number in range(AT_ONCE if seed else 5):
        play(busy_site, idle_site, f"MP-{number}", reporters, chance)


def test_a_brand_that_undoes_its_doubt_keeps_the_time_that_it_had(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(hours=4)
    judge(any_site, any_site.brand_person, case, Judgement.CANNOT_TELL)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    (again,) = open_cases(any_site)
    assert (again.lane, again.due_at, again.question_returned) == (CaseLane.ASK_BRAND, case.due_at, False)


def test_an_analyst_gains_no_day_on_a_notified_case(any_site: Site) -> None:
    case = a_case(any_site, external_id="MP-1")
    notify(any_site, "MP-1", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    (before,) = open_cases(any_site)
    judge(any_site, any_site.analyst, before, Judgement.COUNTERFEIT)
    any_site.clock.forward(minutes=2)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    (again,) = open_cases(any_site)
    assert (again.lane, again.due_at) == (CaseLane.ANALYST, before.due_at)


def test_a_notice_that_came_while_the_brand_was_asked_is_due_when_it_asks(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-1")
    notify(any_site, "MP-1", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    (again,) = open_cases(any_site)
    assert again.due_at == again.notice_due_at


def test_a_case_that_a_notice_opened_since_joins_the_one_that_is_open_again(any_site: Site) -> None:
    case = a_case(any_site, external_id="MP-1")
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    receipt = notify(any_site, "MP-1", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    (opened,) = open_cases(any_site)
    assert opened.case_id != case.case_id
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    (again,) = open_cases(any_site)
    assert again.case_id == case.case_id
    assert [notice_item.case_id for notice_item in items_of(any_site, receipt)] == [case.case_id]


def test_an_answer_on_a_version_that_has_changed_since_is_undone_and_the_new_case_stays(any_site: Site) -> None:
    case = a_case(any_site, external_id="MP-1")
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    newer = a_case(any_site, external_id="MP-1", price="7.00")
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    assert [open_case.case_id for open_case in open_cases(any_site)] == [newer.case_id]


def test_a_case_without_a_verdict_has_nothing_to_undo(site: Site) -> None:
    with pytest.raises(Conflict, match="no verdict to undo"):
        undo_verdict(site.runtime, site.analyst, a_case(site).case_id)


def test_an_answer_is_not_undone_while_a_complaint_about_the_listing_is_decided(any_site: Site) -> None:
    receipt = refused_notice(any_site)
    newer = a_case(any_site, external_id="MP-1")
    judge(any_site, any_site.analyst, newer, Judgement.GENUINE)
    complaint = say(any_site, receipt)
    with pytest.raises(Conflict, match="A complaint about this decision"):
        undo_verdict(any_site.runtime, any_site.analyst, newer.case_id)
    assert [open_case.case_id for open_case in open_cases(any_site)] == [complaint.case_id]
