"""Large reports that a person confirms with a second factor, and that everybody who was told can stop."""

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
from serving.accounts.service.proving import Given, passkey_options
from serving.accounts.service.second_factors import add_passkey, enrolment_options
from serving.accounts.store import people
from serving.audit.store import audit
from serving.brands.service.brand_keys import make_key
from serving.cases.service.undoing import overrule
from serving.cases.tables import review_case, verdict
from serving.mail.service.rendering import written
from serving.mail.store import mails
from serving.mail.tables import mail
from serving.marketplaces.tables import api_key
from serving.notices.service.notice_decisions import told
from serving.reports.rules.outcomes import Code, Result
from serving.reports.rules.step_up import why_not
from serving.reports.service import stepping_up
from serving.reports.service.status import Reported, status_of
from serving.reports.service.stepping_up import finish_reports, purpose_of, send_without, step_up
from serving.reports.service.stopping import approve, by_link, stop
from serving.reports.service.submitting import submit
from serving.reports.service.withdrawing import withdraw
from serving.reports.store import reports
from serving.reports.tables import report_step_up
from serving.takedowns.policy import DEFAULT_STEP_UP, StepUpPolicy
from serving.takedowns.service import takedown
from serving.takedowns.service.stop_links import REPORTS, link_of, stop_path
from serving.takedowns.store import actions
from serving.takedowns.tables import action, alert
from serving.webhooks.rules.action import ActionEvent
from tests.fixtures.factors import Authenticator, an_app, renewed, signed_in_with, with_a_counting_factor
from tests.fixtures.notifying import a_listing, confirmed, items_of, notify
from tests.fixtures.receivers import deliver
from tests.fixtures.reporting import (
    a_draft,
    a_leader,
    a_marketplace_that_listens,
    a_rival,
    on_sale,
    questions,
    report,
    states,
    withdraw_whole,
)
from tests.fixtures.runtimes import PASSWORD, Site, judge, open_cases
from tests.fixtures.stepping_up import HOUR, OVER, confirmed_report, in_full_standing, waiting_report, with_a_small_hour
from tests.serving.notices.service.test_notice_complaints import say

MANY = HOUR + 3


@pytest.fixture
def here(site: Site) -> Site:
    return with_a_small_hour(in_full_standing(site))


def count(site: Site, query: Executable) -> int:
    return int(site.value(query))


def left(site: Site) -> int:
    """The number of removals that leave by now."""
    leaves = action.c.leaves_at <= site.clock.now()
    return count(site, select(func.count()).select_from(action).where(leaves, action.c.state == "scheduled"))


def test_a_confirmed_report_is_scheduled_whole_with_an_hour_to_stop_it_and_raises_no_alarm(any_site: Site) -> None:
    here = with_a_small_hour(in_full_standing(any_site))
    report_id, _, _ = confirmed_report(here, MANY)
    assert states(here) == {"scheduled": MANY}
    assert count(here, select(func.count()).select_from(alert)) == 0
    here.clock.forward(minutes=59)
    assert left(here) == 0
    here.clock.forward(minutes=1)
    assert left(here) == MANY
    assert {one.state for one in status_of(here.runtime, here.brand_person, report_id).items} == {Reported.SCHEDULED}
    assert here.read(audit.check)[1] is None


def test_it_is_sent_to_the_marketplace_after_the_hour(site: Site) -> None:
    here = with_a_small_hour(in_full_standing(site))
    confirmed_report(here, OVER)
    found = [one.action_id for one in here.rows(select(action.c.action_id))]
    with a_marketplace_that_listens(here):
        here.clock.forward(minutes=61)
        assert {deliver(site.runtime, site.here, one) for one in found} == {"acknowledged"}


def test_until_it_is_confirmed_nothing_is_recorded(here: Site) -> None:
    a_leader(here)
    report_id = waiting_report(here, on_sale(here, MANY))
    assert count(here, select(func.count()).select_from(verdict)) == 0
    found = status_of(here.runtime, here.brand_person, report_id)
    assert {one.state for one in found.items} == {Reported.AWAITS_STEP_UP}
    assert {(one.result, one.code) for one in found.first} == {(Result.PENDING_APPROVAL, Code.STEP_UP)}
    assert withdraw_whole(here.runtime, here.brand_person, report_id) == MANY


