"""An administrator operates the service from the overview to the audit log; the forms work without script."""

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.accounts.rules.access import Role
from tests.browser.chromium import begin_session, watched_window
from tests.browser.conftest import FurnishedApp
from tests.browser.every_form import OPERATOR, unsent_forms
from tests.fixtures.runtimes import PASSWORD


def enter(page: Page, furnished: FurnishedApp, path: str = "/operations") -> None:
    """A page as an administrator sees it."""
    begin_session(page, furnished.address, furnished.house.site, furnished.house.people[Role.ADMIN], path)


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="with script", marks=pytest.mark.soak), pytest.param(False, id="without script")]
)
def test_an_administrator_goes_from_what_is_not_well_to_who_did_what(
    browser: Browser, furnished_app: FurnishedApp, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script)
    page, watch = watched_window(context, furnished_app.address)
    enter(page, furnished_app)
    expect(page.get_by_role("heading", name="Queue age")).to_be_visible()
    page.get_by_role("link", name="48 hours").click()
    expect(page.get_by_role("link", name="48 hours")).to_have_attribute("aria-current", "true")
    tabs = page.get_by_role("navigation", name="Operations")
    tabs.get_by_role("link", name="Webhook").click()
    page.get_by_label("Overlap in hours, while both secrets sign").fill("0")
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_role("button", name="Rotate secret").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.locator("input[name=hours]").fill("1")
    page.get_by_role("button", name="Pause endpoint").click()
    expect(page.get_by_text("Endpoint paused.")).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)
    page.get_by_role("button", name="Resume endpoint").click()
    expect(page.get_by_text("Endpoint resumed. Waiting messages are sent now.")).to_be_visible()
    tabs.get_by_role("link", name="Audit log").click()
    page.get_by_label("Action starts with").fill("webhook.")
    page.get_by_role("button", name="Show entries").click()
    expect(page.get_by_role("rowheader", name="webhook.woken").first).to_be_visible()
    page.get_by_role("button", name="Verify chain").click()
    expect(page.get_by_text("Chain intact.")).to_be_visible()
    context.close()
    assert watch.complaints == []
    assert script or unsent_forms(OPERATOR, watch) == []


def test_the_tables_of_operations_scroll_inside_their_cards_on_a_telephone(
    browser: Browser, furnished_app: FurnishedApp
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    for path in ("/jobs", "/quarantine", "/audit"):
        enter(page, furnished_app, f"/operations{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
