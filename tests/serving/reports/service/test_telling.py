"""What people are mailed about their own reports, through a real mail server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from features.message import message
from serving.accounts.service.proving import FactorResponse
from serving.mail.rules.kinds import MailKind
from serving.mail.service.report_wording import report_waits
from serving.mail.service.unsubscribing import choose_mails, unsubscribe
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language, languages
from serving.reports.rules.outcomes import Code, ListingResult, Outcome, why_not_at_once
from serving.reports.service.stopping import stop_report
from serving.reports.service.waiting import decide_arrived_listings
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.takedowns.rules.bursts import PendingCause
from tests.fixtures.factors import with_a_counting_factor
from tests.fixtures.links import AT_HOME
from tests.fixtures.mail_server import MailBox
from tests.fixtures.mails import send_due_mails, site_with_mail, stored_mails
from tests.fixtures.puppets import person_invited_by_lead
from tests.fixtures.reporting import a_draft, a_leader, on_sale, questions, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import (
    HOUR,
    OVER,
    confirmed_report,
    decide_without_proof,
    in_full_standing,
    in_level,
    prove_second_factor,
    waiting_report,
    with_a_small_hour,
)
from tests.fixtures.submitting import submit_report
from tests.serving.mail.service.test_sending import text_of

SiteAndBox = tuple[Site, MailBox]


@pytest.fixture
def site_and_box(site: Site) -> Iterator[SiteAndBox]:
    with site_with_mail(with_a_small_hour(site)) as (mailed_site, box):
        yield mailed_site, box


@pytest.fixture
def full_site_and_box(site: Site) -> Iterator[SiteAndBox]:
    with site_with_mail(with_a_small_hour(in_full_standing(site))) as (mailed_site, box):
        yield mailed_site, box


def subjects(site: Site, box: MailBox, *words: str) -> list[str]:
    """The subjects of the mails to the brand's person, those with one of these words."""
    send_due_mails(site)
    all_subjects = [str(mail["Subject"]) for mail in box.to(site.brand_person.email)]
    return [subject for subject in all_subjects if any(word in subject for word in words)]


WAITS = ("not removed at once",)


def reasons_told(site: Site) -> list[str]:
    """The reasons of the stored mails about reports that wait, newest first."""
    return [
        reason["code"] for mail in stored_mails(site, MailKind.REPORT_WAITS) for reason in mail.parameters["reasons"]
    ]


def test_the_people_who_sent_and_confirmed_a_report_are_told_who_stopped_it(full_site_and_box: SiteAndBox) -> None:
    site, box = full_site_and_box
    report_id, _, _ = confirmed_report(site, OVER)
    stop_report(site.runtime, site.account_manager, report_id)
    send_due_mails(site)
    [message] = [mail for mail in box.to(site.brand_person.email) if mail["Subject"] == "Your report was stopped"]
    text = text_of(message)
    assert f"Lena Okafor has stopped your report. {OVER} listings stay on sale." in text
    assert "Your leads and your account manager can stop a report" in text
    assert "If the report was right, talk to Lena Okafor, and report the listings again." in text
    assert "change your password" in text
    assert f"/brand/reports/{report_id}" in text
    assert "Sent before" not in text
    assert message["List-Unsubscribe"] is None, "a warning, as of a large report"
    assert len(stored_mails(site, MailKind.REPORT_STOPPED)) == 1


def test_nobody_is_told_that_they_stopped_their_own_report(full_site_and_box: SiteAndBox) -> None:
    site, _ = full_site_and_box
    report_id, _, _ = confirmed_report(site, OVER)
    stop_report(site.runtime, a_leader(site), report_id)
    assert stored_mails(site, MailKind.REPORT_STOPPED) == []


