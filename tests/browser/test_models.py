"""A data scientist goes from the gates of a challenger to its labels, and retrains; without script too."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import begin_session, watched_window
from tests.browser.conftest import FurnishedApp, Stage


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="with script", marks=pytest.mark.soak), pytest.param(False, id="without script")]
)
def test_a_data_scientist_reads_what_fails_and_whence_the_labels_come(
    browser: Browser, furnished_app: FurnishedApp, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script)
    page, watch = watched_window(context, furnished_app.address)
    begin_session(
        page, furnished_app.address, furnished_app.house.site, furnished_app.house.site.data_scientist, "/models"
    )
    gates = page.get_by_role("region", name="Gates").or_(page.locator("section[aria-labelledby=h3]")).first
    first = gates.locator("details").first
    expect(first.locator("summary")).to_contain_text("fail")
    expect(first.locator("p").first).not_to_be_visible()
    first.locator("summary").click()
    expect(first.locator("p").first).to_be_visible()
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


def test_figures_follow_while_a_threshold_is_moved(page: Page, stage: Stage) -> None:
    begin_session(page, stage.address, stage.site, stage.site.data_scientist, "/models")
    card = page.get_by_role("region", name="Other thresholds").or_(page.locator("#other-thresholds")).first
    lanes = {key: card.locator(f"tr[data-lane={key}] td") for key in ("ask", "analyst", "both")}
    expect(lanes["ask"]).to_have_text(["300.0", "0.67", "0.67"])
    expect(card.get_by_role("button", name="Show figures")).not_to_be_visible()
    slider = card.locator("input[type=range]").first
    slider.fill("0.9")
    expect(lanes["ask"]).to_have_text(["100.0", "1.00", "0.33"])
    expect(lanes["analyst"]).to_have_text(["500.0", "0.40", "0.67"])
    expect(card.get_by_label("Ask brand from").first).to_have_value("0.90")
    slider.fill("0.1")
    expect(card.get_by_label("Analyst review from").first).to_have_value("0.10")
    expect(lanes["analyst"]).to_have_text(["0.0", "none", "0.00"])
    assert page.goto(f"{stage.address}/models?ask=0.90&analyst=0.20") is not None
    expect(lanes["ask"]).to_have_text(["100.0", "1.00", "0.33"])


def test_a_retraining_shows_its_progress_and_then_what_came_of_it(page: Page, stage: Stage) -> None:
    begin_session(page, stage.address, stage.site, stage.site.data_scientist, "/models/runs")
    page.get_by_role("button", name="Retrain model").click()
    expect(page.get_by_text("Training in progress.").or_(page.get_by_text("The last training failed"))).to_be_visible()
    expect(page.get_by_text("The last training failed")).to_be_visible(timeout=30_000)
