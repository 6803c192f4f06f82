"""A lead of a brand at two marketplaces shares what is on file at one with the other, without script."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from serving.accounts.rules.access import Role
from serving.brands.rules.rights import RightKind
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.brands.service.price_lists import load_price_list
from serving.brands.service.rights_claims import NewRight, claim_right
from serving.brands.service.rights_copies import keep_document
from serving.composition import open_runtime
from serving.platform.settings import Settings
from tests.browser.every_form import SHARING
from tests.browser.house import House
from tests.browser.service import running_service
from tests.browser.workshop import Workshop, without_script
from tests.fixtures.clocks import TestClock
from tests.fixtures.reporting import a_leader, second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import Site, invite, populate

_PDF = b"%PDF-1.4\n% certificate\n%%EOF\n"
_CLOCK = TestClock(datetime.now(UTC) - timedelta(hours=1))


def _on_file(home: Path) -> Site:
    """Aurelle at two marketplaces with a lead of both, and a right, document, agent and price on file at the first."""
    runtime = open_runtime(Settings(home=home, masked_score_share=0.0), clock=_CLOCK)
    try:
        site = populate(runtime, _CLOCK)
        ana = invite(runtime, "ana@roche.example", "Ana Prieto", Role.BRAND, "Aurelle")
        digest = keep_document(runtime, "Aurelle", "certificate.pdf", _PDF, by="test")
        keep_document(runtime, "Aurelle", "letter.pdf", _PDF + b"letter", by="test")
        mark = NewRight("Aurelle", RightKind.MARK, "Colline", "EUIPO", "018", ("EU",), (18, 25), document=digest)
        claim_right(runtime, mark, by="test")
        until = _CLOCK.now() + timedelta(days=90)
        grant_mandate(runtime, NewMandate("Aurelle", ana.email, "Kanzlei Nord", ("EU",), until), by="test")
        load_price_list(runtime, "Aurelle", [{"model": "Colline", "price": "540", "currency": "EUR"}], by="test")
        souk = second_marketplace(site)
        with_brand_grant_at(site, ana, souk)
        with_brand_grant_at(site, a_leader(site), souk, leads=True)
    finally:
        runtime.close()
    return site


@pytest.mark.soak
def test_a_lead_shares_what_is_on_file_with_another_marketplace(
    browser: Browser, forked_touchstone: str, tmp_path: Path
) -> None:
    site = _on_file(tmp_path / "home")
    with running_service(forked_touchstone, tmp_path / "home") as address:
        workshop = Workshop(browser, address, House(site, {}, {}), "", "")
        with without_script(workshop, SHARING, site.brand_person) as (camille,):
            camille.go("/brand/rights")
            camille.press("Share with Souk", camille.row("“Colline”"))
            camille.says("Right shared. The other marketplace has its own copy")
            expect(camille.row("“Colline”").get_by_role("button", name="Share with Souk")).to_have_count(0)
            camille.press("Share with Souk", camille.row("letter.pdf"))
            camille.says("Shared. The other marketplace has its own copy")

            camille.go("/brand/people")
            camille.press("Share with Souk", camille.row("Kanzlei Nord"))
            camille.says("Shared. The other marketplace has its own copy")

            camille.go("/brand/prices")
            camille.press("Share with Souk")
            camille.says("Prices shared.")
            camille.press("Share with Souk")
            camille.says("Nothing to share")

            camille.follow("Aurelle, Souk")
            camille.says("€540")
            camille.go("/brand/rights")
            camille.follow("Aurelle, Souk")
            camille.says("“Colline”")
            camille.says("Pending verification")
            expect(camille.page.get_by_role("link", name="letter.pdf")).to_be_visible()
