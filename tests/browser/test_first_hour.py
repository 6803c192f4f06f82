"""From an empty data directory to one's own listing decided and a brand's answer, as administrator alone."""

import json
import time
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from serving.accounts.store.setup_links import SETUP_LINK_FILE
from serving.brands.rules.certification import questions
from tests.browser.service import running_service
from tests.browser.walking import Walker

MOST_MINUTES: Final = 10
MOST_ACTIONS: Final = 12
MOST_OF_MARKETPLACE, MOST_OF_BRAND = 5, 8
FILE: Final = """item;name;details;cost;maker;shop
1;Corvale watch, mirror quality 1:1 replica AAA;WhatsApp for the catalogue;49,90;Corvale;s-7
2;Corvale watch, two years old;Receipt from 2023;1.234,00;Corvale;s-2
3;Corvale diver, replica AAA mirror quality;WhatsApp for the catalogue;39,90;Corvale;s-9
"""
RIGHT: Final = "kind,title,office,number,classes,territories\nmark,Corvale,EUIPO,018000001,14,EU"


@pytest.mark.soak
def test_from_an_empty_home_to_a_decision_on_a_listing_of_ones_own_file_and_a_brands_answer(
    browser: Browser, touchstone: str, tmp_path: Path
) -> None:
    home, path = tmp_path / "home", tmp_path / "ours.csv"
    home.mkdir()
    path.write_text(FILE, encoding="cp1252")
    begun = time.monotonic()
    with running_service(touchstone, home, more={"ENCODER": ""}):
        link = json.loads((home / SETUP_LINK_FILE).read_text(encoding="utf-8"))["link"]
        ada = Walker(browser.new_context(reduced_motion="reduce").new_page())
        found_marketplace(ada, link)
        import_file(ada, path)
        ada.press("Open the queue", "link")
        ada.click(ada.page.locator("a[data-stop]").first)
        ada.click(ada.page.locator("summary[data-key=b]"))
        ada.tick("Not registered")
        ada.fill("Mark", "Corvale")
        ada.fill("Owner of the mark", "Corvale SA")
        ada.press("Save brand")
        ada.click(ada.page.get_by_role("region", name="Decision").get_by_role("button", name="Counterfeit"))
        ada.says("Undo")
        first_hour = ada.actions
        claire = Walker(browser.new_context(reduced_motion="reduce").new_page())
        join(claire, enrol_brand(ada))
        certify(claire)
        claire.press("Counterfeit")
        claire.says("Undo")
    assert ada.dead_ends + claire.dead_ends == []
    assert first_hour <= MOST_ACTIONS
    assert ada.actions - first_hour <= MOST_OF_MARKETPLACE
    assert claire.actions <= MOST_OF_BRAND
    assert time.monotonic() - begun < MOST_MINUTES * 60


def found_marketplace(walker: Walker, link: str) -> None:
    walker.arrive(link)
    walker.fill("Marketplace", "Bazaar")
    walker.fill("Your name", "Ada Falk")
    walker.fill("Work e-mail", "ada@bazaar.example")
    walker.fill("Password", "a long enough one")
    walker.press("Create marketplace")


def import_file(walker: Walker, path: Path) -> None:
    walker.attach("input[type=file]", path)
    walker.press("Upload file")
    walker.says("€1,234")
    walker.press("Import all rows")
    walker.says("3 new or changed")


def enrol_brand(walker: Walker) -> str:
    """Enrol the brand of the file; returns the invitation of its first user."""
    walker.press("Brands", "link")
    walker.press("Enrol a brand", "link")
    walker.fill("Name", "Corvale")
    walker.fill("E-mail of its first user", "claire@corvale.example")
    walker.fill("Rights, one a row", RIGHT)
    walker.press("Enrol brand")
    walker.says("now waits for its answer")
    return walker.page.locator("code").inner_text()


def join(walker: Walker, invitation: str) -> None:
    walker.arrive(invitation)
    walker.fill("Your name", "Claire Vidal")
    walker.fill("Password", "a long enough one")
    walker.press("Create account")


def certify(walker: Walker) -> None:
    """Answer the questions of the certification, a form whose fields are choices."""
    walker.press("certification", "link")
    for question in questions():
        walker.page.locator(f"input[name='q:{question.key}'][value='{question.right}']").check()
    walker.press("Submit answers")
