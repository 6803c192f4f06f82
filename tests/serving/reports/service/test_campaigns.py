"""The alert of a brand that goes for one seller (promise A9)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.case import CaseLane
from models.verdict import Judgement
from serving.audit.tables import audit_entry
from serving.jobs.worker import sweep
from serving.reports.service.campaigns import watch_campaigns
from serving.reports.service.withdrawing import withdraw
from serving.takedowns.store import alerts
from serving.takedowns.store.alerts import Alert, CheckAlarm
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site, a_case, having, judge
from tests.serving.web.visits import an_administrator, visit_as, words

RIVAL = "rival-shop"


def raised_alerts(site: Site) -> list[Alert]:
    return [
        alert for alert in site.read(alerts.open_alerts, {site.marketplace_id}) if alert.cause is CheckAlarm.CAMPAIGN
    ]


def play_ordinary_weeks(site: Site) -> None:
    """Two weeks in which the brand reports a listing of another seller each day."""
    for number in range(14):
        site.clock.forward(days=1)
        report(site, on_sale(site, 1, 100 + number), key=f"day-{number}")


def test_a_colluding_brand_that_hits_one_seller_is_an_alert_within_a_day(any_site: Site) -> None:
    having(any_site, play_ordinary_weeks)
    assert watch_campaigns(any_site.runtime) == 0
    begins = any_site.clock.now()
    for number, name in enumerate(on_sale(any_site, 15, seller=RIVAL)):
        any_site.clock.forward(hours=1)
        report(any_site, [name], key=f"against-{number}")
        if number > 12:
            sweep(any_site.runtime)
    (alert,) = raised_alerts(any_site)
    assert alert.raised_at - begins <= timedelta(hours=24)
    assert alert.sentence == (
        "Aurelle named 15 listings of the seller rival-shop as counterfeit within 24 hours; of another seller it "
        "usually names 1. Check its reports and answers about this seller."
    )
    audit_rows = any_site.rows(select(audit_entry.c.subject).where(audit_entry.c.act == "alert.raised"))
    assert alert.alert_id in {audit_row.subject for audit_row in audit_rows}


def test_the_alert_is_on_the_pages_of_operations_and_of_the_account_manager(site: Site) -> None:
    report(site, on_sale(site, 15, seller=RIVAL))
    assert watch_campaigns(site.runtime) == 1
    for person, path in ((an_administrator(site), "/operations"), (site.account_manager, "/brands")):
        assert "15 listings of the seller rival-shop" in words(visit_as(site, person).get(path).text), path
    assert "rival-shop as counterfeit" not in words(visit_as(site, site.brand_person).get("/brand").text)


def test_confirmations_and_reports_count_together(site: Site) -> None:
    seller = {"external_id": RIVAL, "age_days": 900, "country": "FR"}
    for number in range(3):
        judge(
            site,
            site.brand_person,
            a_case(site, CaseLane.ASK_BRAND, external_id=f"Q-{number}", seller=seller),
            Judgement.COUNTERFEIT,
        )
    names = on_sale(site, 12, seller=RIVAL)
    report(site, names[:11])
    assert watch_campaigns(site.runtime) == 0
    report(site, names[11:], key="second")
    assert watch_campaigns(site.runtime) == 1


def test_what_the_brand_withdrew_does_not_count(site: Site) -> None:
    withdraw(site.runtime, site.brand_person, report(site, on_sale(site, 15, seller=RIVAL)).report.report_id, [1])
    assert watch_campaigns(site.runtime) == 0


def alerts_raised(site: Site) -> int:
    with site.runtime.store.read() as connection:
        query = select(func.count()).select_from(audit_entry).where(audit_entry.c.act == "alert.raised")
        return int(connection.execute(query).scalar_one())


def test_one_alert_stays_open_for_a_week_and_while_the_campaign_lasts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(site, on_sale(site, 15, seller=RIVAL))
    assert [watch_campaigns(site.runtime), watch_campaigns(site.runtime)] == [1, 0]
    before = alerts_raised(site)
    monkeypatch.setattr(alerts, "open_alerts", lambda *_: [])  # As if two watched at once.
    watch_campaigns(site.runtime)
    monkeypatch.undo()
    assert alerts_raised(site) == before
    site.clock.forward(days=6)
    assert (watch_campaigns(site.runtime), len(raised_alerts(site))) == (0, 1)
    site.clock.forward(days=1)
    assert (watch_campaigns(site.runtime), raised_alerts(site)) == (1, [])
