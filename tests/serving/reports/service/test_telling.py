"""What people are mailed about their own reports, through a real mail server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from features.message import message
from serving.accounts.service.proving import Given
from serving.mail.rules.kinds import MailKind
from serving.mail.service.report_wording import report_waits
from serving.mail.service.unsubscribing import choose_mails, unsubscribe
from serving.platform.display import Display, shown_as
from serving.platform.languages import Language, languages
from serving.reports.rules.outcomes import Code, Outcome, Result, why_not_at_once
from serving.reports.service.stepping_up import send_without, step_up
from serving.reports.service.stopping import stop
from serving.reports.service.submitting import submit
from serving.reports.service.waiting import go_on_with_reports
from serving.standing.policy import StandingPolicy
from serving.takedowns.rules.bursts import HoldCause
from tests.fixtures.factors import with_a_counting_factor
from tests.fixtures.links import AT_HOME
from tests.fixtures.mail_server import MailBox
from tests.fixtures.mails import by_mail, post, stored
from tests.fixtures.puppets import invited_by_lead
from tests.fixtures.reporting import a_draft, a_leader, on_sale, questions, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import HOUR, OVER, confirmed_report, in_full_standing, waiting_report, with_a_small_hour
from tests.serving.mail.service.test_sending import text_of
from tests.serving.standing.test_service import lose

Mailed = tuple[Site, MailBox]


@pytest.fixture
def mailed(site: Site) -> Iterator[Mailed]:
    with by_mail(with_a_small_hour(site)) as (here, box):
        yield here, box


@pytest.fixture
def in_full(site: Site) -> Iterator[Mailed]:
    with by_mail(with_a_small_hour(in_full_standing(site))) as (here, box):
        yield here, box


def subjects(here: Site, box: MailBox, *words: str) -> list[str]:
    """The subjects of the mails to the brand's person, those with one of these words."""
    post(here)
    found = [str(one["Subject"]) for one in box.to(here.brand_person.email)]
    return [one for one in found if any(word in one for word in words)]


WAITS = ("not removed at once",)


def reasons_told(here: Site) -> list[str]:
    """The reasons of the stored mails about reports that wait, newest first."""
    return [one["code"] for found in stored(here, MailKind.REPORT_WAITS) for one in found.parameters["reasons"]]


def test_the_people_who_sent_and_confirmed_a_report_are_told_who_stopped_it(in_full: Mailed) -> None:
    here, box = in_full
    report_id, _, _ = confirmed_report(here, OVER)
    stop(here.runtime, here.account_manager, report_id)
    post(here)
    [found] = [one for one in box.to(here.brand_person.email) if one["Subject"] == "Your report was stopped"]
    text = text_of(found)
    assert f"Lena Okafor has stopped your report. {OVER} listings stay on sale." in text
    assert "Your leads and your account manager can stop a report" in text
    assert "If the report was right, talk to Lena Okafor, and report the listings again." in text
    assert "change your password" in text
    assert f"/brand/reports/{report_id}" in text
    assert "Sent before" not in text
    assert found["List-Unsubscribe"] is None, "a warning, as of a large report"
    assert len(stored(here, MailKind.REPORT_STOPPED)) == 1


def test_nobody_is_told_that_they_stopped_their_own_report(in_full: Mailed) -> None:
    here, _ = in_full
    report_id, _, _ = confirmed_report(here, OVER)
    stop(here.runtime, a_leader(here), report_id)
    assert stored(here, MailKind.REPORT_STOPPED) == []


def test_of_a_report_one_mail_says_what_waits_and_why(any_site: Site) -> None:
    with by_mail(with_a_small_hour(any_site)) as (here, box):
        names = on_sale(here, HOUR + 5)
        for _ in range(2):
            done = report(here, names)
        assert subjects(here, box, *WAITS) == ["5 listings of your report are not removed at once"]
        [message] = [one for one in box.to(here.brand_person.email) if "at once" in one["Subject"]]
        text = text_of(message)
        assert "Pending approval: too many removals of one person within an hour: 5 listings" in text
        assert "The marketplace decides about removals that are pending approval." in text
        assert f"{AT_HOME}/brand/reports/{done.report.report_id}" in text
        assert message["List-Unsubscribe"] is not None
        unsubscribe(here.runtime, message["List-Unsubscribe"].strip("<>").rpartition("/")[2])
        report(here, on_sale(here, 2, 500), "another")
        assert len(subjects(here, box, *WAITS)) == 1


def test_a_report_that_is_removed_at_once_is_not_told(mailed: Mailed) -> None:
    here, _ = mailed
    report(here, [*on_sale(here, 3), "XX-1", "XX-1"])
    assert stored(here, MailKind.REPORT_WAITS) == []