@pytest.mark.parametrize(
    ("many", "by_program", "wanted", "waits"),
    [
        pytest.param(OVER, True, False, True, id="a program's large report"),
        pytest.param(HOUR, True, False, False, id="a program's small one"),
        pytest.param(OVER, False, True, True, id="a person's who wants to confirm it"),
        pytest.param(OVER, False, False, False, id="a person's who does not"),
    ],
)
def test_a_report_waits_for_a_second_factor(here: Site, many: int, by_program: bool, wanted: bool, waits: bool) -> None:
    draft = replace(a_draft(here, on_sale(here, many)), by_program=by_program, with_step_up=wanted)
    done = submit(here.runtime, here.brand_person, draft)
    assert (done.counts[Result.PENDING_APPROVAL] == many) == waits
    assert submit(here.runtime, here.brand_person, draft) == done


def test_without_full_standing_nothing_waits_for_a_second_factor(site: Site) -> None:
    draft = replace(a_draft(site, on_sale(site, 22)), by_program=True)
    done = submit(site.runtime, site.brand_person, draft)
    assert (done.counts[Result.SCHEDULED], done.counts[Result.PENDING_APPROVAL]) == (20, 2)


def test_without_a_second_factor_the_usual_limits_apply(here: Site) -> None:
    report_id = waiting_report(here, on_sale(here, HOUR + 5))
    send_without(here.runtime, here.brand_person, report_id)
    assert states(here) == {"scheduled": HOUR, "held": 5}
    with pytest.raises(Conflict, match="does not wait"):
        send_without(here.runtime, here.brand_person, report_id)


def test_a_passkey_confirms_the_report_for_which_it_signed_and_no_other(here: Site) -> None:
    a_leader(here)
    app, _ = an_app(here, here.brand_person)
    session, key = signed_in_with(here, here.brand_person, app), Authenticator()
    add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session, PASSWORD)), "Laptop")
    here.clock.forward(days=1)
    session = signed_in_with(here, here.brand_person, app)
    report_id = waiting_report(here, on_sale(here, OVER))
    for_another = key.get(passkey_options(here.runtime, session, purpose_of("rpt_another")))
    with pytest.raises(Invalid):
        step_up(here.runtime, session, report_id, Given(credential=for_another))
    step_up(
        here.runtime,
        session,
        report_id,
        Given(credential=key.get(passkey_options(here.runtime, session, purpose_of(report_id)))),
    )
    assert states(here) == {"scheduled": OVER}


def test_a_second_report_of_the_day_is_not_confirmed(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, app, session = confirmed_report(here, OVER)
    here.clock.forward(seconds=30)
    second = waiting_report(here, on_sale(here, OVER, 500), "second")
    with pytest.raises(Conflict, match="today"):
        step_up(here.runtime, session, second, Given(app.code(here)))
    monkeypatch.setattr(stepping_up, "why_not", lambda *_: ())  # As if both had been read before either was stored.
    with pytest.raises(Conflict, match="Another report of the brand was confirmed"):
        step_up(here.runtime, session, second, Given(app.code(here)))
    monkeypatch.undo()
    here.clock.forward(days=1)
    step_up(here.runtime, signed_in_with(here, here.brand_person, app), second, Given(app.code(here)))
    assert states(here) == {"scheduled": 2 * OVER}


def test_its_removals_neither_fill_nor_raise_the_caps_of_the_person_and_the_brand(here: Site) -> None:
    confirmed_report(here, OVER)
    report(here, on_sale(here, OVER, 500), "by hand")
    assert states(here) == {"scheduled": OVER + HOUR, "held": 1}
    here.clock.forward(days=30)
    done = report(here, on_sale(here, 1, 800), "a month later")
    assert done.counts[Result.SCHEDULED] == 0, "the alarm still stands"


@pytest.mark.parametrize("most", [5, pytest.param(DEFAULT_STEP_UP.per_seller, marks=pytest.mark.soak)])
def test_of_one_seller_few_leave_and_two_organisations_decide_about_the_rest(here: Site, most: int) -> None:
    policies = here.runtime.policies.changed(replace(here.runtime.policies[StepUpPolicy], per_seller=most))
    here = replace(here, runtime=replace(here.runtime, policies=policies))
    confirmed_report(here, most + 5, seller="one-shop")
    assert states(here) == {"scheduled": most, "held": 5}
    report(here, on_sale(here, 1, 500), "by hand")
    assert states(here) == {"scheduled": most + 1, "held": 5}, "no alarm of the brand"


def test_sellers_of_high_impact_stay_with_two_organisations(here: Site) -> None:
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    questions(here, 1, sales_90d=900)
    step_up(here.runtime, session, waiting_report(here, ["MP-0", *on_sale(here, HOUR)]), Given(app.code(here)))
    assert states(here) == {"scheduled": HOUR, "held": 1}


@pytest.mark.attack
def test_full_standing_opens_large_reports_after_two_weeks(here: Site) -> None:
    """A thief could earn it with removals that nobody has complained about yet."""
    here = replace(here, runtime=replace(here.runtime, policies=here.runtime.policies.changed(DEFAULT_STEP_UP)))
    report(here, on_sale(here, 1))

    def refused() -> list[str]:
        with here.runtime.store.read() as connection:
            found = stepping_up.circumstances(here.runtime, connection, here.brand_person, here.pair)
        reasons = why_not(found, here.runtime.wall.now(), here.runtime.policies[SecondFactorPolicy])
        return [in_english(one) for one in reasons if one.code.startswith("step_up.standing")]

    here.clock.forward(days=13, hours=23)
    assert refused() == ["The brand's full standing is too new for large reports. Days left: 1."]
    here.clock.forward(hours=1)
    assert refused() == []


def _nobody_told(here: Site) -> None:

    here.write(people.disable, here.account_manager.user_id, here.clock.now())


def _alarm(here: Site) -> None:
    report(here, on_sale(here, OVER, 700), "a burst")


@pytest.mark.attack
@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        pytest.param(_alarm, "burst", id="while an alarm stands"),
        pytest.param(_nobody_told, "Nobody else", id="nobody else is told"),
    ],
)
def test_a_report_is_not_confirmed(here: Site, meanwhile: Callable[[Site], None], why: str) -> None:
    app, session = with_a_counting_factor(here, here.brand_person)
    report_id = waiting_report(here, on_sale(here, OVER))
    meanwhile(here)
    with pytest.raises(Conflict, match=why):
        step_up(here.runtime, session, report_id, Given(app.code(here)))


