"""The main journey of a brand's people and of their account manager, end to end, by keyboard and without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from serving.accounts.rules.access import Person
from tests.browser.chromium import Watch, begin_session, watched_window
from tests.browser.conftest import FurnishedApp
from tests.browser.every_form import PORTAL, journey_of, unsent_forms
from tests.browser.house import COLLEAGUE
from tests.browser.looking import PHONE, in_both_themes, in_themes, too_wide
from tests.fixtures.runtimes import PASSWORD

_PDF = b"%PDF-1.4\n% registration\n%%EOF\n"


@pytest.fixture
def window(browser: Browser, furnished_app: FurnishedApp) -> Iterator[Page]:
    """A fresh window whose console, violations and requests are watched."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page, watch = watched_window(context, furnished_app.address)
    yield page
    context.close()
    assert watch.complaints == []


def enter(page: Page, furnished: FurnishedApp, person: Person, path: str = "/") -> None:
    """A page as this person sees it, who replaces the last signed-in user."""
    begin_session(page, furnished.address, furnished.house.site, person, path)


def waiting_count(page: Page) -> int:
    """The number of listings that await an answer, from the heading."""
    number = re.match(r"\d+", page.get_by_role("heading", level=1).inner_text())
    assert number
    return int(number[0])


def expect_waiting(page: Page, number: int) -> None:
    """The heading says that so many wait."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(rf"^{number}\b"))


def test_a_brand_user_answers_by_keyboard_and_undoes(window: Page, furnished_app: FurnishedApp) -> None:
    enter(window, furnished_app, furnished_app.house.site.brand_person)
    before = waiting_count(window)
    window.keyboard.press("g")
    expect_waiting(window, before)
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
    case_id = cards.first.get_attribute("id")
    with window.expect_navigation():
        window.keyboard.press("g")
    expect_waiting(window, before - 1)
    expect(window.locator("article.q").first).to_be_focused()
    with window.expect_navigation():
        window.keyboard.press("c")
    expect_waiting(window, before - 2)
    for number in (before - 1, before):
        with window.expect_navigation():
            window.keyboard.press("z")
        expect_waiting(window, number)
    assert case_id in [card.get_attribute("id") for card in window.locator("article.q").all()]


def test_a_brand_answers_in_the_language_in_which_it_signs_in(browser: Browser, furnished_app: FurnishedApp) -> None:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page, watch = watched_window(context, furnished_app.address)
    page.goto(f"{furnished_app.address}/sign-in")
    page.locator("input[name=email]").fill(COLLEAGUE)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("件商品待您答复")
    before = waiting_count(page)
    assert too_wide(page, phone=True) == []
    card = page.locator("article.q").first
    expect(card).to_contain_text("这是贵品牌的商品吗？")
    with page.expect_navigation():
        card.get_by_role("button", name="否，假冒商品").click()
    expect_waiting(page, before - 1)
    expect(page.locator("#done")).to_contain_text("假冒：")
    with page.expect_navigation():
        page.keyboard.press("z")
    expect_waiting(page, before)
    expect(page.get_by_role("status")).to_contain_text(["已撤回。案件重新开启"])
    context.close()
    assert watch.complaints == []


def test_a_bulk_confirmation_shows_every_listing_and_is_undone(window: Page, furnished_app: FurnishedApp) -> None:
    enter(window, furnished_app, furnished_app.house.site.brand_person)
    window.get_by_role("link", name="Confirm several listings").click()
    ticks = window.locator("input[type=checkbox][name^='listing:']")
    expect(ticks.first).to_be_visible()
    listings = ticks.count()
    assert listings > 2
    for number in range(1, listings):
        ticks.nth(number).check()
    window.get_by_role("button", name="Preview confirmation").click()
    window.get_by_label("good faith").check()
    window.get_by_role("button", name="Confirm listings").click()
    results = window.locator("td > .bg")
    expect(results.get_by_text("Removal scheduled", exact=True)).to_have_count(listings - 1)
    window.get_by_label(re.compile("^All ")).check()
    window.get_by_role("button", name="Withdraw").click()
    expect(results.get_by_text("Withdrawn", exact=True)).to_have_count(listings - 1)


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="with script", marks=pytest.mark.soak), pytest.param(False, id="without script")]
)
def test_a_brand_keeps_its_file_and_writes_and_its_manager_reads_verifies_and_answers(
    browser: Browser, furnished_app: FurnishedApp, tmp_path: Path, *, script: bool
) -> None:
    context = browser.new_context(
        java_script_enabled=script, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page, name = context.new_page(), f"shop-{script}"
    watch = Watch(furnished_app.address)
    watch.follow(page)
    enter(page, furnished_app, furnished_app.house.site.brand_person, "/brand/sellers")
    page.get_by_label("Or paste ids, one per line").fill(f"{name}-a\n{name}-b\n")
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_text("Added: 2. Removed: 0.")).to_be_visible()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("rowheader", name=f"{name}-a")).to_be_visible()

    page.goto(f"{furnished_app.address}/brand/prices")
    prices = tmp_path / "prices.csv"
    prices.write_text(f"model,price,currency\nWeekender {script},640,EUR\nBroken {script},nothing,EUR\n", "utf-8")
    page.get_by_label("File").set_input_files(prices)
    page.get_by_role("button", name="Preview file").click()
    expect(page.get_by_text("1 row is accepted. That makes 1 entry. 1 row is refused.")).to_be_visible()
    page.get_by_role("button", name="Add 1 accepted row").click()
    expect(page.get_by_role("rowheader", name=f"Weekender {script}")).to_be_visible()
    expect(page.get_by_role("rowheader", name=f"Broken {script}")).to_have_count(0)

    page.goto(f"{furnished_app.address}/brand/rights")
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(_PDF + str(script).encode())
    for label, text in (("Name or title", f"Weekender {script}"), ("Office", "EUIPO"), ("Number", f"01-{script:d}")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Territorial scope").fill("EU")
    page.locator("form[action='/brand/rights'] input[type=file]").set_input_files(certificate)
    page.get_by_role("button", name="Claim right").click()
    expect(page.get_by_text("Pending verification")).to_have_count(1)

    page.goto(f"{furnished_app.address}/brand/messages")
    page.get_by_label("Your message").fill(f"Please verify {script}.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()

    enter(page, furnished_app, furnished_app.house.site.account_manager, "/brands")
    expect(page.get_by_text("1 right to verify.")).to_be_visible()
    page.get_by_role("link", name="Aurelle", exact=True).click()
    expect(page.get_by_text(f"Please verify {script}.")).to_be_visible()
    page.get_by_role("checkbox", name="Mark").check()
    page.get_by_role("button", name="Verify ticked rights").click()
    expect(page.get_by_text("Pending verification")).to_have_count(0)
    page.get_by_label("Your message").fill(f"Verified {script}.")
    page.get_by_role("button", name="Send message").click()

    enter(page, furnished_app, furnished_app.house.site.brand_person)
    expect(page.get_by_role("link", name="Messages 1 unread")).to_be_visible()
    page.goto(f"{furnished_app.address}/brand/messages")
    expect(page.get_by_text(f"Verified {script}.")).to_be_visible()
    context.close()
    assert watch.complaints == []
    assert unsent_forms(PORTAL, watch) == []


def test_the_previews_are_accessible_and_fit_a_phone(
    window: Page, furnished_app: FurnishedApp, *, thoroughly: bool
) -> None:
    """The pages themselves are on the list of all pages; previews appear only after a form."""
    enter(window, furnished_app, furnished_app.house.site.brand_person)
    for path, label, text, button in (
        ("sellers", "Or paste ids, one per line", f"shop\n{'x' * 201}\n", "Preview changes"),
        ("prices", "Or paste rows", "model,price,currency\nBag,1,EUR\nBag,0,EUR\n", "Preview file"),
        ("indicators", "Pattern", "tote", "Test pattern"),
    ):
        window.goto(f"{furnished_app.address}/brand/{path}")
        window.get_by_label(label).fill(text)
        window.get_by_role("button", name=button).click()
        assert in_themes(window, thoroughly=thoroughly) == [], path
        assert too_wide(window, phone=True) == [], path


# Sellers and notifiers with a telephone, without an account or script, in their own language.

_INVOICE = b"%PDF-1.4\n% Invoice 1177.\n%%EOF\n"
_SIZE: ViewportSize = {"width": PHONE[0], "height": PHONE[1]}
_ANSWER = "Куплено у официального дилера в Лионе 3 мая, счёт 1177. <b>Настоящее</b>"


@pytest.fixture
def phone(browser: Browser, furnished_app: FurnishedApp, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A telephone whose browser asks for Spanish and runs no script; every form of the journey must be sent."""
    context = browser.new_context(viewport=_SIZE, java_script_enabled=False, locale="es-MX", has_touch=True)
    page, watch = watched_window(context, furnished_app.address)
    yield page
    context.close()
    # A browser complains of every answer that refuses something.
    assert [complaint for complaint in watch.complaints if "status of 422" not in complaint] == []
    assert unsent_forms(journey_of(request), watch) == []


