"""People explain features that stay shifted, and the alarm is quiet until the shift worsens."""

from typing import Any

import pytest
from sqlalchemy import select

from models.errors import Conflict, Invalid, NotFound
from serving.audit.tables import audit_entry
from serving.learning.rules.drift_alarm import RedFeature
from serving.learning.service.drift_alarm import acknowledge, red_now, withdraw
from serving.learning.service.retraining import look
from serving.learning.store import monitoring
from tests.fixtures.runtimes import Site

BY = "user:usr_1"


def add_report(site: Site, **psi: float) -> None:
    """A drift report of this moment, a week after the one before."""
    site.clock.forward(days=7)
    shifts = [
        {"name": name, "psi": value, "level": "moved" if value >= 0.25 else "steady"} for name, value in psi.items()
    ]
    report: dict[str, Any] = {"champion": None, "enough": True, "shifts": shifts}
    row = {"marketplace_id": site.here, "report_id": site.runtime.ids.new("dri"), "report": report}
    site.write(monitoring.add_drift_report, {**row, "made_at": site.clock.now()})


def red(site: Site) -> dict[str, RedFeature]:
    with site.runtime.store.read() as connection:
        return {one.name: one for one in red_now(site.runtime, connection, site.here)}


def explain(site: Site, feature: str = "price_log", note: str = " The summer sale. ") -> None:
    acknowledge(site.runtime, site.marketplace, feature=feature, note=note, by=BY)


def test_an_acknowledgement_is_kept_with_its_author_and_recorded_and_quiets_until_the_shift_worsens(
    any_site: Site,
) -> None:
    add_report(any_site, price_log=0.4, seller_age=0.3)
    explain(any_site)
    found = red(any_site)
    note = found["price_log"].acknowledged
    assert note is not None
    assert (note.note, note.by, note.psi, note.at) == ("The summer sale.", BY, 0.4, any_site.clock.now())
    assert (found["price_log"].quiet, found["seller_age"].quiet) == (True, False)
    with any_site.runtime.store.read() as connection:
        query = select(audit_entry.c.actor, audit_entry.c.subject).where(audit_entry.c.act == "drift.acknowledged")
        assert connection.execute(query).all() == [(BY, "price_log")]
    add_report(any_site, price_log=0.6)
    again = red(any_site)["price_log"]
    assert (again.acknowledged, again.quiet, again.reports) == (note, False, 2)


def test_a_withdrawn_acknowledgement_no_longer_quiets(any_site: Site) -> None:
    add_report(any_site, price_log=0.4)
    explain(any_site)
    note = red(any_site)["price_log"].acknowledged
    assert note is not None
    withdraw(any_site.runtime, any_site.marketplace, acknowledgement_id=note.acknowledgement_id, by=BY)
    assert red(any_site)["price_log"].acknowledged is None
    with pytest.raises(NotFound):
        withdraw(any_site.runtime, any_site.marketplace, acknowledgement_id=note.acknowledgement_id, by=BY)


@pytest.mark.parametrize("note", ["", "  \n"])
def test_an_acknowledgement_without_a_reason_is_refused(site: Site, note: str) -> None:
    add_report(site, price_log=0.4)
    with pytest.raises(Invalid, match="needs a note"):
        explain(site, note=note)


@pytest.mark.parametrize("feature", ["seller_age", "no_such_feature"])
def test_only_what_is_shifted_now_is_acknowledged(site: Site, feature: str) -> None:
    add_report(site, price_log=0.4, seller_age=0.1)
    with pytest.raises(Conflict, match="does not show this feature"):
        explain(site, feature)


def test_without_a_report_nothing_is_red(site: Site) -> None:
    assert red(site) == {}


def test_a_decision_about_a_training_leaves_out_the_acknowledged_features(site: Site) -> None:
    for _ in range(2):
        add_report(site, price_log=0.4, seller_age=0.3)
    assert look(site.runtime, site.here).moved == ("price_log", "seller_age")
    explain(site)
    site.clock.forward(hours=1)
    assert look(site.runtime, site.here).moved == ("seller_age",)
