"""Sellers and notifiers with a telephone, without an account or script, in their own language."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Furnished
from tests.browser.every_form import journey_of, unsent
from tests.browser.looking import PHONE, in_both_themes, too_wide
from tests.browser.watching import Watch

_INVOICE = b"%PDF-1.4\n% Invoice 1177.\n%%EOF\n"
_SIZE: ViewportSize = {"width": PHONE[0], "height": PHONE[1]}
_ANSWER = "Куплено у официального дилера в Лионе 3 мая, счёт 1177. <b>Настоящее</b>"


@pytest.fixture
def phone(browser: Browser, furnished: Furnished, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A telephone whose browser asks for Spanish and runs no script; every form of the journey must be sent."""
    context = browser.new_context(viewport=_SIZE, java_script_enabled=False, locale="es-MX", has_touch=True)
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    yield page
    context.close()
    # A browser complains of every answer that refuses something.
    assert [one for one in watch.complaints if "status of 422" not in one] == []
    assert unsent(journey_of(request), watch) == []


def test_a_seller_answers_a_removal_from_its_link(phone: Page, furnished: Furnished, tmp_path: Path) -> None:
    phone.goto(furnished.at("seller-journey"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Su oferta ha sido retirada")
    phone.get_by_role("link", name="Русский").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Ваше предложение удалено")
    deadline = phone.get_by_role("region", name="Срок")
    expect(deadline).to_contain_text("Осталось: ")
    expect(phone.get_by_text("Правообладатель Aurelle изучил предложение")).to_be_visible()

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


def test_what_is_refused_says_why_and_keeps_what_was_typed(phone: Page, furnished: Furnished, tmp_path: Path) -> None:
    phone.goto(f"{furnished.at('seller')}?lang=es")
    page = tmp_path / "factura.html"
    page.write_text("<script>alert(1)</script>")
    phone.get_by_label("Una factura, un albarán").set_input_files(page)
    phone.get_by_role("button", name="Subir documento").click()
    expect(phone.get_by_role("alert")).to_have_text("El documento debe ser un archivo PDF, PNG o JPEG.")
    phone.goto(f"{furnished.address}/notice?offer=MP-50")
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
def test_a_telephone_shows_every_language_whole(browser: Browser, furnished: Furnished, language: str) -> None:
    """Longer words and other letters neither widen a page nor break a rule of accessibility."""
    context = browser.new_context(viewport=_SIZE, reduced_motion="reduce")
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    wrong = []
    here = furnished.address
    for address in (furnished.at("seller-answered"), furnished.at("notice"), f"{here}/notice", f"{here}/sign-in"):
        page.goto(f"{address}?lang={language}")
        assert (page.locator("html").get_attribute("lang") or "").startswith(language)
        wrong += [f"{page.url}: {one}" for one in too_wide(page, phone=True)]
    page.goto(f"{furnished.at('seller')}?lang={language}")
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