def test_a_seller_answers_a_removal_from_its_link(phone: Page, furnished_app: FurnishedApp, tmp_path: Path) -> None:
    phone.goto(furnished_app.at("seller-journey"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Su oferta ha sido retirada")
    phone.get_by_role("link", name="Русский").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ваше предложение удалено")
    expect(phone.get_by_role("region", name="Срок")).to_contain_text("Осталось: ")
    expect(phone.get_by_text("Площадка спросила об этом предложении правообладателя Aurelle")).to_be_visible()

    invoice = tmp_path / "счёт 1177.pdf"
    invoice.write_bytes(_INVOICE)
    phone.get_by_label("Счёт, накладная или фотография товара").set_input_files(invoice)
    phone.get_by_role("button", name="Загрузить документ").click()
    expect(phone.locator("#documents")).to_contain_text("счёт 1177.pdf")

    phone.get_by_label("Почему удаление ошибочно").fill(_ANSWER)
    phone.get_by_role("button", name="Отправить ответ").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ваш ответ у правообладателя")
    timeline = phone.get_by_role("region", name="Что уже произошло")
    for text in ("Площадка удалила предложение", "Вы передали документ.", "Вы ответили.", _ANSWER):
        expect(timeline).to_contain_text(text)
    expect(phone.get_by_role("region", name="Срок")).to_contain_text("Если правообладатель не ответит")

    phone.get_by_role("button", name="Отозвать ответ").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Вы отозвали свой ответ")
    phone.get_by_label("Почему удаление ошибочно").fill(_ANSWER)
    phone.get_by_role("button", name="Подать апелляцию").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Решает сотрудник, который не принимал прежнее решение")


def test_what_is_refused_says_why_and_keeps_what_was_typed(
    phone: Page, furnished_app: FurnishedApp, tmp_path: Path
) -> None:
    phone.goto(f"{furnished_app.at('seller')}?lang=es")
    page = tmp_path / "factura.html"
    page.write_text("<script>alert(1)</script>")
    phone.get_by_label("Una factura, un albarán").set_input_files(page)
    phone.get_by_role("button", name="Subir documento").click()
    expect(phone.get_by_role("alert")).to_have_text("El documento debe ser un archivo PDF, PNG o JPEG.")
    phone.goto(f"{furnished_app.address}/notice?offer=MP-50")
    phone.get_by_label("Por qué cree que la oferta es ilícita").fill("Falsa.")
    phone.get_by_label("Qué es lo que está mal").select_option("design")
    phone.get_by_label("Su nombre").fill("Ana Ruiz")
    phone.get_by_label("Su correo electrónico").fill("ana@example.org")
    phone.locator("[name=good_faith]").check()
    phone.get_by_role("button", name="Enviar la notificación").click()
    expect(phone.get_by_role("alert")).to_contain_text("Explique en al menos 20 caracteres")
    expect(phone.get_by_label("Por qué cree que la oferta es ilícita")).to_have_value("Falsa.")
    expect(phone.get_by_label("Su nombre")).to_have_value("Ana Ruiz")
    phone.get_by_label("Por qué cree que la oferta es ilícita").fill("El sello de la segunda foto es una copia.")
    phone.get_by_role("button", name="Enviar la notificación").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Su notificación")
    expect(phone.get_by_text("Hemos recibido su notificación")).to_be_visible()
    expect(phone.get_by_text("Una persona la está examinando.")).to_be_visible()
    power_file = tmp_path / "poder.pdf"
    power_file.write_bytes(b"%PDF-1.7 poder")
    phone.locator("input[name=document]").set_input_files(power_file)
    phone.get_by_role("button", name="Subir documento").click()
    expect(phone.get_by_text("poder.pdf")).to_be_visible()


@pytest.mark.parametrize(
    "language", ["zh", "ru", "de", *(pytest.param(name, marks=pytest.mark.soak) for name in ("en", "es", "fr"))]
)
def test_a_telephone_shows_every_language_whole(browser: Browser, furnished_app: FurnishedApp, language: str) -> None:
    """Longer words and other letters neither widen a page nor break a rule of accessibility."""
    context = browser.new_context(viewport=_SIZE, reduced_motion="reduce")
    page, watch = watched_window(context, furnished_app.address)
    wrong = []
    url = furnished_app.address
    for address in (furnished_app.at("seller-answered"), furnished_app.at("notice"), f"{url}/notice", f"{url}/sign-in"):
        page.goto(f"{address}?lang={language}")
        assert (page.locator("html").get_attribute("lang") or "").startswith(language)
        wrong += [f"{page.url}: {fault}" for fault in too_wide(page, phone=True)]
    page.goto(f"{furnished_app.at('seller')}?lang={language}")
    wrong += in_both_themes(page) + too_wide(page, phone=True)
    sizes = page.locator("main").evaluate(
        "(main) => [...main.querySelectorAll('p, dd, li, textarea, button')].map("
        "(one) => [parseFloat(getComputedStyle(one).fontSize), one.className])"
    )
    assert {size for size, name in sizes if "cap" not in name} <= {16.0, 20.0}
    heights = page.locator("main button").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    assert min(heights) >= 44
    context.close()
    assert wrong + watch.complaints == []
