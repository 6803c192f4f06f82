"""The main journey of a brand's people and of their account manager, end to end, by keyboard and without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.accounts.rules.access import Person
from tests.browser.chromium import begin_session
from tests.browser.conftest import Furnished
from tests.browser.every_form import PORTAL, unsent
from tests.browser.house import COLLEAGUE
from tests.browser.looking import PHONE, in_themes, too_wide
from tests.browser.watching import Watch
from tests.fixtures.runtimes import PASSWORD

_PDF = b"%PDF-1.4\n% registration\n%%EOF\n"


@pytest.fixture
def window(browser: Browser, furnished: Furnished) -> Iterator[Page]:
    """A fresh window whose console, violations and requests are watched."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    yield page
    context.close()
    assert watch.complaints == []


def enter(page: Page, furnished: Furnished, person: Person, path: str = "/") -> None:
    """A page as this person sees it, who replaces the last signed-in user."""
    begin_session(page, furnished.address, furnished.house.site, person, path)


def waiting(page: Page) -> int:
    """The number of listings that await an answer, from the heading."""
    number = re.match(r"\d+", page.get_by_role("heading", level=1).inner_text())
    assert number
    return int(number[0])


def now_deferred(page: Page, number: int) -> None:
    """The heading says that so many wait."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(rf"^{number}\b"))


def test_a_brand_user_answers_by_keyboard_and_undoes(window: Page, furnished: Furnished) -> None:
    enter(window, furnished, furnished.house.site.brand_person)
    before = waiting(window)
    window.keyboard.press("g")
    now_deferred(window, before)
    window.keyboard.press("?")
    expect(window.get_by_text("An answer's letter applies only to the framed card")).to_be_visible()
    window.keyboard.press("Escape")
    cards = window.locator("article.q")
    window.keyboard.press("j")
    expect(cards.first).to_be_focused()
    window.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    window.keyboard.press("k")
    expect(cards.first).to_be_focused()
    asked = cards.first.get_attribute("id")
    with window.expect_navigation():
        window.keyboard.press("g")
    now_deferred(window, before - 1)
    expect(window.locator("article.q").first).to_be_focused()
    with window.expect_navigation():
        window.keyboard.press("c")
    now_deferred(window, before - 2)
    for number in (before - 1, before):
        with window.expect_navigation():
            window.keyboard.press("z")
        now_deferred(window, number)
    assert asked in [one.get_attribute("id") for one in window.locator("article.q").all()]


def test_a_brand_answers_in_the_language_in_which_it_signs_in(browser: Browser, furnished: Furnished) -> None:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    page.goto(f"{furnished.address}/sign-in")
    page.locator("input[name=email]").fill(COLLEAGUE)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("件商品待您答复")
    before = waiting(page)
    assert too_wide(page, phone=True) == []
    card = page.locator("article.q").first
    expect(card).to_contain_text("这是贵品牌的商品吗？")
    with page.expect_navigation():
        card.get_by_role("button", name="否，假冒商品").click()
    now_deferred(page, before - 1)
    expect(page.locator("#done")).to_contain_text("假冒：")
    with page.expect_navigation():
        page.keyboard.press("z")
    now_deferred(page, before)
    expect(page.get_by_role("status")).to_contain_text(["已撤回。案件重新开启"])
    context.close()
    assert watch.complaints == []


def test_a_bulk_confirmation_shows_every_listing_and_is_undone(window: Page, furnished: Furnished) -> None:
    enter(window, furnished, furnished.house.site.brand_person)
    window.get_by_role("link", name="Confirm several listings").click()
    ticks = window.locator("input[type=checkbox][name^='listing:']")
    expect(window.get_by_label("I believe in good faith")).to_be_visible()
    listings = ticks.count()
    assert listings > 2
    for number in range(1, listings):
        ticks.nth(number).check()
    window.get_by_label("I believe in good faith").check()
    window.get_by_role("button", name="Confirm ticked listings").click()
    expect(window.get_by_role("heading", name="Takedown request")).to_be_visible()
    expect(window.get_by_text("Removal scheduled", exact=True)).to_have_count(listings - 1)
    window.get_by_role("button", name="Undo whole request").click()
    expect(window.get_by_text("Undone", exact=True)).to_have_count(listings - 1)


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="with script", marks=pytest.mark.soak), pytest.param(False, id="without script")]
)
def test_a_brand_keeps_its_file_and_writes_and_its_manager_reads_verifies_and_answers(
    browser: Browser, furnished: Furnished, tmp_path: Path, *, script: bool
) -> None:
    context = browser.new_context(
        java_script_enabled=script, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page, name = context.new_page(), f"shop-{script}"
    watch = Watch(furnished.address)
    watch.follow(page)
    enter(page, furnished, furnished.house.site.brand_person, "/brand/sellers")
    page.get_by_label("Or paste ids, one per line").fill(f"{name}-a\n{name}-b\n")
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_text("Added: 2. Removed: 0.")).to_be_visible()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("rowheader", name=f"{name}-a")).to_be_visible()

    page.goto(f"{furnished.address}/brand/prices")
    prices = tmp_path / "prices.csv"
    prices.write_text(f"model,price,currency\nWeekender {script},640,EUR\nBroken {script},nothing,EUR\n", "utf-8")
    page.get_by_label("File").set_input_files(prices)
    page.get_by_role("button", name="Preview file").click()
    expect(page.get_by_text("1 row is accepted. That makes 1 entry. 1 row is refused.")).to_be_visible()
    page.get_by_role("button", name="Add 1 accepted row").click()
    expect(page.get_by_role("rowheader", name=f"Weekender {script}")).to_be_visible()
    expect(page.get_by_role("rowheader", name=f"Broken {script}")).to_have_count(0)

    page.goto(f"{furnished.address}/brand/rights")
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(_PDF + str(script).encode())
    for label, value in (("Name or title", f"Weekender {script}"), ("Office", "EUIPO"), ("Number", f"01-{script}")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Territorial scope").fill("EU")
    page.locator("form[action='/brand/rights'] input[type=file]").set_input_files(certificate)
    page.get_by_role("button", name="Claim right").click()
    expect(page.get_by_text("Pending verification")).to_have_count(1)

    page.goto(f"{furnished.address}/brand/messages")
    page.get_by_label("Your message").fill(f"Please verify {script}.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()

    enter(page, furnished, furnished.house.site.account_manager, "/brands")
    expect(page.get_by_text("1 right to verify.")).to_be_visible()
    page.get_by_role("link", name="Aurelle", exact=True).click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Pending verification")).to_have_count(0)
    page.get_by_label("Your message").fill(f"Verified {script}.")
    page.get_by_role("button", name="Send message").click()

    enter(page, furnished, furnished.house.site.brand_person)
    expect(page.get_by_role("link", name="Messages 1 unread")).to_be_visible()
    page.goto(f"{furnished.address}/brand/messages")
    expect(page.get_by_text(f"Verified {script}.")).to_be_visible()
    context.close()
    assert watch.complaints == []
    assert unsent(PORTAL, watch) == []


def test_the_previews_are_accessible_and_fit_a_phone(window: Page, furnished: Furnished, *, thoroughly: bool) -> None:
    """The pages themselves are on the list of all pages; previews appear only after a form."""
    enter(window, furnished, furnished.house.site.brand_person)
    for path, label, text, button in (
        ("sellers", "Or paste ids, one per line", f"shop\n{'x' * 201}\n", "Preview changes"),
        ("prices", "Or paste rows", "model,price,currency\nBag,1,EUR\nBag,0,EUR\n", "Preview file"),
        ("indicators", "Pattern", "tote", "Test pattern"),
    ):
        window.goto(f"{furnished.address}/brand/{path}")
        window.get_by_label(label).fill(text)
        window.get_by_role("button", name=button).click()
        assert in_themes(window, thoroughly=thoroughly) == [], path
        assert too_wide(window, phone=True) == [], path