def test_of_a_report_one_mail_says_what_waits_and_why(any_site: Site) -> None:
    with site_with_mail(with_a_small_hour(any_site)) as (site, box):
        names = on_sale(site, HOUR + 5)
        for _ in range(2):
            done = report(site, names)
        assert subjects(site, box, *WAITS) == ["5 listings of your report are not removed at once"]
        [message] = [mail for mail in box.to(site.brand_person.email) if "at once" in mail["Subject"]]
        text = text_of(message)
        assert "Pending approval: too many removals of one person within an hour: 5 listings" in text
        assert "The marketplace decides about removals that are pending approval." in text
        assert f"{AT_HOME}/brand/reports/{done.report.report_id}" in text
        assert message["List-Unsubscribe"] is not None
        unsubscribe(site.runtime, message["List-Unsubscribe"].strip("<>").rpartition("/")[2])
        report(site, on_sale(site, 2, 500), "another")
        assert len(subjects(site, box, *WAITS)) == 1


def test_a_report_that_is_removed_at_once_is_not_told(site_and_box: SiteAndBox) -> None:
    site, _ = site_and_box
    report(site, [*on_sale(site, 3), "XX-1", "XX-1"])
    assert stored_mails(site, MailKind.REPORT_WAITS) == []


def test_an_interrupted_report_is_told_once_all_of_it_is_decided(site_and_box: SiteAndBox) -> None:
    site, _ = site_and_box
    draft = a_draft(site, on_sale(site, HOUR + 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.reports.service.submitting.settle_listing", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            submit_report(site.runtime, site.brand_person, draft)
    assert stored_mails(site, MailKind.REPORT_WAITS) == []
    submit_report(site.runtime, site.brand_person, draft)
    [mail] = stored_mails(site, MailKind.REPORT_WAITS)
    assert mail.parameters["reasons"] == [{"code": "pending.user_burst", "n": 5}]


def test_a_report_by_api_that_waits_for_a_second_factor_is_told_and_later_no_more(
    full_site_and_box: SiteAndBox,
) -> None:
    site, box = full_site_and_box
    draft = replace(a_draft(site, on_sale(site, HOUR + 5)), by_program=True)
    done = submit_report(site.runtime, site.brand_person, draft)
    assert subjects(site, box, *WAITS) == [f"{HOUR + 5} listings of your report are not removed at once"]
    text = text_of(box.to(site.brand_person.email)[-1])
    assert "Open the report to confirm it with your second factor, or to send it without." in text
    assert f"Waiting for your second factor: {HOUR + 5} listings" in text
    decide_without_proof(site.runtime, site.brand_person, done.report.report_id)
    assert len(subjects(site, box, *WAITS)) == 1


def test_a_person_on_the_page_is_told_of_what_waits_after_their_second_factor(full_site_and_box: SiteAndBox) -> None:
    site, _ = full_site_and_box
    a_leader(site)
    app, session = with_a_counting_factor(site, site.brand_person)
    questions(site, 1, sales_90d=900)
    report_id = waiting_report(site, ["MP-0", *on_sale(site, HOUR)])
    assert stored_mails(site, MailKind.REPORT_WAITS) == []
    prove_second_factor(site.runtime, session, report_id, FactorResponse(app.code(site)))
    assert reasons_told(site) == ["pending.high_impact"]


def test_a_report_beyond_the_quota_of_the_day_is_told(site: Site) -> None:
    with site_with_mail(site) as (mailed_site, box):
        in_level(mailed_site, Level.CAPPED)
        daily = mailed_site.runtime.policies[StandingPolicy].capped_daily
        report(mailed_site, on_sale(mailed_site, daily + 2))
        assert subjects(mailed_site, box, *WAITS) == ["2 listings of your report are not removed at once"]
        (waits,) = [mail for mail in box.to(mailed_site.brand_person.email) if "not removed at once" in mail["Subject"]]
        assert "With an analyst: today's immediate removals are used: 2 listings" in text_of(waits)


def test_a_listing_that_comes_in_later_and_waits_is_told_unless_its_report_was(site_and_box: SiteAndBox) -> None:
    site, _ = site_and_box
    report(site, ["RP-500", "RP-501"])
    report(site, on_sale(site, HOUR), "fills the cap")
    for number in (500, 501):
        on_sale(site, 1, number)
        assert decide_arrived_listings(site.runtime) == 1
        assert len(stored_mails(site, MailKind.REPORT_WAITS)) == 1


def test_the_leads_are_told_once_an_alarm(any_site: Site) -> None:
    with site_with_mail(with_a_small_hour(any_site)) as (site, box):
        lead = a_leader(site)
        person_invited_by_lead(site, lead, "odile")
        report(site, on_sale(site, OVER))
        report(site, on_sale(site, 3, 500), "again")
        assert subjects(site, box, "Aurelle") == ["Removals of Aurelle are pending approval"]
        [message] = [mail for mail in box.to(lead.email) if "Aurelle" in mail["Subject"]]
        text = text_of(message)
        assert "Last confirmed by: Camille Duval" in text
        assert f"{AT_HOME}/brand/limits" in text
        assert message["List-Unsubscribe"] is not None
        assert {mail.user_id for mail in stored_mails(site, MailKind.BURST_ALARM)} == {lead.user_id}


def test_a_lead_who_wants_no_mail_of_alarms_gets_none(site_and_box: SiteAndBox) -> None:
    site, _ = site_and_box
    choose_mails(site.runtime, a_leader(site).user_id, {MailKind.BURST_ALARM: False}, None)
    report(site, on_sale(site, OVER))
    assert stored_mails(site, MailKind.BURST_ALARM) == []


@pytest.mark.parametrize(
    ("report_result", "codes", "expected"),
    [
        pytest.param(ListingResult.SCHEDULED, ["effect.full"], None, id="removed at once"),
        pytest.param(ListingResult.REFUSED, ["report.named_twice"], None, id="refused"),
        pytest.param(ListingResult.UNKNOWN, ["report.not_known"], None, id="the marketplace has not sent it"),
        pytest.param(
            ListingResult.CASE, ["effect.suspended", "verdict.analyst_decides"], None, id="the brand is suspended"
        ),
        pytest.param(ListingResult.CASE, ["report.brand_unresolved"], None, id="a doubt about the listing"),
        pytest.param(
            ListingResult.CASE, ["effect.capped.used"], "effect.capped.used", id="the quota of a capped brand"
        ),
        pytest.param(
            ListingResult.CASE, ["effect.provisional.used"], "effect.provisional.used", id="that of a new brand"
        ),
        pytest.param(
            ListingResult.PENDING_APPROVAL, ["report.step_up"], "report.step_up", id="it waits for a second factor"
        ),
        pytest.param(
            ListingResult.PENDING_APPROVAL,
            ["pending.high_impact", "pending.brand_alarm"],
            "pending.high_impact",
            id="the first hold",
        ),
        pytest.param(
            ListingResult.PENDING_APPROVAL, ["verdict.x", "pending.user_burst"], "pending.user_burst", id="a later hold"
        ),
    ],
)
def test_why_a_listing_is_not_removed_at_once(
    report_result: ListingResult, codes: list[str], expected: str | None
) -> None:
    assert why_not_at_once(Outcome(report_result, Code.STANDING, tuple(map(message, codes)))) == expected


@pytest.mark.parametrize("language", languages())
def test_every_reason_has_words(language: Language) -> None:
    of_analysts = {PendingCause.ANALYST_ALARM, PendingCause.FIRST_DAY, PendingCause.DOUBT}
    causes = [f"pending.{cause}" for cause in PendingCause if cause not in of_analysts] + ["pending.high_impact_12m"]
    codes = [*causes, "report.step_up", "effect.capped.used", "effect.provisional.used"]
    reasons = [{"code": code, "n": 2} for code in codes]
    parameters = {"brand": "Aurelle", "marketplace": "Bazaar", "reasons": reasons}
    with showing_as(Display(language=language)):
        content = report_waits(parameters)
    assert str(2 * len(codes)) in content.subject
    assert len(content.rows) == 2 + len(codes) - 2, "two pairs of reasons share their words"
