from itertools import pairwise

from playwright.sync_api import Browser, Page, expect

from serving.accounts.rules.access import Person
from tests.browser.chromium import begin_session, watched_window
from tests.browser.conftest import Stage
from tests.browser.every_form import ANSWER, unsent_forms
from tests.browser.looking import in_themes


def enter(page: Page, stage: Stage, person: Person, path: str = "/") -> None:
    """A page as this person sees it."""
    begin_session(page, stage.address, stage.site, person, path)


def check(page: Page, *, thoroughly: bool) -> None:
    """No violation, and nothing wider than the window."""
    assert in_themes(page, thoroughly=thoroughly) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_analyst_works_by_keyboard_alone(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.analyst)
    rows = page.locator("a[data-stop]")
    expect(rows.first).to_contain_text("Au")
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_text("Use single-letter shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Use single-letter shortcuts")).to_be_hidden()
    rows.first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Score explanation")).to_be_visible()
    first = page.url
    page.keyboard.press("r")
    expect(page.locator("details.fold").first).to_have_attribute("open", "")
    page.get_by_placeholder("Note").focus()
    page.keyboard.type("cgm")
    assert page.url == first, "letters in a field are letters"
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("g")
    expect(page.get_by_text("recorded for")).to_be_visible()
    assert page.url != first, "on to the next case"
    page.keyboard.press("z")
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert page.url == first
    expect(page.get_by_text("recorded for")).to_have_count(0)


def test_on_a_phone_the_answers_stay_where_they_are_while_a_note_is_written(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.analyst)
    page.set_viewport_size({"width": 390, "height": 844})
    with page.expect_navigation():
        page.locator("a[data-stop]").last.click()
    page.evaluate("scrollTo(0, 300)")
    page.locator(".more").click()
    answer = page.get_by_role("button", name="Cannot tell")
    before = answer.bounding_box()
    page.get_by_placeholder("Note").focus()
    assert (answer.bounding_box(), page.evaluate("scrollY")) == (before, 300)


def test_the_line_of_an_undo_goes_when_its_time_is_up(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.analyst)
    with page.expect_navigation():  # Until it is loaded, keys still reach the page before.
        page.locator("a[data-stop]").last.click()
    page.keyboard.press("l")
    expect(page.get_by_text("recorded for")).to_be_visible()
    expect(page.get_by_text("recorded for")).to_have_count(0, timeout=8_000)


def test_keys_can_be_switched_off(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.analyst)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    with page.expect_response("**/settings/quick"):  # The two changes are stored in their order.
        page.get_by_label("Use single-letter shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("a[data-stop]").first).not_to_be_focused()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    with page.expect_response("**/settings/quick"):  # Later tests of the same service press keys.
        page.get_by_label("Use single-letter shortcuts").check()


def test_a_brand_confirms_by_one_click_and_sees_the_takedown_acknowledged(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.brand_person)
    expect(page.get_by_role("heading", name="2 listings await your answer")).to_be_visible()
    page.get_by_role("button", name="No, counterfeit").first.click()
    expect(page.get_by_role("heading", name="1 listing awaits your answer")).to_be_visible()
    expect(page.locator("#done")).to_contain_text("The removal is sent in 0:0")
    removals = page.locator("#removals")
    expect(removals).to_contain_text("Scheduled")
    expect(removals).to_contain_text("Acknowledged", timeout=15_000)
    expect(page.locator("#done")).to_be_hidden(timeout=5_000)
    assert removals.get_attribute("hx-trigger") is None, "nothing moves, so nothing asks again"
    [message] = stage.receiver.received
    assert message["type"] == "listing.remove"
    assert stage.receiver.refused == 0
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.wait_for_timeout(2_500)
    assert urls == []


def test_a_theme_is_kept(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.address}/sign-in")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_role("button", name="Theme").click()
    page.reload()
    assert "POST" not in sent, "nothing that was typed is sent"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_phone_has_answers_that_a_finger_hits(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, stage, stage.site.brand_person)
    sizes = page.locator(".an").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert sizes
    assert min(sizes) >= 40


def test_nothing_in_the_bar_of_answers_lies_over_its_neighbour(page: Page, stage: Stage) -> None:
    enter(page, stage, stage.site.analyst, "/queue")
    page.locator("a[data-stop]").first.click()
    parts = page.locator(".vbar").locator("button, label:not(.more), a")
    expect(parts).to_have_count(9)
    keys = page.locator(".vbar kbd")
    for width in (1280, 1360, 1440, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        shown = parts.evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right])"
        )
        assert all(right <= left_edge + 1 for (_, right), (left_edge, _) in pairwise(shown)), width
        assert shown[-1][1] <= width
        assert keys.evaluate_all("(all) => all.every((one) => one.getBoundingClientRect().width > 0)"), width


def test_a_phone_shows_every_page_of_the_navigation(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, stage, stage.site.brand_person)
    links = page.locator(".bar nav a")
    for language in ("de", "ru", "en"):
        page.goto(f"{stage.address}/settings")
        page.locator("select[name=language]").select_option(language)
        page.locator("form[action='/settings'] button").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto(f"{stage.address}/brand")
        boxes = links.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())")
        assert len(boxes) >= 4
        for box in boxes:
            assert 0 <= box["left"] < box["right"] <= 390, language
            assert box["height"] >= 30, language


def test_pages_work_without_script_and_show_nothing_that_needs_it(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(java_script_enabled=False)
    page, watch = watched_window(context, stage.address)
    enter(page, stage, stage.site.analyst)
    expect(page).to_have_url(f"{stage.address}/queue")
    page.get_by_role("button", name="Switch theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_text("Use single-letter shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("a[data-stop]").last.click()
    page.get_by_role("button", name="Grey market").click()
    expect(page.get_by_text("recorded for")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    context.close()
    assert watch.complaints == []
    assert unsent_forms(ANSWER, watch) == []