def test_an_interrupted_report_is_told_once_all_of_it_is_decided(mailed: Mailed) -> None:
    here, _ = mailed
    draft = a_draft(here, on_sale(here, HOUR + 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.reports.service.submitting.recount", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            submit(here.runtime, here.brand_person, draft)
    assert stored(here, MailKind.REPORT_WAITS) == []
    submit(here.runtime, here.brand_person, draft)
    [found] = stored(here, MailKind.REPORT_WAITS)
    assert found.parameters["reasons"] == [{"code": "pending.user_burst", "n": 5}]


def test_a_report_by_api_that_waits_for_a_second_factor_is_told_and_later_no_more(in_full: Mailed) -> None:
    here, box = in_full
    draft = replace(a_draft(here, on_sale(here, HOUR + 5)), by_program=True)
    done = submit(here.runtime, here.brand_person, draft)
    assert subjects(here, box, *WAITS) == [f"{HOUR + 5} listings of your report are not removed at once"]
    text = text_of(box.to(here.brand_person.email)[-1])
    assert "Open the report to confirm it with your second factor, or to send it without." in text
    assert f"Waiting for your second factor: {HOUR + 5} listings" in text
    send_without(here.runtime, here.brand_person, done.report.report_id)
    assert len(subjects(here, box, *WAITS)) == 1


def test_a_person_on_the_page_is_told_of_what_waits_after_their_second_factor(in_full: Mailed) -> None:
    here, _ = in_full
    a_leader(here)
    app, session = with_a_counting_factor(here, here.brand_person)
    questions(here, 1, sales_90d=900)
    report_id = waiting_report(here, ["MP-0", *on_sale(here, HOUR)])
    assert stored(here, MailKind.REPORT_WAITS) == []
    step_up(here.runtime, session, report_id, Given(app.code(here)))
    assert reasons_told(here) == ["pending.high_impact"]


def test_a_report_beyond_the_quota_of_the_day_is_told(site: Site) -> None:
    with by_mail(site) as (here, box):
        lose(here)
        daily = here.runtime.policies[StandingPolicy].daily_cap
        here.clock.forward(days=1)
        report(here, on_sale(here, daily + 2))
        assert subjects(here, box, *WAITS) == ["2 listings of your report are not removed at once"]
        (waits,) = [one for one in box.to(here.brand_person.email) if "not removed at once" in one["Subject"]]
        assert "With an analyst: today's immediate removals are used: 2 listings" in text_of(waits)


def test_a_listing_that_comes_in_later_and_waits_is_told_unless_its_report_was(mailed: Mailed) -> None:
    here, _ = mailed
    report(here, ["RP-500", "RP-501"])
    report(here, on_sale(here, HOUR), "fills the cap")
    for number in (500, 501):
        on_sale(here, 1, number)
        assert go_on_with_reports(here.runtime) == 1
        assert len(stored(here, MailKind.REPORT_WAITS)) == 1


def test_the_leads_are_told_once_an_alarm(any_site: Site) -> None:
    with by_mail(with_a_small_hour(any_site)) as (here, box):
        lead = a_leader(here)
        invited_by_lead(here, lead, "odile")
        report(here, on_sale(here, OVER))
        report(here, on_sale(here, 3, 500), "again")
        assert subjects(here, box, "Aurelle") == ["Removals of Aurelle are pending approval"]
        [message] = [one for one in box.to(lead.email) if "Aurelle" in one["Subject"]]
        text = text_of(message)
        assert "Last confirmed by: Camille Duval" in text
        assert f"{AT_HOME}/brand/limits" in text
        assert message["List-Unsubscribe"] is not None
        assert {one.user_id for one in stored(here, MailKind.BURST_ALARM)} == {lead.user_id}


def test_a_lead_who_wants_no_mail_of_alarms_gets_none(mailed: Mailed) -> None:
    here, _ = mailed
    choose_mails(here.runtime, a_leader(here).user_id, {MailKind.BURST_ALARM}, set())
    report(here, on_sale(here, OVER))
    assert stored(here, MailKind.BURST_ALARM) == []


@pytest.mark.parametrize(
    ("result", "codes", "told"),
    [
        pytest.param(Result.SCHEDULED, ["effect.full"], None, id="removed at once"),
        pytest.param(Result.REFUSED, ["report.named_twice"], None, id="refused"),
        pytest.param(Result.UNKNOWN, ["report.not_known"], None, id="the marketplace has not sent it"),
        pytest.param(Result.CASE, ["effect.suspended", "verdict.analyst_decides"], None, id="the brand is suspended"),
        pytest.param(Result.CASE, ["report.brand_unresolved"], None, id="a doubt about the listing"),
        pytest.param(Result.CASE, ["effect.capped.used"], "effect.capped.used", id="the quota of a capped brand"),
        pytest.param(Result.CASE, ["effect.first_phase.used"], "effect.first_phase.used", id="that of a first phase"),
        pytest.param(Result.PENDING_APPROVAL, ["report.step_up"], "report.step_up", id="it waits for a second factor"),
        pytest.param(
            Result.PENDING_APPROVAL,
            ["pending.high_impact", "pending.brand_alarm"],
            "pending.high_impact",
            id="the first hold",
        ),
        pytest.param(
            Result.PENDING_APPROVAL, ["verdict.x", "pending.user_burst"], "pending.user_burst", id="a later hold"
        ),
    ],
)
def test_why_a_listing_is_not_removed_at_once(result: Result, codes: list[str], told: str | None) -> None:
    assert why_not_at_once(Outcome(result, Code.STANDING, tuple(map(message, codes)))) == told


@pytest.mark.parametrize("language", languages())
def test_every_reason_has_words(language: Language) -> None:
    of_analysts = {HoldCause.ANALYST_ALARM, HoldCause.FIRST_DAY, HoldCause.DOUBT}
    causes = [f"pending.{one}" for one in HoldCause if one not in of_analysts] + ["pending.high_impact_12m"]
    codes = [*causes, "report.step_up", "effect.capped.used", "effect.first_phase.used"]
    reasons = [{"code": one, "n": 2} for one in codes]
    given = {"brand": "Aurelle", "marketplace": "Bazaar", "reasons": reasons}
    with shown_as(Display(language=language)):
        found = report_waits(given)
    assert str(2 * len(codes)) in found.subject
    assert len(found.rows) == 2 + len(codes) - 4, "four pairs of reasons share their words"
