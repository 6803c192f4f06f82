"""A data scientist goes from the gates of a challenger to its labels, and retrains; without script too."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import begin_session
from tests.browser.conftest import Furnished, Stage
from tests.browser.watching import Watch


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="with script", marks=pytest.mark.soak), pytest.param(False, id="without script")]
)
def test_a_data_scientist_reads_what_fails_and_whence_the_labels_come(
    browser: Browser, furnished: Furnished, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    begin_session(page, furnished.address, furnished.house.site, furnished.house.site.data_scientist, "/models")
    gates = page.get_by_role("region", name="Gates").or_(page.locator("section[aria-labelledby=h3]")).first
    expect(gates.locator("li").first).to_contain_text("fail")
    tabs = page.get_by_role("navigation", name="Models")
    for name, heading in (
        ("Monitoring", "Precision on live listings"),
        ("Labels", "Label sources"),
        ("Snapshots", "All snapshots"),
        ("Training runs", "History"),
    ):
        tabs.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    tabs.get_by_role("link", name="Champion and challenger").click()
    expect(page.get_by_label("Reason for accepting this")).to_have_attribute("required", "")
    page.get_by_role("link", name="Model card").click()
    expect(page.get_by_role("heading", name="Intended use")).to_be_visible()
    context.close()
    assert watch.complaints == []


def test_a_retraining_shows_its_progress_and_then_what_came_of_it(page: Page, stage: Stage) -> None:
    begin_session(page, stage.address, stage.site, stage.site.data_scientist, "/models/runs")
    page.get_by_role("button", name="Retrain model").click()
    expect(page.get_by_text("Training in progress.").or_(page.get_by_text("The last training failed"))).to_be_visible()
    expect(page.get_by_text("The last training failed")).to_be_visible(timeout=30_000)
