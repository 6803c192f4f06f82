"""Large reports that a person confirms with a second factor, and that everybody who was told can stop."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Executable, func, select

from models.case import CaseLane, CaseState
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.messages.english import in_english
from models.verdict import Judgement
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.signing import SigningTool
from serving.accounts.service.proving import FactorResponse, passkey_options
from serving.accounts.service.second_factors import add_passkey, enrolment_options
from serving.accounts.service.service_accounts import accounts_of_brand
from serving.accounts.store import people
from serving.audit.store import audit
from serving.cases.service.undoing import overrule
from serving.cases.tables import review_case, verdict
from serving.mail.service.rendering import render
from serving.mail.store import mails
from serving.mail.tables import mail
from serving.notices.service.notice_decisions import notifier_message
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.rules.step_up import why_no_step_up
from serving.reports.service import stepping_up, submitting
from serving.reports.service.status import ListingState, ReportState, status_of
from serving.reports.service.stepping_up import confirm_report, finish_reports, purpose_of
from serving.reports.service.stopping import approve_removals, report_of_link, stop_report
from serving.reports.service.submitting import decide_report
from serving.reports.service.withdrawing import withdraw
from serving.reports.store import reports
from serving.reports.tables import report_step_up
from serving.standing.rules.record import RemovalTally
from serving.takedowns.policy import DEFAULT_STEP_UP, BudgetPolicy, StepUpPolicy
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.service import takedown, telling
from serving.takedowns.service.stop_links import REPORTS, read_link, stop_path
from serving.takedowns.store import actions
from serving.takedowns.tables import action, alert
from serving.webhooks.rules.action import ActionEvent
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.factors import Authenticator, an_app, renewed_session, session_with_app, with_a_counting_factor
from tests.fixtures.notifying import a_listing, confirm_notice, items_of, notify
from tests.fixtures.receivers import deliver
from tests.fixtures.reporting import (
    a_draft,
    a_leader,
    a_marketplace_that_listens,
    a_rival,
    action_states,
    on_sale,
    questions,
    report,
    withdraw_whole,
)
from tests.fixtures.runtimes import PASSWORD, Site, judge, open_cases
from tests.fixtures.signing import a_tool
from tests.fixtures.stepping_up import (
    HOUR,
    OVER,
    TOOL,
    confirmed_report,
    decide_without_proof,
    in_full_standing,
    prove_second_factor,
    standing_of,
    waiting_report,
    with_a_small_hour,
)
from tests.fixtures.submitting import submit_report
from tests.serving.notices.service.test_notice_complaints import say
from tests.serving.reports.service.test_withdrawing import carry_out_all

MANY = HOUR + 3


@pytest.fixture
def full_site(site: Site) -> Site:
    return with_a_small_hour(in_full_standing(site))


def count(site: Site, query: Executable) -> int:
    return int(site.scalar(query))


def removals_due(site: Site) -> int:
    """The number of removals that leave by now."""
    leaves = action.c.leaves_at <= site.clock.now()
    return count(site, select(func.count()).select_from(action).where(leaves, action.c.state == "scheduled"))


def test_a_confirmed_report_is_scheduled_whole_with_an_hour_to_stop_it_and_raises_no_alarm(any_site: Site) -> None:
    full_site = with_a_small_hour(in_full_standing(any_site))
    report_id, _, _ = confirmed_report(full_site, MANY)
    assert action_states(full_site) == {"scheduled": MANY}
    assert count(full_site, select(func.count()).select_from(alert)) == 0
    full_site.clock.forward(minutes=59)
    assert removals_due(full_site) == 0
    full_site.clock.forward(minutes=1)
    assert removals_due(full_site) == MANY
    assert {listing.state for listing in status_of(full_site.runtime, full_site.brand_person, report_id).items} == {
        ListingState.SCHEDULED
    }
    assert full_site.read(audit.check_chain)[1] is None


def test_at_night_all_of_it_leaves_together_though_a_part_is_within_the_usual_day(
    full_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "usual_day", lambda *_: UsualDay(removals=HOUR, working_days=99))
    full_site.clock.forward(hours=(25 - full_site.clock.now().hour) % 24)
    confirmed_report(full_site, MANY)
    leaves = {row.leaves_at for row in full_site.rows(select(action.c.leaves_at))}
    assert leaves == {full_site.clock.now().replace(hour=9, minute=0, second=0, microsecond=0)}


def test_at_night_two_reports_at_once_have_one_usual_day(full_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "usual_day", lambda *_: UsualDay(removals=OVER + 1, working_days=99))
    site = full_site
    a_leader(site)
    app, session = with_a_counting_factor(site, site.brand_person)
    site.clock.forward(hours=(25 - site.clock.now().hour) % 24)
    both = [waiting_report(site, on_sale(site, OVER, start), str(start)) for start in (0, OVER)]
    confirmed = []
    for report_id in both:
        site.clock.forward(seconds=30)  # The next code.
        confirmed.append(confirm_report(site.runtime, session, report_id, FactorResponse(app.code(site))))
    for stored in confirmed:
        decide_report(site.runtime, site.brand_person, stored)
    leaves = Counter(row.leaves_at.hour for row in site.rows(select(action.c.leaves_at)))
    assert leaves == {site.clock.now().hour + 1: OVER, 9: OVER}


def test_it_is_sent_to_the_marketplace_after_the_hour(site: Site) -> None:
    full_site = with_a_small_hour(in_full_standing(site))
    confirmed_report(full_site, OVER)
    action_ids = [row.action_id for row in full_site.rows(select(action.c.action_id))]
    with a_marketplace_that_listens(full_site):
        full_site.clock.forward(minutes=61)
        assert {deliver(site.runtime, site.marketplace_id, action_id) for action_id in action_ids} == {"acknowledged"}


def test_until_it_is_confirmed_nothing_is_recorded(full_site: Site) -> None:
    a_leader(full_site)
    report_id = waiting_report(full_site, on_sale(full_site, MANY))
    assert count(full_site, select(func.count()).select_from(verdict)) == 0
    status = status_of(full_site.runtime, full_site.brand_person, report_id)
    assert {listing.state for listing in status.items} == {ListingState.AWAITS_STEP_UP}
    assert {(listing.listing_result, listing.code) for listing in status.items} == {
        (ListingResult.PENDING_APPROVAL, Code.STEP_UP)
    }
    assert withdraw_whole(full_site.runtime, full_site.brand_person, report_id) == MANY


@pytest.mark.parametrize(
    ("many", "by_program", "tool", "with_step_up", "waits"),
    [
        pytest.param(OVER, True, TOOL, False, True, id="a tool's large report, below the standing for signed ones"),
        pytest.param(HOUR, True, TOOL, False, False, id="a tool's small one"),
        pytest.param(OVER, True, None, False, True, id="a session's large report by API"),
        pytest.param(HOUR, True, None, False, False, id="a session's small one by API"),
        pytest.param(OVER, False, None, True, True, id="a person's who wants to confirm it"),
        pytest.param(OVER, False, None, False, False, id="a person's who does not"),
    ],
)
def test_a_report_waits_for_a_second_factor(
    full_site: Site, many: int, by_program: bool, tool: SigningTool | None, with_step_up: bool, waits: bool
) -> None:
    draft = a_draft(full_site, on_sale(full_site, many))
    draft = replace(draft, by_program=by_program, tool=tool, with_step_up=with_step_up)
    done = submit_report(full_site.runtime, full_site.brand_person, draft)
    assert (done.counts[ListingResult.PENDING_APPROVAL] == many) == waits
    assert submit_report(full_site.runtime, full_site.brand_person, draft) == done


def test_without_full_standing_nothing_waits_for_a_second_factor(site: Site) -> None:
    draft = replace(a_draft(site, on_sale(site, 22)), by_program=True)
    done = submit_report(site.runtime, site.brand_person, draft)
    assert (done.counts[ListingResult.SCHEDULED], done.counts[ListingResult.CASE]) == (20, 2)
    signed = replace(a_draft(site, on_sale(site, 22, 500), "signed"), by_program=True, tool=TOOL)
    report_id = submit_report(site.runtime, site.brand_person, signed).report.report_id
    assert status_of(site.runtime, site.brand_person, report_id).state is ReportState.AWAITS_RELEASE


def test_without_a_second_factor_the_usual_limits_apply(full_site: Site) -> None:
    report_id = waiting_report(full_site, on_sale(full_site, HOUR + 5))
    decide_without_proof(full_site.runtime, full_site.brand_person, report_id)
    assert action_states(full_site) == {"scheduled": HOUR, "pending_approval": 5}
    with pytest.raises(Conflict, match="does not wait"):
        decide_without_proof(full_site.runtime, full_site.brand_person, report_id)


def test_a_passkey_confirms_the_report_for_which_it_signed_and_no_other(full_site: Site) -> None:
    a_leader(full_site)
    app, _ = an_app(full_site, full_site.brand_person)
    session, key = session_with_app(full_site, full_site.brand_person, app), Authenticator()
    add_passkey(
        full_site.runtime, session, key.create(enrolment_options(full_site.runtime, session, PASSWORD)), "Laptop"
    )
    full_site.clock.forward(days=1)
    session = session_with_app(full_site, full_site.brand_person, app)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    for_another = key.get(passkey_options(full_site.runtime, session, purpose_of("rpt_another")))
    with pytest.raises(Invalid):
        prove_second_factor(full_site.runtime, session, report_id, FactorResponse(credential=for_another))
    prove_second_factor(
        full_site.runtime,
        session,
        report_id,
        FactorResponse(credential=key.get(passkey_options(full_site.runtime, session, purpose_of(report_id)))),
    )
    assert action_states(full_site) == {"scheduled": OVER}


def test_a_second_report_of_the_day_leaves_within_the_figure_of_the_brand(full_site: Site) -> None:
    figure = replace(full_site.runtime.policies[BudgetPolicy], step_up_day=OVER + 2)
    policies = full_site.runtime.policies.changed(figure)
    full_site = replace(full_site, runtime=replace(full_site.runtime, policies=policies))
    _, app, session = confirmed_report(full_site, OVER)
    full_site.clock.forward(seconds=30)
    second = waiting_report(full_site, on_sale(full_site, OVER, 500), "second")
    prove_second_factor(full_site.runtime, session, second, FactorResponse(app.code(full_site)))
    assert action_states(full_site) == {"scheduled": OVER + 2, "pending_approval": OVER - 2}


def test_its_removals_neither_fill_nor_raise_the_caps_of_the_person_and_the_brand(full_site: Site) -> None:
    confirmed_report(full_site, OVER)
    report(full_site, on_sale(full_site, OVER, 500), "by hand")
    assert action_states(full_site) == {"scheduled": OVER + HOUR, "pending_approval": 1}
    full_site.clock.forward(days=30)
    done = report(full_site, on_sale(full_site, 1, 800), "a month later")
    assert done.counts[ListingResult.SCHEDULED] == 1, "what is pending holds no other report"


@pytest.mark.parametrize("most", [5, pytest.param(DEFAULT_STEP_UP.per_seller, marks=pytest.mark.soak)])
def test_of_one_seller_few_leave_and_two_organisations_decide_about_the_rest(full_site: Site, most: int) -> None:
    policies = full_site.runtime.policies.changed(replace(full_site.runtime.policies[StepUpPolicy], per_seller=most))
    full_site = replace(full_site, runtime=replace(full_site.runtime, policies=policies))
    confirmed_report(full_site, most + 5, seller="one-shop")
    assert action_states(full_site) == {"scheduled": most, "pending_approval": 5}
    report(full_site, on_sale(full_site, 1, 500), "by hand")
    assert action_states(full_site) == {"scheduled": most + 1, "pending_approval": 5}, "no alarm of the brand"


def test_sellers_of_high_impact_stay_with_two_organisations(full_site: Site) -> None:
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    questions(full_site, 1, sales_90d=900)
    prove_second_factor(
        full_site.runtime,
        session,
        waiting_report(full_site, ["MP-0", *on_sale(full_site, HOUR)]),
        FactorResponse(app.code(full_site)),
    )
    assert action_states(full_site) == {"scheduled": HOUR, "pending_approval": 1}


@pytest.mark.attack
def test_removals_that_nobody_complained_about_open_no_large_reports(site: Site) -> None:
    """A thief sends as many as they like, and no seller answers."""
    report(site, on_sale(site, 20))
    carry_out_all(site)
    end_answering_time(site)
    assert standing_of(site).overall.removals == RemovalTally(stood=20)
    with site.runtime.store.read() as connection:
        circumstances = stepping_up.circumstances(site.runtime, connection, site.brand_person, site.pair)
    reasons = why_no_step_up(circumstances, site.runtime.wall.now(), site.runtime.policies[SecondFactorPolicy])
    assert "The brand is not in full standing." in map(in_english, reasons)


@pytest.mark.attack
def test_a_report_is_not_confirmed_where_nobody_else_is_told(full_site: Site) -> None:
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    full_site.write(people.disable, full_site.account_manager.user_id, full_site.clock.now())
    with pytest.raises(Conflict, match="Nobody else"):
        prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))


def test_pending_removals_of_one_report_do_not_hold_a_large_one(full_site: Site) -> None:
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    a_leader(full_site)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    report(full_site, on_sale(full_site, OVER, 700), "a burst")
    prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    assert action_states(full_site) == {"scheduled": OVER + HOUR, "pending_approval": 1}


@pytest.mark.attack
def test_a_factor_of_less_than_a_day_confirms_nothing(full_site: Site) -> None:
    app, _ = an_app(full_site, full_site.brand_person)
    full_site.clock.forward(hours=23, minutes=58)
    session = session_with_app(full_site, full_site.brand_person, app)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    with pytest.raises(Conflict, match="Hours left: 1"):
        prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    assert action_states(full_site) == {}


@pytest.mark.attack
def test_a_new_factor_beside_an_old_one_confirms_nothing(full_site: Site) -> None:
    _, session = with_a_counting_factor(full_site, full_site.brand_person)
    key = Authenticator()
    add_passkey(
        full_site.runtime, session, key.create(enrolment_options(full_site.runtime, session, PASSWORD)), "the thief's"
    )
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    credential = key.get(passkey_options(full_site.runtime, renewed_session(full_site, session), purpose_of(report_id)))
    with pytest.raises(Forbidden, match="less than a day"):
        prove_second_factor(
            full_site.runtime, renewed_session(full_site, session), report_id, FactorResponse(credential=credential)
        )
    assert action_states(full_site) == {}


@pytest.mark.attack
def test_the_code_of_the_sign_in_and_a_recovery_code_confirm_no_report(full_site: Site) -> None:
    app, codes = an_app(full_site, full_site.brand_person)
    full_site.clock.forward(days=2)
    session = session_with_app(full_site, full_site.brand_person, app)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    for proof in (FactorResponse(codes[0]), FactorResponse(app.code(full_site, -1)), FactorResponse("")):
        with pytest.raises(Invalid):
            prove_second_factor(full_site.runtime, session, report_id, proof)
    assert action_states(full_site) == {}


@pytest.mark.attack
def test_another_brand_confirms_and_stops_nothing(full_site: Site) -> None:
    report_id, _, _ = confirmed_report(full_site, OVER)
    rival = a_rival(full_site)
    app, session = with_a_counting_factor(full_site, rival)
    for attempt in (
        lambda: prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site))),
        lambda: decide_without_proof(full_site.runtime, rival, report_id),
        lambda: stop_report(full_site.runtime, rival, report_id),
        lambda: approve_removals(full_site.runtime, rival, report_id),
        lambda: stop_report(full_site.runtime, full_site.analyst, report_id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_the_account_manager_stops_all_of_it_at_once(any_site: Site) -> None:
    full_site = with_a_small_hour(in_full_standing(any_site))
    report_id, _, session = confirmed_report(full_site, MANY)
    a_tool(full_site)
    assert [account.paused for account in full_site.read(accounts_of_brand, full_site.pair)] == [False]
    full_site.clock.forward(minutes=58)
    with pytest.raises(Forbidden, match="You count as one person with the one who confirmed"):
        approve_removals(full_site.runtime, full_site.brand_person, report_id)
    with pytest.raises(Conflict, match="Nothing of this report waits"):
        approve_removals(full_site.runtime, full_site.account_manager, report_id)
    assert stop_report(full_site.runtime, full_site.account_manager, report_id) == MANY
    assert action_states(full_site) == {"withdrawn": MANY}
    status = status_of(full_site.runtime, full_site.brand_person, report_id)
    assert {listing.state for listing in status.items} == {ListingState.WITHDRAWN}
    assert status.step_up is not None
    assert status.step_up.stopped_by == full_site.account_manager.user_id
    opened = review_case.c.report_id == report_id, review_case.c.state == CaseState.OPEN.value
    assert count(full_site, select(func.count()).select_from(review_case).where(*opened)) == 0
    with pytest.raises(AssertionError):
        renewed_session(full_site, session)
    assert [account.paused for account in full_site.read(accounts_of_brand, full_site.pair)] == [True]
    with pytest.raises(Conflict, match="already"):
        stop_report(full_site.runtime, full_site.account_manager, report_id)
    assert full_site.read(audit.check_chain)[1] is None


def test_what_it_answered_is_open_again_and_what_waits_for_approval_is_withdrawn_too(full_site: Site) -> None:
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    questions(full_site, 1, sales_90d=900)
    names = ["MP-0", "NOT-KNOWN", *on_sale(full_site, HOUR)]
    before = {case.case_id: case.lane for case in open_cases(full_site)}
    report_id = waiting_report(full_site, names)
    prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    assert action_states(full_site) == {"scheduled": HOUR, "pending_approval": 1}
    assert stop_report(full_site.runtime, full_site.account_manager, report_id) == HOUR + 2
    assert action_states(full_site) == {"withdrawn": OVER}
    assert {case.case_id: case.lane for case in open_cases(full_site)} == before


def test_after_its_hour_nothing_is_left_to_stop(site: Site) -> None:
    full_site = with_a_small_hour(in_full_standing(site))
    report_id, _, _ = confirmed_report(full_site, OVER)
    action_ids = [row.action_id for row in full_site.rows(select(action.c.action_id))]
    with a_marketplace_that_listens(full_site):
        full_site.clock.forward(minutes=60)
        for action_id in action_ids:
            deliver(site.runtime, site.marketplace_id, action_id)
    with pytest.raises(Conflict):
        stop_report(full_site.runtime, full_site.account_manager, report_id)


def test_what_its_author_withdrew_and_what_an_analyst_has_decided_since_stays(full_site: Site) -> None:
    report_id, _, _ = confirmed_report(full_site, OVER)
    with full_site.runtime.store.write() as connection:
        outcomes = reports.outcomes(connection, reports.of_id(connection, full_site.marketplace_id, report_id))
        number, verdict_id = next(
            (outcome.number, outcome.verdict_id) for outcome in outcomes if outcome.verdict_id is not None
        )
        removal, now = (
            actions.of_verdicts(connection, full_site.marketplace_id, [verdict_id])[verdict_id],
            full_site.clock.now(),
        )
        takedown.withdraw(full_site.runtime, connection, removal, "user:x", now)
        overrule(full_site.runtime, connection, full_site.analyst, (full_site.marketplace_id, verdict_id), now)
    (case,) = open_cases(full_site, CaseLane.ANALYST)
    judge(full_site, full_site.analyst, case, Judgement.COUNTERFEIT)
    assert withdraw(full_site.runtime, full_site.brand_person, report_id, {*range(1, OVER + 1)} - {number}) == HOUR
    with pytest.raises(Conflict, match="Somebody has decided about this listing since"):
        stop_report(full_site.runtime, full_site.account_manager, report_id)
    assert action_states(full_site) == {"withdrawn": OVER, "scheduled": 1}


def test_everybody_who_can_stop_it_is_mailed_a_link_of_their_own(full_site: Site) -> None:
    report_id, _, _ = confirmed_report(full_site, OVER)
    rows = full_site.rows(select(mail.c.mail_id, mail.c.user_id).where(mail.c.kind == "large_report"))
    assert {row.user_id for row in rows} == {full_site.account_manager.user_id, full_site.brand_person.user_id}
    for row in rows:
        stored = full_site.read(mails.get, row.mail_id)
        text = render(full_site.runtime, stored, with_secret=True)
        assert text.subject == f"Aurelle reports {OVER} listings"
        token = text.text.partition(REPORTS)[2].split()[0]
        assert read_link(full_site.runtime, token, REPORTS) == (row.user_id, report_id)
        person, large_report = report_of_link(full_site.runtime, token)
        assert (person.user_id, large_report.listings) == (row.user_id, OVER)
        assert REPORTS not in render(full_site.runtime, stored, with_secret=False).text
    with pytest.raises(NotFound):
        report_of_link(
            full_site.runtime, stop_path(full_site.runtime, a_rival(full_site).user_id, report_id).removeprefix(REPORTS)
        )


@pytest.mark.attack
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), id="the signature"),
        pytest.param(lambda token: token.replace("usr_", "usr_0", 1)[:-1], id="the person"),
        pytest.param(lambda token: token + "x", id="something is added"),
        pytest.param(lambda _: "x", id="it is no link"),
    ],
)
def test_a_link_is_refused_where_somebody_changed(full_site: Site, change: Callable[[str], str]) -> None:
    report_id, _, _ = confirmed_report(full_site, OVER)
    token = stop_path(full_site.runtime, full_site.account_manager.user_id, report_id).removeprefix(REPORTS)
    assert report_of_link(full_site.runtime, token)
    with pytest.raises(NotFound):
        report_of_link(full_site.runtime, change(token))


def test_an_interrupted_report_goes_on_by_itself(full_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    report_id = waiting_report(full_site, on_sale(full_site, MANY))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(submitting, "decide_listings", killed)
    with pytest.raises(KeyboardInterrupt):
        prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    monkeypatch.undo()
    assert finish_reports(full_site.runtime) == 1
    assert action_states(full_site) == {"scheduled": MANY}
    assert finish_reports(full_site.runtime) == 0


@pytest.mark.attack
@pytest.mark.parametrize(
    ("late", "stopped", "expected"),
    [
        pytest.param(
            timedelta(minutes=10), False, {"scheduled": HOUR, "pending_approval": 1}, id="ten minutes later, as usual"
        ),
        pytest.param(timedelta(minutes=1), True, {}, id="after it was stopped, not at all"),
    ],
)
def test_an_interrupted_report_goes_on(
    full_site: Site, monkeypatch: pytest.MonkeyPatch, late: timedelta, stopped: bool, expected: dict[str, int]
) -> None:
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    report_id = waiting_report(full_site, on_sale(full_site, OVER))
    monkeypatch.setattr(submitting, "decide_listings", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    monkeypatch.undo()
    if stopped:
        assert stop_report(full_site.runtime, full_site.account_manager, report_id) == OVER
    full_site.clock.forward(seconds=late.total_seconds())
    finish_reports(full_site.runtime)
    assert action_states(full_site) == expected


def test_the_proof_is_stored_with_the_session_and_the_report(full_site: Site) -> None:
    report_id, _, session = confirmed_report(full_site, OVER)
    with full_site.runtime.store.read() as connection:
        row = connection.execute(select(report_step_up)).one()
    assert (row.report_id, row.token_hash, row.user_id) == (
        report_id,
        session.token_hash,
        full_site.brand_person.user_id,
    )


def test_its_author_withdraws_it_within_the_hour(full_site: Site) -> None:
    report_id, _, _ = confirmed_report(full_site, OVER)
    full_site.clock.forward(minutes=59)
    assert withdraw_whole(full_site.runtime, full_site.brand_person, report_id) == OVER
    assert action_states(full_site) == {"withdrawn": OVER}


def test_judged_alike(full_site: Site) -> None:
    """A confirmation of a question keeps its own undo window beside a large report."""
    confirmed_report(full_site, OVER)
    (case,) = questions(full_site, 1)
    done = judge(full_site, full_site.brand_person, case, Judgement.COUNTERFEIT)
    assert done.undo_until == full_site.clock.now() + timedelta(seconds=180)


def test_a_notifier_is_told_of_a_removal_once_it_can_no_longer_be_stopped(full_site: Site) -> None:
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    names = on_sale(full_site, OVER)
    receipt = notify(full_site, names[0])
    confirm_notice(full_site, receipt)
    prove_second_factor(
        full_site.runtime, session, waiting_report(full_site, names), FactorResponse(app.code(full_site))
    )
    full_site.clock.forward(minutes=50)
    (notice_item,) = items_of(full_site, receipt)
    with full_site.runtime.store.read() as connection:
        assert notice_item.decided_at is not None
        assert notifier_message(full_site.runtime, connection, notice_item) is None
        removal = actions.get(connection, full_site.marketplace_id, notice_item.action_id or "")
    full_site.write(actions.change, removal, ActionEvent.SEND, {"due_at": None})
    with full_site.runtime.store.read() as connection:
        assert notifier_message(full_site.runtime, connection, notice_item) is not None


def test_a_listing_whose_complaint_a_reviewer_decides_is_not_stopped(full_site: Site) -> None:
    a_listing(full_site, "MP-1")
    receipt = notify(full_site, "MP-1")
    judge(full_site, full_site.analyst, open_cases(full_site)[0], Judgement.GENUINE)
    full_site.clock.forward(minutes=4)
    say(full_site, receipt)
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    report_id = waiting_report(full_site, [*(f"NOT-KNOWN-{number}" for number in range(HOUR)), "MP-1"])
    prove_second_factor(full_site.runtime, session, report_id, FactorResponse(app.code(full_site)))
    assert withdraw_whole(full_site.runtime, full_site.brand_person, report_id) == HOUR
    with pytest.raises(Conflict, match="A reviewer decides about this listing"):
        stop_report(full_site.runtime, full_site.account_manager, report_id)