@pytest.mark.attack
def test_a_factor_of_less_than_a_day_confirms_nothing(here: Site) -> None:
    app, _ = an_app(here, here.brand_person)
    here.clock.forward(hours=23, minutes=58)
    session = signed_in_with(here, here.brand_person, app)
    report_id = waiting_report(here, on_sale(here, OVER))
    with pytest.raises(Conflict, match="Hours left: 1"):
        step_up(here.runtime, session, report_id, Given(app.code(here)))
    assert states(here) == {}


@pytest.mark.attack
def test_a_new_factor_beside_an_old_one_confirms_nothing(here: Site) -> None:
    _, session = with_a_counting_factor(here, here.brand_person)
    key = Authenticator()
    add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session, PASSWORD)), "the thief's")
    report_id = waiting_report(here, on_sale(here, OVER))
    credential = key.get(passkey_options(here.runtime, renewed(here, session), purpose_of(report_id)))
    with pytest.raises(Forbidden, match="less than a day"):
        step_up(here.runtime, renewed(here, session), report_id, Given(credential=credential))
    assert states(here) == {}


@pytest.mark.attack
def test_the_code_of_the_sign_in_and_a_recovery_code_confirm_no_report(here: Site) -> None:
    app, codes = an_app(here, here.brand_person)
    here.clock.forward(days=2)
    session = signed_in_with(here, here.brand_person, app)
    report_id = waiting_report(here, on_sale(here, OVER))
    for given in (Given(codes[0]), Given(app.code(here, -1)), Given("")):
        with pytest.raises(Invalid):
            step_up(here.runtime, session, report_id, given)
    assert states(here) == {}


