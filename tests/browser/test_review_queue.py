"""The queue from end to end: filter and keep the filter, search, see what comes, tick a cluster; without script too."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import sign_in, watched_window
from tests.browser.conftest import Stage
from tests.browser.every_form import journey_of, unsent_forms
from tests.browser.test_pages import check, enter
from tests.fixtures.runtimes import PASSWORD, a_suspect_row

ROWS = "tr:has(a[data-stop])"


def send(stage: Stage, external_id: str, **changes: object) -> None:
    """A listing that comes in while somebody works."""
    headers = {"authorization": f"Bearer {stage.site.key}"}
    row = a_suspect_row(external_id=external_id, **changes)
    answer = httpx.post(f"{stage.address}/api/v1/listings", json=row, headers=headers, timeout=30)
    assert answer.is_success, answer.text


@pytest.fixture
def plain(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window in which no script runs, and in which every form of the journey must have been sent."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False)
    page, watch = watched_window(context, stage.address)
    yield page
    context.close()
    assert watch.complaints == []
    assert unsent_forms(journey_of(request), watch) == []


def test_an_analyst_filters_the_queue_keeps_the_filter_and_searches_by_keyboard(
    page: Page, stage: Stage, *, thoroughly: bool
) -> None:
    send(stage, "DESK-1", language="ru", title="Сумка Аurеlle Colline люкс копия", price="40.00")
    enter(page, stage, stage.site.analyst)
    page.keyboard.press("f")
    expect(page.get_by_role("dialog", name="Queue filters")).to_be_visible()
    page.get_by_label("RU, 1").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Apply filters").click()
    expect(page.locator(ROWS)).to_have_count(1)
    check(page, thoroughly=thoroughly)
    page.get_by_label("Filter name").fill("Russian titles")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    saved = page.get_by_role("navigation", name="Queues").get_by_role("link", name="Russian titles")
    expect(saved).to_have_attribute("aria-current", "page")
    with page.expect_navigation():
        page.get_by_role("link", name="Remove language filter").click()
    assert page.locator(ROWS).count() > 1
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("aurelle lot")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("table.found tbody tr").first).to_contain_text("ZWSP")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-stop]").nth(1)).to_be_focused()
    check(page, thoroughly=thoroughly)
    page.goto(f"{stage.address}/queue/filters")
    with page.expect_navigation():
        page.get_by_role("button", name="Delete filter Russian titles").click()
    expect(page.get_by_text("No saved filters")).to_be_visible()


def test_what_comes_is_counted_and_no_row_moves_until_it_is_asked_for(
    page: Page, stage: Stage, *, thoroughly: bool
) -> None:
    enter(page, stage, stage.site.analyst)
    before = page.locator(ROWS).count()
    send(stage, "DESK-2", price="30.00")
    page.evaluate("document.querySelector('[data-look]').dispatchEvent(new CustomEvent('look'))")
    pill = page.get_by_role("link", name="1 new since")
    expect(pill).to_be_visible()
    assert page.locator(ROWS).count() == before
    check(page, thoroughly=thoroughly)
    with page.expect_navigation():
        pill.click()
    assert page.locator(ROWS).count() == before + 1
    expect(pill).to_have_count(0)


def test_a_cluster_is_ticked_by_keys_and_decided_together(page: Page, stage: Stage) -> None:
    for number in range(3):
        send(stage, f"DESK-3{number}", seller={"external_id": "ring-1"}, price=f"{25 - number}.00")
    enter(page, stage, stage.site.analyst)
    members = page.locator("tr.in-cl")
    assert members.count() >= 3
    members.first.locator("a[data-stop]").focus()
    page.keyboard.press("x")
    assert page.locator("input[name=case]:checked").count() == 1
    page.keyboard.press("a")
    ticked = page.locator("input[name=case]:checked").count()
    assert ticked >= 3
    with page.expect_navigation():
        page.get_by_role("button", name="Decide selected cases").click()
    assert page.url.count("case=cas_") == ticked


def test_the_queue_works_without_script(plain: Page, stage: Stage) -> None:
    send(stage, "DESK-4", language="es", title="Bolso Aure11e Colline réplica", price="20.00")
    sign_in(plain, stage.address, stage.site.analyst.email, PASSWORD)
    plain.get_by_role("button", name="Add filter").click()
    plain.get_by_label("ES, 1").check()
    plain.get_by_role("button", name="Apply filters").click()
    expect(plain.locator(ROWS)).to_have_count(1)
    plain.get_by_label("Filter name").fill("Spanish")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("Filter saved. It appears in the list on the left")).to_be_visible()
    plain.get_by_role("link", name="Refresh").click()
    plain.locator("input[name=case]").check()
    plain.get_by_role("button", name="Decide selected cases").click()
    expect(plain.get_by_text("Colline")).not_to_have_count(0)
    plain.locator("#find").fill("replica")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("link", name="Bolso")).to_be_visible()
    plain.goto(f"{stage.address}/queue/me")
    expect(plain.get_by_role("heading", name="My review statistics")).to_be_visible()
    plain.goto(f"{stage.address}/queue/filters")
    plain.get_by_role("button", name="Delete filter Spanish").click()
    expect(plain.get_by_text("No saved filters")).to_be_visible()


def test_counterfeit_of_an_unresolved_brand_leads_to_its_form_and_then_is_recorded(
    page: Page, stage: Stage, *, thoroughly: bool
) -> None:
    """By keyboard alone: C is refused on the page, the brand is typed, and C decides."""
    title = f"Tote 1:1 mirror quality, real leather{' and box' * thoroughly}"
    send(stage, title, title=title)
    enter(page, stage, stage.site.analyst)
    with page.expect_navigation():
        page.get_by_role("link", name=title, exact=True).press("Enter")
    address = page.url
    page.wait_for_load_state("networkidle")
    page.keyboard.press("c")
    expect(page.get_by_role("alert").filter(has_text="Name the brand first")).to_be_focused()
    expect(page.get_by_role("heading", name="Brand", exact=True)).to_be_in_viewport()
    check(page, thoroughly=thoroughly)
    page.get_by_role("radio", name="Not registered").check()
    page.get_by_label("Mark", exact=True).fill("Vela Nord")
    page.get_by_label("Owner of the mark").fill("Vela Nordsee AG")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.partition("?")[0] == address.partition("?")[0]
    expect(page.locator("#brand header")).to_contain_text("Vela Nord")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("b")
    expect(page.locator("#brand summary")).to_be_focused()
    expect(page.get_by_label("Search registered brands")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#undo")).to_contain_text("removal is sent")
