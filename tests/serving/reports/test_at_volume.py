"""A report at its full size: by page with a code, and signed by the brand's own tool, until the marketplace has it.

The brand's figure is 300 a day and its usual day 150: `pytest -m soak tests/serving/reports/test_at_volume.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select

from serving.mail.rules.kinds import MailKind
from serving.platform.clock import SystemClock
from serving.platform.database.store import add
from serving.reports.service.status import ReportState, status_of
from serving.standing.rules.standing import Level
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.tables import action
from serving.webhooks.service.delivery import deliver_due
from tests.fixtures.clients import a_client
from tests.fixtures.factors import on_real_time
from tests.fixtures.mails import site_with_mail, stored_mails
from tests.fixtures.reporting import a_marketplace_that_listens, on_sale, report
from tests.fixtures.runtimes import Site
from tests.fixtures.signing import Tool, a_tool
from tests.fixtures.stepping_up import in_level
from tests.serving.api.test_signed_requests import PATH, body, named
from tests.serving.web.test_large_report_pages import a_day_old, typed_report, with_code
from tests.serving.web.visits import a_visitor, words

USUAL_DAY = 150
MANY = 300
_WORKING_DAYS = 11
_MOST_ACTIONS = 8
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1_200)]


@dataclass(slots=True)
class Brand:
    """Aurelle with a usual day of 150, on a Tuesday at midnight."""

    site: Site

    def until(self, hour: int, minute: int = 0) -> None:
        """Wait for an hour of the clock (UTC)."""
        now = self.site.clock.now()
        then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.site.clock.forward(seconds=(then - now).total_seconds() % 86_400)

    def removed(self) -> int:
        """How many removals the marketplace has acknowledged of what was reported today, once what is due is sent."""
        deliver_due(replace(self.site.runtime, wall=SystemClock()), self.site.marketplace_id)
        query = select(func.count()).where(action.c.state == "acknowledged", action.c.attempts > 0)
        return self.site.read(lambda connection: connection.execute(query).scalar_one())

    def report_signed(self, tool: Tool, names: list[str], key: str = "first") -> str:
        sent = a_client(self.site.runtime).post(PATH, json=body(self.site, names), headers=named(key), auth=tool).json()
        assert sent["state"] in {"deciding", "awaits_release"}
        return str(sent["report_id"])

    def state(self, report_id: str) -> ReportState:
        return status_of(self.site.runtime, self.site.brand_person, report_id).state

    def leaves_between(self, earliest: int, latest: int) -> None:
        """All of it is acknowledged between these minutes from now, and nothing before."""
        self.site.clock.forward(minutes=earliest - 6)
        assert self.removed() == 0
        self.site.clock.forward(minutes=latest - earliest + 6)
        assert self.removed() == MANY


@pytest.fixture
def brand(any_site: Site) -> Iterator[Brand]:
    mailed_site = site_with_mail(on_real_time(any_site, public_url="http://testserver"))
    with mailed_site as (site, _), a_marketplace_that_listens(site):
        _make_usual_days(site)
        in_level(site, Level.SIGNED_VOLUME)
        yield Brand(site)


def _make_usual_days(site: Site) -> None:
    """Removals of eleven working days, as many a day as is usual, that ended two weeks ago."""
    for day in range(_WORKING_DAYS):
        while site.clock.now().weekday() >= 5:
            site.clock.forward(days=1)
        report(site, on_sale(site, 1, start=10_000 + day), f"day {day}")
        site.clock.forward(days=1)
    site.clock.forward(days=15)
    settled = {"state": "acknowledged", "due_at": None, "attempts": 0}
    with site.runtime.store.write() as connection:
        removals = [dict(row) for row in connection.execute(select(action)).mappings()]
        connection.execute(action.update().values(**settled))
        for row in removals:
            copies = [
                {**row, **settled, "action_id": f"{row['action_id'][:-8]}{number:08d}", "sequence": number}
                for number in range(100, 99 + USUAL_DAY)
            ]
            add(connection, action, copies)
    while site.clock.now().weekday() != 1:
        site.clock.forward(days=1)


def test_a_signed_report_of_three_hundred_leaves_after_its_hour(brand: Brand) -> None:
    names, tool = on_sale(brand.site, MANY), a_tool(brand.site)
    brand.until(10)
    report_id = brand.report_signed(tool, names)
    assert brand.state(report_id) is ReportState.DECIDED
    mails_sent = stored_mails(brand.site, MailKind.LARGE_REPORT)
    assert {mail.queued_at for mail in mails_sent} == {brand.site.clock.now()}
    brand.leaves_between(65, 75)


def test_at_night_it_leaves_an_hour_after_the_day_of_those_begins_who_are_told(brand: Brand) -> None:
    names, tool = on_sale(brand.site, MANY), a_tool(brand.site)
    brand.until(2)
    brand.report_signed(tool, names)
    brand.until(8, 54)
    assert brand.removed() == 0
    brand.until(9, 1)
    assert brand.removed() == MANY


def test_with_a_fresh_key_it_leaves_after_one_click(brand: Brand) -> None:
    names, tool = on_sale(brand.site, MANY), a_tool(brand.site, vouched=False)
    brand.until(9)
    report_id = brand.report_signed(tool, names)
    brand.until(10)
    assert brand.removed() == 0
    link = stop_path(brand.site.runtime, brand.site.account_manager.user_id, report_id)
    assert "sent once their hour is over" in words(a_visitor(brand.site).post(f"{link}/release").text)
    assert brand.state(report_id) is ReportState.DECIDED
    brand.leaves_between(65, 75)


def test_one_click_stops_all_of_it(brand: Brand) -> None:
    names, tool = on_sale(brand.site, MANY), a_tool(brand.site)
    brand.until(10)
    report_id = brand.report_signed(tool, names)
    brand.site.clock.forward(minutes=30)
    link = stop_path(brand.site.runtime, brand.site.account_manager.user_id, report_id)
    assert f"{MANY} listings of the report stay on sale." in words(a_visitor(brand.site).post(link).text)
    brand.site.clock.forward(hours=2)
    assert brand.removed() == 0


def test_a_stolen_key_sends_at_most_the_figure_of_a_day_after_its_hour_and_people_are_told(brand: Brand) -> None:
    tool, number, begun = a_tool(brand.site), 0, brand.site.clock.now()
    brand.until(10)
    began_at = brand.site.clock.now()
    for hour in range(8):
        brand.report_signed(tool, on_sale(brand.site, MANY // 2, start=number), f"hour {hour}")
        number += MANY // 2
        assert hour > 0 or brand.removed() == 0
        brand.site.clock.forward(minutes=61)
        brand.removed()
    brand.site.clock.forward(hours=12)
    assert began_at > begun
    assert brand.removed() == MANY
    mails_sent = [mail.queued_at for mail in stored_mails(brand.site, MailKind.LARGE_REPORT)]
    assert min(mails_sent) == began_at


def test_a_report_of_three_hundred_by_page_leaves_after_its_hour(brand: Brand) -> None:
    site, app = brand.site, a_day_old(brand.site)
    names = on_sale(site, MANY)
    brand.until(9, 59)
    visitor, done = with_code(site, app), 0  # Signed in; from here on actions of the reporter are counted.
    brand.until(10)
    fields = {**typed_report(site, names), "way": "step_up"}
    done += 4  # Open the form, choose right and reason, paste the list, preview.
    assert f"Removal scheduled: {MANY}" in words(visitor.post("/brand/reports/preview", fields).text)
    done += 2  # Confirm good faith, send with second factor.
    address = visitor.post("/brand/reports", fields).headers["location"]
    site.clock.forward(seconds=30)
    done += 1  # Confirm with the code.
    assert visitor.post(f"{address}/step-up", {"code": app.code(site)}).status_code == 303
    assert done <= _MOST_ACTIONS
    assert f"Removal scheduled: {MANY}" in words(visitor.get(address).text)
    brand.leaves_between(65, 75)
