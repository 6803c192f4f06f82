"""Deferred cases, on both engines: they leave the queue, return without a job, and pass a deadline only knowingly."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.policies.learning import LabelPolicy
from models.routing import Lane
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.policy import AssignmentPolicy
from serving.cases.service.case_access import lease
from serving.cases.service.deferring import DeferralRequest, assign_cases, manager_for, resume, snooze
from serving.cases.service.opening import open_by_choice
from serving.cases.store import assignments, cases, deferrals, queue_positions, queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.learning.store import learning, monitoring
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings, scores
from serving.platform.clock import Window
from tests.fixtures.runtimes import Site, a_case, a_row, a_second_review, a_suspect_row, invite, judge
from tests.serving.web.visits import an_appeal, visit_as, words


def shown_cases(site: Site, *, snoozed: bool = False) -> list[str]:
    queue_filter = QueueFilter(
        frozenset({site.marketplace_id}), person=site.analyst.user_id, at=site.clock.now(), snoozed=snoozed
    )
    return [row["case_id"] for row in site.read(queues.queue, queue_filter, most=100)]


def snooze_case(site: Site, case: Case, *, hours: int = 4, on_news: bool = True) -> None:
    snooze(site.runtime, site.analyst, DeferralRequest(case.case_id, hours, on_news))


def test_a_snoozed_case_leaves_the_queue_and_returns(any_site: Site) -> None:
    first, second = a_case(any_site, external_id="MP-1"), a_case(any_site, external_id="MP-2")
    lease(any_site.runtime, any_site.analyst, first.case_id)
    snooze_case(any_site, first)
    assert (shown_cases(any_site), shown_cases(any_site, snoozed=True)) == ([second.case_id], [first.case_id])
    with any_site.runtime.store.read() as connection:
        queue_filter = QueueFilter(frozenset({any_site.marketplace_id}), at=any_site.clock.now())
        user_id, now = any_site.analyst.user_id, any_site.clock.now()
        assert queue_positions.next_free(connection, queue_filter, second, user_id=user_id, at=now) is None, (
            "nobody is led to it"
        )
    any_site.clock.forward(hours=4)
    assert sorted(shown_cases(any_site)) == sorted([first.case_id, second.case_id])
    assert shown_cases(any_site, snoozed=True) == []


def test_a_snoozed_case_is_not_assigned(any_site: Site) -> None:
    case = a_case(any_site)
    snooze_case(any_site, case)
    with any_site.runtime.store.read() as connection:
        assert assignments.free_cases(connection, any_site.marketplace_id, any_site.clock.now(), 10) == []
        assert assignments.free_cases(
            connection, any_site.marketplace_id, any_site.clock.now() + timedelta(hours=4), 10
        ) == [case.case_id]


def test_news_of_the_listing_ends_the_deferral(any_site: Site) -> None:
    returning_case, silent = a_case(any_site, external_id="MP-1"), a_case(any_site, external_id="MP-2")
    snooze_case(any_site, returning_case)
    snooze_case(any_site, silent, on_news=False)
    for number in (1, 2):
        row = a_suspect_row(external_id=f"MP-{number}", sales={"d7": 3})
        receive_rows(any_site.runtime, any_site.marketplace, [row], source="test")
    assert (shown_cases(any_site), shown_cases(any_site, snoozed=True)) == ([returning_case.case_id], [silent.case_id])


def test_a_newer_version_of_the_listing_is_in_the_queue_at_once(site: Site) -> None:
    snooze_case(site, a_case(site), on_news=False)
    changed = a_case(site, CaseLane.ANALYST, price="41.00")
    assert shown_cases(site) == [changed.case_id]


def test_an_answer_ends_the_deferral(site: Site) -> None:
    case = a_case(site)
    snooze_case(site, case)
    judge(site, site.second_analyst, case, Judgement.COUNTERFEIT)
    assert shown_cases(site) == [case.case_id], "the brand is asked, and the case is no longer deferred"


def test_a_case_is_late_only_knowingly(site: Site) -> None:
    case = a_case(site)
    with pytest.raises(Invalid, match="after its deadline"):
        snooze_case(site, case, hours=72)
    assert shown_cases(site) == [case.case_id]
    snooze(site.runtime, site.analyst, DeferralRequest(case.case_id, 72, on_news=False, knowingly=True))
    assert shown_cases(site) == []


def test_the_missing_information_and_its_source_are_stored(any_site: Site) -> None:
    case = a_case(any_site)
    request = DeferralRequest(case.case_id, 4, on_news=True, missing="The invoice", source="the marketplace")
    snooze(any_site.runtime, any_site.analyst, request)
    latest = any_site.read(deferrals.latest, any_site.marketplace_id, case.case_id)
    assert latest is not None
    assert (latest.by, latest.snooze.missing, latest.snooze.source) == ("Ines Moreau", "The invoice", "the marketplace")


@pytest.mark.both_engines
def test_a_deferral_ends_once(any_site: Site) -> None:
    case = a_case(any_site)
    snooze_case(any_site, case)
    resume(any_site.runtime, any_site.second_analyst, case.case_id)
    assert shown_cases(any_site) == [case.case_id]
    with pytest.raises(Conflict, match="not deferred"):
        resume(any_site.runtime, any_site.second_analyst, case.case_id)


def test_only_a_reviewer_without_a_competing_lease_can_snooze_an_open_case(site: Site) -> None:
    case = a_case(site)
    lease(site.runtime, site.second_analyst, case.case_id)
    with pytest.raises(Conflict, match="Somebody else is working"):
        snooze_case(site, case)
    with pytest.raises(NotFound):
        snooze(site.runtime, site.brand_person, DeferralRequest(case.case_id, 1, on_news=False))
    decided = a_case(site, external_id="MP-2")
    judge(site, site.analyst, decided, Judgement.GENUINE)
    with pytest.raises(Conflict, match="not open"):
        snooze_case(site, decided)


def test_an_earlier_decider_cannot_delay_the_appeal(site: Site) -> None:
    case = an_appeal(site, decided_by_analyst=True)
    with pytest.raises(Forbidden, match="somebody else"):
        snooze_case(site, case)
    with pytest.raises(Invalid, match="deadline"):
        snooze(site.runtime, site.second_analyst, DeferralRequest(case.case_id, 100, on_news=False, knowingly=True))


def test_a_second_review_can_be_snoozed(site: Site) -> None:
    judged = a_case(site)
    judge(site, site.analyst, judged, Judgement.GENUINE)
    site.clock.forward(days=15)
    review = a_second_review(site, judged, label=0)
    snooze(site.runtime, site.second_analyst, DeferralRequest(review.case_id, 4, on_news=False))
    resume(site.runtime, site.second_analyst, review.case_id)
    with pytest.raises(Conflict, match="not deferred"):
        resume(site.runtime, site.second_analyst, review.case_id)


# Cases that an analyst opens on a listing that passed.


def passed_listing(site: Site, external_id: str = "MP-1") -> str:
    """A listing that no route sent to a person."""
    receive_rows(
        dataclasses.replace(site.runtime, draw=lambda: 0.999),
        site.marketplace,
        [a_row(external_id=external_id)],
        source="test",
    )
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.marketplace_id, external_id)
        assert listing_id is not None
        assert not cases.open_cases(connection, site.marketplace_id, [listing_id])
    return listing_id


def test_it_joins_the_analysts_queue_with_its_score_and_a_record(any_site: Site) -> None:
    case_id = open_by_choice(any_site.runtime, any_site.analyst, passed_listing(any_site))
    with any_site.runtime.store.read() as connection:
        case = cases.get(connection, any_site.marketplace_id, case_id)
        entries = audit.of_subject(connection, {any_site.marketplace_id}, case_id, most=5)
        timeline = cases.timeline(connection, any_site.marketplace_id, case_id)
    assert (case.lane, case.score_masked) == (CaseLane.ANALYST, False)
    assert [audit_entry.act for audit_entry in entries] == ["case.opened"]
    assert [event["actor"] for event in timeline] == [any_site.analyst.name]
    assert judge(any_site, any_site.analyst, case, Judgement.GENUINE).verdict_id


def test_a_second_opening_gives_the_same_case(any_site: Site) -> None:
    listing_id = passed_listing(any_site)
    people = [any_site.analyst, any_site.second_analyst] * 4
    with ThreadPoolExecutor(8) as pool:
        case_ids = set(pool.map(lambda person: open_by_choice(any_site.runtime, person, listing_id), people))
    assert len(case_ids) == 1


def test_another_marketplace_s_listing_is_not_there(site: Site) -> None:
    listing_id = passed_listing(site)
    stranger = dataclasses.replace(site.analyst, grants=())
    with pytest.raises(NotFound):
        open_by_choice(site.runtime, stranger, listing_id)
    with pytest.raises(NotFound):
        open_by_choice(site.runtime, site.analyst, "lst_" + "0" * 26)


def test_a_removed_listing_is_not_opened(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    with pytest.raises(Conflict):
        open_by_choice(site.runtime, site.analyst, case.listing_id)


def test_its_label_represents_itself_alone(any_site: Site) -> None:
    """It passed with a small chance of an audit. Weighted by that chance, one choice would count as many listings."""
    case_id = open_by_choice(any_site.runtime, any_site.analyst, passed_listing(any_site))
    with any_site.runtime.store.read() as connection:
        case = cases.get(connection, any_site.marketplace_id, case_id)
        row = scores.get(connection, any_site.marketplace_id, case.score_id)
    assert row["lane"] == Lane.NO_ACTION
    assert row["inclusion_probability"] < 0.5
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(days=1)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        [version] = learning.scored_reviewed_versions(connection, any_site.marketplace_id, now)
        week = Window(now - any_site.runtime.policies[LabelPolicy].matures, now)
        [scored] = monitoring.first_scores(connection, any_site.marketplace_id, week)
    assert version["inclusion_probability"] == scored.inclusion_probability == 1.0


# Cases go to the least loaded analyst on duty, new brands to the least loaded account manager.


def assignees(site: Site) -> dict[str, str]:
    return site.read(assignments.current_assignees, {site.marketplace_id}, site.clock.now())


def some_cases(site: Site, many: int) -> list[str]:
    """Cases with the highest priority first."""
    return [a_case(site, external_id=f"MP-{n}", price=f"{900 - n}.00").case_id for n in range(many)]


def test_cases_are_assigned_in_turn_to_the_analysts_on_duty(any_site: Site) -> None:
    case_ids = some_cases(any_site, 3)
    assert assign_cases(any_site.runtime) == 0  # Nobody is here.
    visit_as(any_site, any_site.analyst)
    visit_as(any_site, any_site.second_analyst)
    assert assign_cases(any_site.runtime) == 3
    shared = assignees(any_site)
    assert set(shared) == set(case_ids)
    assert sorted([*shared.values()].count(user.user_id) for user in (any_site.analyst, any_site.second_analyst)) == [
        1,
        2,
    ]
    assert assign_cases(any_site.runtime) == 0  # Each is assigned once.


def test_an_analyst_with_open_cases_is_assigned_fewer(any_site: Site) -> None:
    case_ids = some_cases(any_site, 4)
    visit_as(any_site, any_site.analyst)
    visit_as(any_site, any_site.second_analyst)
    for case_id in case_ids[:2]:
        lease(any_site.runtime, any_site.analyst, case_id)
    assign_cases(any_site.runtime)
    assert assignees(any_site) == dict.fromkeys(case_ids[2:], any_site.second_analyst.user_id)


def test_assignments_are_limited_per_analyst_and_expire(site: Site) -> None:
    some_cases(site, 7)
    visit_as(site, site.analyst)
    assert assign_cases(site.runtime) == site.runtime.policies[AssignmentPolicy].most_each == 5
    site.clock.forward(minutes=31)
    assert assignees(site) == {}
    assert assign_cases(site.runtime) == 5


def test_an_assignment_leads_to_the_case_and_bars_nobody_from_it(site: Site) -> None:
    first, second, third = some_cases(site, 3)
    mine = visit_as(site, site.analyst)
    assign_cases(site.runtime)
    assert words(mine.get("/queue").text).count("assigned") == 3
    theirs = visit_as(site, site.second_analyst)
    assert "assigned" not in words(theirs.get("/queue").text)
    assert theirs.get(f"/cases/{second}").status_code == 200  # Opened all the same, and now theirs.
    fields = {"version_id": version_of(site, first), "judgement": "genuine"}
    assert mine.post(f"/cases/{first}/verdict", fields).headers["location"] == f"/cases/{third}"


def version_of(site: Site, case_id: str) -> str:
    return site.read(cases.get, site.marketplace_id, case_id).version_id


def test_a_new_brand_goes_to_the_account_manager_with_the_fewest(any_site: Site) -> None:
    runtime = any_site.runtime
    nora = invite(runtime, "nora@touchstone.example", "Nora Beck", Role.ACCOUNT_MANAGER)
    for name in ("Corvane", "Delmare", "Estival"):
        provisioning.add_brand(runtime, name=name, aliases=[], gtin_prefixes=[], by="test")
        provisioning.enrol(runtime, NewEnrolment(name, None, True), by="test")
    with runtime.store.read() as connection:
        managers = {
            enrolment.name: enrolment.account_manager_id
            for enrolment in brands.enrolments(connection, any_site.marketplace_id).values()
        }
    # Lena already manages two brands.
    assert (managers["Corvane"], managers["Delmare"]) == (nora.user_id, nora.user_id)
    assert managers["Estival"] in {nora.user_id, any_site.account_manager.user_id}  # Equal by now.


def test_enrolling_again_without_a_name_keeps_the_account_manager(site: Site) -> None:
    invite(site.runtime, "nora@touchstone.example", "Nora Beck", Role.ACCOUNT_MANAGER)
    provisioning.enrol(site.runtime, NewEnrolment("Aurelle", None, True), by="test")
    assert (
        site.read(brands.enrolments, site.marketplace_id)[site.brand_id].account_manager_id
        == site.account_manager.user_id
    )


def test_without_an_account_manager_a_brand_cannot_be_enrolled(site: Site) -> None:
    elsewhere = provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="EUR", by="test")
    with site.runtime.store.read() as connection, pytest.raises(Invalid, match="has no account manager"):
        manager_for(connection, elsewhere.marketplace_id)
