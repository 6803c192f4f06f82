"""The main journey of a brand's people and of their account manager, end to end, by keyboard and without script."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from models.case import CaseLane
from serving.accounts.rules.access import Person, Role
from serving.accounts.store import accounts
from serving.administration.service import founding
from serving.administration.service.founding import NewPerson
from serving.composition import open_runtime
from serving.platform.settings import Settings
from serving.webhooks.client import new_secret
from tests.browser.chromium import sign_in
from tests.browser.every_form import PORTAL, unsent
from tests.browser.looking import PHONE, in_both_themes, too_wide
from tests.browser.receiver import receiving
from tests.browser.service import serving
from tests.browser.watching import Watch
from tests.fixtures.clocks import TestClock
from tests.fixtures.reviewing import a_case
from tests.fixtures.runtimes import PASSWORD, Site, populate

_UNDO_SECONDS = "60"
_OFFERS = 6
COLLEAGUE = "lin@aurelle.example"
_PDF = b"%PDF-1.4\n% registration\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Portal:
    """A running service in which a brand has questions to answer."""

    address: str
    site: Site


@pytest.fixture(scope="module")
def portal(browser: Browser, touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Six questions to Aurelle, whose person leads."""
    home = tmp_path_factory.mktemp("portal") / "home"
    with receiving(new_secret()) as receiver:
        runtime = open_runtime(Settings(home=home))
        try:
            site = populate(runtime, TestClock())
            founding.register_webhook(
                runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
            )
            for number in range(_OFFERS):
                a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}", price=f"{80 + number}.00")
            colleague = NewPerson(COLLEAGUE, "Lin Qiao", Role.BRAND, brand="Aurelle", password=PASSWORD, briefed=True)
            founding.add_person(runtime, colleague, by="test")
            with runtime.store.write() as connection:
                accounts.let_lead(connection, site.brand_person.user_id, (site.here, site.brand_id), leads=True)
        finally:
            runtime.close()
        with serving(touchstone, home, more={"UNDO_WINDOW_SECONDS": _UNDO_SECONDS}) as address:
            yield Portal(address, site)