@pytest.mark.attack
def test_another_brand_confirms_and_stops_nothing(here: Site) -> None:
    report_id, _, _ = confirmed_report(here, OVER)
    rival = a_rival(here)
    app, session = with_a_counting_factor(here, rival)
    for attempt in (
        lambda: step_up(here.runtime, session, report_id, Given(app.code(here))),
        lambda: send_without(here.runtime, rival, report_id),
        lambda: stop(here.runtime, rival, report_id),
        lambda: approve(here.runtime, rival, report_id),
        lambda: stop(here.runtime, here.analyst, report_id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_the_account_manager_stops_all_of_it_at_once(any_site: Site) -> None:
    here = with_a_small_hour(in_full_standing(any_site))
    report_id, _, session = confirmed_report(here, MANY)
    make_key(here.runtime, a_leader(here), here.pair, "of the thief")
    keys = select(func.count()).select_from(api_key).where(api_key.c.revoked_at.is_(None))
    before = count(here, keys)
    here.clock.forward(minutes=58)
    with pytest.raises(Forbidden, match="You count as one person with the one who confirmed"):
        approve(here.runtime, here.brand_person, report_id)
    with pytest.raises(Conflict, match="Nothing of this report waits"):
        approve(here.runtime, here.account_manager, report_id)
    assert stop(here.runtime, here.account_manager, report_id) == MANY
    assert states(here) == {"withdrawn": MANY}
    found = status_of(here.runtime, here.brand_person, report_id)
    assert {one.state for one in found.items} == {Reported.WITHDRAWN}
    assert found.step_up is not None
    assert found.step_up.stopped_by == here.account_manager.user_id
    opened = review_case.c.report_id == report_id, review_case.c.state == CaseState.OPEN.value
    assert count(here, select(func.count()).select_from(review_case).where(*opened)) == 0
    with pytest.raises(AssertionError):
        renewed(here, session)
    assert count(here, keys) == before - 1
    with pytest.raises(Conflict, match="already"):
        stop(here.runtime, here.account_manager, report_id)
    assert here.read(audit.check)[1] is None


def test_what_it_answered_is_open_again_and_what_waits_for_approval_is_withdrawn_too(here: Site) -> None:
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    questions(here, 1, sales_90d=900)
    names = ["MP-0", "NOT-KNOWN", *on_sale(here, HOUR)]
    before = {one.case_id: one.lane for one in open_cases(here)}
    report_id = waiting_report(here, names)
    step_up(here.runtime, session, report_id, Given(app.code(here)))
    assert states(here) == {"scheduled": HOUR, "held": 1}
    assert stop(here.runtime, here.account_manager, report_id) == HOUR + 2
    assert states(here) == {"withdrawn": OVER}
    assert {one.case_id: one.lane for one in open_cases(here)} == before


def test_after_its_hour_nothing_is_left_to_stop(site: Site) -> None:
    here = with_a_small_hour(in_full_standing(site))
    report_id, _, _ = confirmed_report(here, OVER)
    found = [one.action_id for one in here.rows(select(action.c.action_id))]
    with a_marketplace_that_listens(here):
        here.clock.forward(minutes=60)
        for one in found:
            deliver(site.runtime, site.here, one)
    with pytest.raises(Conflict):
        stop(here.runtime, here.account_manager, report_id)


def test_what_its_author_withdrew_and_what_an_analyst_has_decided_since_stays(here: Site) -> None:
    report_id, _, _ = confirmed_report(here, OVER)
    with here.runtime.store.write() as connection:
        outcomes = reports.outcomes(connection, reports.of_id(connection, here.here, report_id))
        number, verdict_id = next((one.number, one.verdict_id) for one in outcomes if one.verdict_id is not None)
        removal, now = actions.of_verdicts(connection, here.here, [verdict_id])[verdict_id], here.clock.now()
        takedown.withdraw(here.runtime, connection, removal, "user:x", now)
        overrule(here.runtime, connection, here.analyst, (here.here, verdict_id), now)
    (case,) = open_cases(here, CaseLane.ANALYST)
    judge(here, here.analyst, case, Judgement.COUNTERFEIT)
    assert withdraw(here.runtime, here.brand_person, report_id, {*range(1, OVER + 1)} - {number}) == HOUR
    with pytest.raises(Conflict, match="Somebody has decided about this listing since"):
        stop(here.runtime, here.account_manager, report_id)
    assert states(here) == {"withdrawn": OVER, "scheduled": 1}


def test_everybody_who_can_stop_it_is_mailed_a_link_of_their_own(here: Site) -> None:
    report_id, _, _ = confirmed_report(here, OVER)
    rows = here.rows(select(mail.c.mail_id, mail.c.user_id).where(mail.c.kind == "large_report"))
    assert {row.user_id for row in rows} == {here.account_manager.user_id, here.brand_person.user_id}
    for row in rows:
        stored = here.read(mails.get, row.mail_id)
        text = written(here.runtime, stored, with_secret=True)
        assert text.subject == f"Aurelle reports {OVER} listings"
        token = text.text.partition(REPORTS)[2].split()[0]
        assert link_of(here.runtime, token, REPORTS) == (row.user_id, report_id)
        person, found = by_link(here.runtime, token)
        assert (person.user_id, found.listings) == (row.user_id, OVER)
        assert REPORTS not in written(here.runtime, stored, with_secret=False).text
    with pytest.raises(NotFound):
        by_link(here.runtime, stop_path(here.runtime, a_rival(here).user_id, report_id).removeprefix(REPORTS))


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
def test_a_link_is_refused_where_somebody_changed(here: Site, change: Callable[[str], str]) -> None:
    report_id, _, _ = confirmed_report(here, OVER)
    token = stop_path(here.runtime, here.account_manager.user_id, report_id).removeprefix(REPORTS)
    assert by_link(here.runtime, token)
    with pytest.raises(NotFound):
        by_link(here.runtime, change(token))


def test_an_interrupted_report_goes_on_by_itself(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    report_id = waiting_report(here, on_sale(here, MANY))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stepping_up, "take_all", killed)
    with pytest.raises(KeyboardInterrupt):
        step_up(here.runtime, session, report_id, Given(app.code(here)))
    monkeypatch.undo()
    assert finish_reports(here.runtime) == 1
    assert states(here) == {"scheduled": MANY}
    assert finish_reports(here.runtime) == 0


@pytest.mark.attack
@pytest.mark.parametrize(
    ("late", "stopped", "found"),
    [
        pytest.param(timedelta(minutes=10), False, {"scheduled": HOUR, "held": 1}, id="ten minutes later, as usual"),
        pytest.param(timedelta(minutes=1), True, {}, id="after it was stopped, not at all"),
    ],
)
def test_an_interrupted_report_goes_on(
    here: Site, monkeypatch: pytest.MonkeyPatch, late: timedelta, stopped: bool, found: dict[str, int]
) -> None:
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    report_id = waiting_report(here, on_sale(here, OVER))
    monkeypatch.setattr(stepping_up, "take_all", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        step_up(here.runtime, session, report_id, Given(app.code(here)))
    monkeypatch.undo()
    if stopped:
        assert stop(here.runtime, here.account_manager, report_id) == OVER
    here.clock.forward(seconds=late.total_seconds())
    finish_reports(here.runtime)
    assert states(here) == found


def test_the_proof_is_stored_with_the_session_and_the_report(here: Site) -> None:
    report_id, _, session = confirmed_report(here, OVER)
    with here.runtime.store.read() as connection:
        row = connection.execute(select(report_step_up)).one()
    assert (row.report_id, row.token_hash, row.user_id) == (report_id, session.token_hash, here.brand_person.user_id)


def test_its_author_withdraws_it_within_the_hour(here: Site) -> None:
    report_id, _, _ = confirmed_report(here, OVER)
    here.clock.forward(minutes=59)
    assert withdraw_whole(here.runtime, here.brand_person, report_id) == OVER
    assert states(here) == {"withdrawn": OVER}


def test_judged_alike(here: Site) -> None:
    """A confirmation of a question keeps its own undo window beside a large report."""
    confirmed_report(here, OVER)
    (case,) = questions(here, 1)
    done = judge(here, here.brand_person, case, Judgement.COUNTERFEIT)
    assert done.undo_until == here.clock.now() + timedelta(seconds=180)


def test_a_notifier_is_told_of_a_removal_once_it_can_no_longer_be_stopped(here: Site) -> None:
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    names = on_sale(here, OVER)
    receipt = notify(here, names[0])
    confirmed(here, receipt)
    step_up(here.runtime, session, waiting_report(here, names), Given(app.code(here)))
    here.clock.forward(minutes=50)
    (item,) = items_of(here, receipt)
    with here.runtime.store.read() as connection:
        assert item.decided_at is not None
        assert told(here.runtime, connection, item) is None
        removal = actions.get(connection, here.here, item.action_id or "")
    here.write(actions.change, removal, ActionEvent.SEND, {"due_at": None})
    with here.runtime.store.read() as connection:
        assert told(here.runtime, connection, item) is not None


def test_a_listing_whose_complaint_a_reviewer_decides_is_not_stopped(here: Site) -> None:
    a_listing(here, "MP-1")
    receipt = notify(here, "MP-1")
    judge(here, here.analyst, open_cases(here)[0], Judgement.GENUINE)
    here.clock.forward(minutes=4)
    say(here, receipt)
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    report_id = waiting_report(here, [*(f"NOT-KNOWN-{number}" for number in range(HOUR)), "MP-1"])
    step_up(here.runtime, session, report_id, Given(app.code(here)))
    assert withdraw_whole(here.runtime, here.brand_person, report_id) == HOUR
    with pytest.raises(Conflict, match="A reviewer decides about this listing"):
        stop(here.runtime, here.account_manager, report_id)
