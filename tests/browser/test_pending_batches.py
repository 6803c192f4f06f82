"""Two people of two organisations decide the 280 pending removals of one report."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from serving.accounts.rules.access import Person
from serving.composition import open_runtime
from serving.platform.settings import Settings
from serving.standing.rules.standing import Level
from tests.browser.chromium import begin_session
from tests.browser.service import app_on_home
from tests.fixtures.clocks import TestClock
from tests.fixtures.reporting import action_states, on_sale, report
from tests.fixtures.runtimes import Site, populate
from tests.fixtures.stepping_up import in_level

REPORTED, LEAVE_IN_AN_HOUR = 300, 20
MOST_ACTIONS = 15


@dataclass(slots=True)
class Approver:
    """A person's browser that counts what the person does; the first page is one action."""

    page: Page
    actions: int = 1

    def click(self, target: Locator) -> None:
        """Press a link or a button, or tick a box."""
        target.click()
        self.actions += 1

    def type(self, target: Locator, text: str) -> None:
        """Fill in a field."""
        target.fill(text)
        self.actions += 1


def a_home_with_pending_removals(home: Path) -> Site:
    """A brand in full standing has reported more at once than leaves in an hour."""
    site = populate(open_runtime(Settings(home=home)), TestClock(datetime.now(UTC)))
    in_level(site, Level.FULL)
    report(site, on_sale(site, REPORTED))
    pending = REPORTED - LEAVE_IN_AN_HOUR
    assert action_states(site) == {"scheduled": LEAVE_IN_AN_HOUR, "pending_approval": pending}
    return site


def approve_all(page: Page, address: str, site: Site, person: Person, *, says: str) -> int:
    """Approve the whole batch with one reason; returns the number of the person's actions."""
    begin_session(page, address, site, person, "/pending-removals")
    approver = Approver(page)
    approver.click(page.get_by_role("main").get_by_role("link", name=site.brand_person.name))
    expect(page.locator("main tbody tr")).to_have_count(10)  # The sample.
    approver.click(page.get_by_label(f"The whole batch ({REPORTED - LEAVE_IN_AN_HOUR})"))
    approver.type(page.get_by_label("Reason"), "Ten of them are copies of one photograph.")
    approver.click(page.get_by_role("button", name="Approve removals"))
    expect(page.get_by_text(says)).to_be_visible()
    return approver.actions


@pytest.mark.soak
def test_two_people_decide_280_pending_removals_in_at_most_fifteen_actions(browser: Browser, tmp_path: Path) -> None:
    site = a_home_with_pending_removals(tmp_path / "home")
    counted = Counter[str]()
    try:
        with app_on_home(tmp_path / "home") as address:
            for person, says in (
                (site.analyst, "Vote recorded."),
                (site.account_manager, "Removals approved. They are sent when their undo windows close."),
            ):
                context = browser.new_context()
                counted[person.name] = approve_all(context.new_page(), address, site, person, says=says)
                context.close()
        assert action_states(site) == {"scheduled": REPORTED}
    finally:
        site.runtime.close()
    assert counted.total() <= MOST_ACTIONS, counted
