"""From an empty data directory to one's own listing decided and a brand's answer, as administrator alone."""

import json
import time
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from serving.accounts.store.setup_links import SETUP_LINK_FILE
from tests.browser.service import running_service
from tests.browser.walking import Walker

MOST_MINUTES: Final = 10
MOST_ACTIONS: Final = 12
FILE: Final = """item;name;details;cost;maker;shop
1;Corvale watch, mirror quality 1:1 replica AAA;WhatsApp for the catalogue;49,90;Corvale;s-7
2;Corvale watch, two years old;Receipt from 2023;1.234,00;Corvale;s-2
"""


@pytest.mark.soak
def test_from_an_empty_home_to_a_decision_on_a_listing_of_ones_own_file(
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
    assert ada.dead_ends == []
    assert ada.actions <= MOST_ACTIONS
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
    walker.says("2 new or changed")