@pytest.fixture
def window(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A fresh window whose console, violations and requests are watched."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    watch = Watch(portal.address)
    watch.follow(page)
    yield page
    context.close()
    assert watch.complaints == []


def enter(page: Page, portal: Portal, person: Person) -> None:
    """Sign in, in the place of whoever was."""
    page.context.clear_cookies()
    sign_in(page, portal.address, person.email, PASSWORD)


def heading(page: Page, name: str) -> None:
    """The page says so in its heading."""
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_a_brands_person_answers_by_keyboard_and_takes_back(window: Page, portal: Portal) -> None:
    enter(window, portal, portal.site.brand_person)
    heading(window, "6 offers wait for your answer")
    window.keyboard.press("g")
    heading(window, "6 offers wait for your answer")
    window.keyboard.press("?")
    expect(window.get_by_text("An answer's letter counts on the card")).to_be_visible()
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
    heading(window, "5 offers wait for your answer")
    expect(window.locator("article.q").first).to_be_focused()
    with window.expect_navigation():
        window.keyboard.press("c")
    heading(window, "4 offers wait for your answer")
    for number in (5, 6):
        with window.expect_navigation():
            window.keyboard.press("z")
        heading(window, f"{number} offers wait for your answer")
    assert asked in [one.get_attribute("id") for one in window.locator("article.q").all()]


def test_a_brand_answers_in_the_language_in_which_it_signs_in(browser: Browser, portal: Portal) -> None:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    watch = Watch(portal.address)
    watch.follow(page)
    page.goto(f"{portal.address}/sign-in")
    page.locator("input[name=email]").fill(COLLEAGUE)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    heading(page, "6 件商品待您答复")
    assert too_wide(page, phone=True) == []
    card = page.locator("article.q").first
    expect(card).to_contain_text("这是贵品牌的商品吗？")
    with page.expect_navigation():
        card.get_by_role("button", name="否，假冒商品").click()
    heading(page, "5 件商品待您答复")
    expect(page.locator("#done")).to_contain_text("假冒：Aure11e")
    with page.expect_navigation():
        page.keyboard.press("z")
    heading(page, "6 件商品待您答复")
    expect(page.get_by_role("status")).to_contain_text(["已撤回。案件重新开启"])
    context.close()
    assert watch.complaints == []


def test_a_set_is_confirmed_with_every_offer_shown_and_taken_back(window: Page, portal: Portal) -> None:
    enter(window, portal, portal.site.brand_person)
    window.get_by_role("link", name="Confirm several at once").click()
    ticks = window.locator("input[type=checkbox][name^='offer:']")
    expect(ticks).to_have_count(_OFFERS)
    ticks.first.uncheck()
    window.get_by_label("I believe in good faith").check()
    window.get_by_role("button", name="Confirm every ticked offer").click()
    heading(window, "Confirmed at once")
    expect(window.get_by_text("Leaves", exact=True)).to_have_count(_OFFERS - 1)
    window.get_by_role("button", name="Take all of it back").click()
    expect(window.get_by_text("Taken back", exact=True)).to_have_count(_OFFERS - 1)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_brand_keeps_its_file_and_writes_and_its_manager_reads_verifies_and_answers(
    browser: Browser, portal: Portal, tmp_path: Path, *, script: bool
) -> None:
    context = browser.new_context(
        java_script_enabled=script, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page, name = context.new_page(), f"shop-{script}"
    watch = Watch(portal.address)
    watch.follow(page)
    enter(page, portal, portal.site.brand_person)
    page.goto(f"{portal.address}/brand/sellers")
    page.get_by_label("Or paste ids, one a line").fill(f"{name}-a\n{name}-b\n")
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_text("2 come on, 0 go off")).to_be_visible()
    page.get_by_role("button", name="Change the list").click()
    expect(page.get_by_role("rowheader", name=f"{name}-a")).to_be_visible()

    page.goto(f"{portal.address}/brand/prices")
    prices = tmp_path / "prices.csv"
    prices.write_text(f"model,price,currency\nWeekender {script},640,EUR\nBroken {script},nothing,EUR\n", "utf-8")
    page.get_by_label("File").set_input_files(prices)
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("1 row is accepted. That makes 1 entry. 1 row is refused.")).to_be_visible()
    page.get_by_role("button", name="Add 1 accepted row").click()
    expect(page.get_by_role("rowheader", name=f"Weekender {script}")).to_be_visible()
    expect(page.get_by_role("rowheader", name=f"Broken {script}")).to_have_count(0)

    page.goto(f"{portal.address}/brand/rights")
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(_PDF + str(script).encode())
    for label, value in (("Name or title", f"Weekender {script}"), ("Office", "EUIPO"), ("Number", f"01-{script}")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Where it holds").fill("EU")
    page.locator("form[action='/brand/rights'] input[type=file]").set_input_files(certificate)
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_text("Waits to be verified")).to_have_count(1)

    page.goto(f"{portal.address}/brand/messages")
    page.get_by_label("Your message").fill(f"Please verify {script}.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()

    enter(page, portal, portal.site.account_manager)
    page.goto(f"{portal.address}/brands")
    expect(page.get_by_text("1 right to verify.")).to_be_visible()
    page.get_by_role("link", name="Aurelle").click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Waits to be verified")).to_have_count(0)
    page.get_by_label("Your message").fill(f"Verified {script}.")
    page.get_by_role("button", name="Send").click()

    enter(page, portal, portal.site.brand_person)
    expect(page.get_by_role("link", name="Messages 1 unread")).to_be_visible()
    page.goto(f"{portal.address}/brand/messages")
    expect(page.get_by_text(f"Verified {script}.")).to_be_visible()
    context.close()
    assert watch.complaints == []
    assert unsent(PORTAL, watch) == []


def test_the_previews_are_accessible_and_fit_a_phone(window: Page, portal: Portal) -> None:
    """The pages themselves are on the list of all pages; these are only there after a form."""
    enter(window, portal, portal.site.brand_person)
    for path, label, text, button in (
        ("sellers", "Or paste ids, one a line", f"shop\n{'x' * 201}\n", "Show what it changes"),
        ("prices", "Or paste its rows", "model,price,currency\nBag,1,EUR\nBag,0,EUR\n", "Look at it first"),
        ("tell-tales", "Pattern", "tote", "Try it"),
    ):
        window.goto(f"{portal.address}/brand/{path}")
        window.get_by_label(label).fill(text)
        window.get_by_role("button", name=button).click()
        assert in_both_themes(window) == [], path
        assert too_wide(window, phone=True) == [], path
