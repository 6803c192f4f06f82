"""Every form works in a browser without script, and the list of forms is complete.

The forms that the journeys of other files send without script are not sent here again.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from itertools import groupby
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from serving.accounts.rules.access import Role
from serving.accounts.service import auth
from serving.accounts.store import setup_links
from serving.brands.rules.certification import questions
from serving.learning.store import learning
from serving.platform.database.engine import sqlite_url
from serving.platform.database.store import Store
from serving.scoring.store import breakers
from tests.browser.chromium import SentRequest, Watch, sign_in
from tests.browser.every_form import (
    ADMINISTRATOR,
    BRAND,
    BY_HTTP,
    CASE,
    FACTOR,
    FILE,
    FORMS,
    FOUNDER,
    MANAGER,
    OWN_WORK,
    RECEIVERS,
    SCIENTISTS,
    SELLERS,
    UPLOADER,
    OneForm,
    form_tag_count,
    template_forms,
    unsent_forms,
)
from tests.browser.workshop import Window, Workshop, a_workshop, without_script
from tests.fixtures.links import path_of
from tests.fixtures.notifying import a_listing, items_of, notify
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.service_process import until
from tests.serving.reports.service import test_signed
from tests.serving.web import (
    test_large_report_pages,
    test_manager_brand_page,
    test_report_attachments,
    test_second_factor_pages,
    test_service_accounts_page,
)

_PDF = b"%PDF-1.4\n% certificate\n%%EOF\n"
_SOON = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()


@pytest.fixture(scope="module")
def workshop(browser: Browser, touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with a_workshop(browser, touchstone, tmp_path_factory.mktemp("workshop") / "home") as opened_workshop:
        yield opened_workshop


def test_every_form_that_a_template_writes_is_on_the_list() -> None:
    """In the order in which they stand, each with a route that its action can be."""
    written_forms = list(template_forms())
    assert len(written_forms) == form_tag_count(), "a form is written in a way that this list does not read"
    for (template, action), form in zip(written_forms, FORMS, strict=True):
        assert template == form.template, f"{template} {action} is not where the list has {form}"
        shape = re.escape(action).replace(r"\*", ".+")
        assert re.fullmatch(shape, form.route), f"{template} {action} is not {form.route}"


def test_forms_of_one_route_are_told_apart_by_what_they_send() -> None:
    key = lambda form: (form.template, form.route)  # noqa: E731  # Twice, for sorting and for grouping.
    watched = [form for form in FORMS if form.journey != BY_HTTP]
    for _, group in groupby(sorted(watched, key=key), key=key):
        several = list(group)
        assert len({form.by for form in several}) == len(several)


def test_every_journey_is_a_test_that_holds_that_its_forms_were_sent() -> None:
    for journey in {form.journey for form in FORMS} - {BY_HTTP}:
        file, _, name = journey.partition(".")
        test = getattr(importlib.import_module(f"tests.browser.{file}"), name)
        # Of fixtures, those that hold it at the end.
        holds = {"unsent_forms(", "without_script(", "plain: Page", "phone: Page"}
        assert any(word in inspect.getsource(test) for word in holds), journey


def test_a_form_that_no_browser_sends_is_sent_by_a_test_of_its_page() -> None:
    sources = [
        inspect.getsource(module)
        for module in (
            test_second_factor_pages,
            test_large_report_pages,
            test_manager_brand_page,
            test_report_attachments,
            test_signed,
            test_service_accounts_page,
        )
    ]
    sent = {address for source in sources for address in re.findall(r"(?:post|get)\(([^,)]+)", source)}
    endings = {form.route.rpartition("/")[2].partition("{")[0] for form in FORMS if form.journey == BY_HTTP} - {""}
    assert endings == {
        "limits", "step-up", "send", "stop", "approve", "release", "callback",
        "service-accounts", "keys", "reset", "passkey", "sellers", "test-buy", "contract",
    }  # fmt: skip
    unsent = [ending for ending in endings if not any(re.search(rf"/{ending}[\"?]", address) for address in sent)]
    assert sorted(unsent) == ["keys", "service-accounts"], "these are sent by a name of their address"
    assert {"PATH", "keys"} <= set(re.findall(r"post\((\w+),", sources[-1]))
    assert test_service_accounts_page.PATH == "/brand/service-accounts"
    assert 'keys = f"{PATH}/{account_id}/keys"' in sources[-1]
    assert "stop_path(" in sources[1]


@pytest.mark.parametrize(
    ("sent", "was_sent"),
    [
        (SentRequest("POST", "/brand/sellers", "rows=a&whole=yes"), True),
        (SentRequest("POST", "/brand/sellers", "rows=a"), False),  # The other form of the page.
        (SentRequest("GET", "/brand/sellers?whole=", ""), False),
        (SentRequest("POST", "/brand/sellers/preview", "whole=yes"), False),
    ],
)
def test_a_form_counts_as_sent_where_its_route_got_its_fields(sent: SentRequest, was_sent: bool) -> None:
    watch = Watch("", sent=[sent])
    assert OneForm("brand_sellers.html", "POST /brand/sellers", "", "whole=").was_sent(watch) is was_sent
    assert unsent_forms(FOUNDER, watch) == [
        "notice.html: POST /notice/{token}",
        "notice_confirmation.html: POST /notice/confirm/{token}",
        "setup.html: POST /setup/{token}",
        "unsubscribe.html: POST /mail/unsubscribe/{token}",
    ]


@pytest.mark.soak
def test_cases_are_snoozed_noted_on_and_decided_together(workshop: Workshop) -> None:
    site = workshop.site
    with without_script(workshop, CASE, site.analyst, site.second_analyst) as (ines, tomas):
        ines.go(workshop.versions)
        ines.page.locator("select[name=from]").select_option("1")
        ines.page.locator("select[name=to]").select_option("3")
        ines.press("Compare versions")
        expect(ines.page.locator("del").filter(has_text="250")).to_have_count(1)
        expect(ines.page.locator("ins").filter(has_text="230")).to_have_count(1)

        _corrects_the_brand(ines)
        ines.unfold("First note")
        ines.fill("Note", "The lining is wrong, <b>look</b>.")
        ines.field("Tomás Rey").check()
        ines.press("Save note")
        ines.says("Note saved.")
        ines.says("Ines Moreau to Tomás Rey")
        tomas.go("/notes")
        tomas.says("The lining is wrong, <b>look</b>.")
        tomas.says("1 new")
        tomas.press("Mark all as read")
        tomas.says("All notes are marked as read.")
        tomas.no_longer_says("1 new")

        ines.unfold("Snooze case")
        ines.field("Snooze for").select_option("4")
        ines.fill("Missing information", "The invoice")
        ines.fill("Requested from", "the marketplace")
        ines.press(re.compile("^Snooze case$"))
        ines.says("Case snoozed. It returns to the queue")
        ines.go(workshop.versions)
        ines.says("Missing: The invoice. Requested from: the marketplace.")
        ines.press("Resume case")
        ines.says("Case resumed. It is back in the queue.")
        _hands_over(ines)
        ines.go(workshop.versions)
        ines.page.get_by_placeholder("Note").fill("The invoice is right.")
        ines.press(re.compile("^Genuine"))
        ines.says("recorded for")
        ines.press(
            re.compile("^Grey market")
        )  # Of the case that follows; the line under the pages is about this one now.
        ines.go(workshop.versions)
        ines.says("The invoice is right.")
        ines.press(re.compile("^Undo until"))
        ines.says("Undone. The case is open again")

        _ends_a_notice(ines, site)
        _decides_together(ines, workshop.house.addresses["bulk"])
        ines.go("/queue")
        ines.press("Keyboard shortcuts")
        ines.field("Use single-letter shortcuts").uncheck()
        ines.press("Save setting")
        ines.go("/settings")
        expect(ines.field("Single-letter shortcuts")).not_to_be_checked()


def _hands_over(ines: Window) -> None:
    ines.unfold("Hand over case")
    ines.field("Colleague").select_option(label="Tomás Rey")
    ines.fill("Note to them", "You know this brand.")
    ines.press(re.compile("^Hand over case$"))
    ines.says("Case handed over.")


def _corrects_the_brand(ines: Window) -> None:
    ines.unfold("Correct brand")
    ines.fill("Search registered brands", "solen")
    ines.press("Search brands")
    ines.field("Solenne").check()
    ines.fill("Reason for this brand", "The label says Solenne.")
    ines.press("Save brand")
    ines.says("Brand saved. Statements to the seller name it from now on.")
    ines.says("The label says Solenne.")
    ines.press("Undo naming")
    ines.says("Naming undone. The brand of the case is what it was before.")


def _ends_a_notice(ines: Window, site: Site) -> None:
    receipt = notify(site, a_listing(site, "MP-900", title="Solenne belt bag, plum", brand="Solenne"))
    ines.go(f"/cases/{items_of(site, receipt)[0].case_id}")
    ines.unfold("End as invalid")
    ines.field("Reason told to the notifier").select_option("spam")
    ines.press("End notice")
    ines.says("Notice ended as invalid.")


def _decides_together(ines: Window, address: str) -> None:
    ines.go(address)
    ticks = ines.page.locator("input[type=checkbox][name^='case:']")
    expect(ticks).to_have_count(2)
    ticks.first.uncheck()
    ines.page.get_by_placeholder("Note for all").fill("The same picture.")
    ines.press(re.compile("^Licensed"))
    ines.says("1 recorded.")
    ines.press("Undo bulk decision")
    ines.says("Bulk decision undone. The cases are open again")


@pytest.mark.soak
def test_an_analyst_uses_filters_settings_and_onboarding(workshop: Workshop) -> None:
    with without_script(workshop, OWN_WORK, workshop.site.second_analyst, None) as (tomas, ruben):
        tomas.go("/queue")
        tomas.says("without a break")
        tomas.press("Dismiss reminder")
        tomas.no_longer_says("without a break")
        tomas.press("Columns")
        tomas.field("Routing reason").uncheck()
        tomas.press("Save columns")
        expect(tomas.page.get_by_role("columnheader", name="Routing reason")).to_have_count(0)
        tomas.go("/queue?lane=analyst&lease=mine")
        tomas.fill("Filter name", "What I hold")
        tomas.press("Save filter")
        tomas.go("/queue/filters")
        tomas.fill("New name of What I hold", "Mine")
        tomas.press(re.compile("Rename"))
        tomas.says("Filter renamed.")
        expect(tomas.page.get_by_role("button", name="Delete filter Mine")).to_be_visible()
        tomas.go("/search")
        tomas.page.locator("main").get_by_role("searchbox").fill("VERSIONS-1")
        tomas.press("Search", tomas.page.locator("main"))
        expect(tomas.page.locator("table.found tbody tr").first).to_be_visible()
        tomas.page.locator("main").get_by_role("searchbox").fill("PASSED-1")
        tomas.press("Search", tomas.page.locator("main"))
        tomas.page.locator("a[href^='/listings/']").first.click()
        tomas.press("Open case")
        tomas.says("Opened by an analyst.")
        tomas.go("/help")
        tomas.press("Show introduction again")
        expect(tomas.page.get_by_role("heading", name="Review queue")).to_be_visible()
        tomas.go("/operations")
        tomas.press("Switch theme")
        expect(tomas.page).to_have_url(f"{tomas.address}/operations")
        tomas.press("Sign out")
        expect(tomas.page.get_by_role("heading", name="Sign in")).to_be_visible()

        sign_in(ruben.page, workshop.address, "ruben@aurelle.example", PASSWORD)
        ruben.go("/settings")
        ruben.fill("Current password", PASSWORD)
        for label in ("New password", "New password again"):
            ruben.fill(label, f"{PASSWORD}, changed")
        ruben.press("Change password")
        ruben.says("Your password is changed")


@pytest.mark.soak
def test_a_brand_answers_confirms_and_undoes(workshop: Workshop, tmp_path: Path) -> None:
    with without_script(workshop, BRAND, workshop.site.brand_person) as (camille,):
        waiting = re.compile(r"^\d+ listings await your answer")
        before = camille.page.get_by_role("heading", name=waiting).inner_text()
        camille.unfold("Reason and note (optional)")
        camille.fill("Note for analysts", "The clasp is not ours.")
        camille.press(re.compile("^No, counterfeit"))
        camille.says("Counterfeit")
        assert camille.page.get_by_role("heading", name=waiting).inner_text() != before
        camille.press("Undo", camille.page.locator("#done"))
        camille.says("Undone. The case is open again")
        assert camille.page.get_by_role("heading", name=waiting).inner_text() == before
        camille.press("Keyboard shortcuts")
        camille.field("Use single-letter shortcuts").uncheck()
        camille.press("Save setting")
        expect(camille.page).to_have_url(f"{camille.address}/brand")
        camille.press("Keyboard shortcuts")
        expect(camille.field("Use single-letter shortcuts")).not_to_be_checked()

        camille.go("/brand/takedowns")
        listings = camille.page.locator("input[type=checkbox][name^='listing:']").count()
        camille.page.get_by_label(re.compile("^All [0-9]+ listings$")).check()
        camille.press("Preview confirmation")
        expect(camille.page.locator("main tbody tr")).to_have_count(listings)
        camille.field("I believe in good faith").check()
        camille.press("Confirm listings")
        expect(camille.page.get_by_role("heading", name="Report", exact=True)).to_be_visible()
        expect(camille.page.locator("main tbody tr")).to_have_count(listings)
        camille.page.get_by_label(re.compile("^All [0-9]+ listings$")).check()
        camille.press("Withdraw ticked listings")
        camille.says(f"Withdrawn: {listings}")

        _reports_and_withdraws(camille, tmp_path)

        camille.go("/brand/certification")
        for question in questions():
            camille.page.locator(f"input[name='q:{question.key}']").nth(question.right).check()
        camille.press("Submit answers")
        camille.says("All answers are right.")

        camille.go("/counter-notices")
        camille.fill("Why the removal should stand", "The invoice is of other goods.")
        camille.press("Maintain removal")
        camille.says("Your answer is recorded, and the seller can read it.")


@pytest.mark.soak
def test_who_leads_a_brand_changes_its_file(workshop: Workshop, tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(_PDF)
    with without_script(workshop, FILE, workshop.site.brand_person) as (camille,):
        camille.go("/brand/indicators")
        camille.fill("Pattern", "tote")
        camille.press("Test pattern")
        camille.says("Test result")
        camille.fill("Label", "Card in the box")
        camille.press("Add indicator")
        camille.says("Indicator added. It applies to every listing")
        camille.press("Withdraw indicator", camille.row("Card in the box"))
        camille.says("Indicator withdrawn. Existing scores do not change.")

        camille.go("/brand/prices")
        camille.fill("Goods", "no such goods")
        camille.press("Find entries")
        camille.says("No entries match this search.")

        camille.go("/brand/rights")
        camille.press("Withdraw right")
        camille.says("Right withdrawn. It covers no further confirmations")
        camille.field("Document").set_input_files(certificate)
        camille.press("Upload document")
        camille.says("Document saved. Rights and powers of attorney can refer to it.")
        expect(camille.page.get_by_role("link", name="certificate.pdf")).to_be_visible()

        camille.go("/brand/sellers")
        camille.fill("Seller", "boutique-7")
        camille.press("Add seller")
        camille.says("List changed")
        camille.press("Remove seller", camille.row("boutique-7"))
        camille.says("List changed")
        expect(camille.page.get_by_role("button", name="Remove seller")).to_have_count(1)

        _asks_in_and_lets_go(camille)
        camille.go("/brand/service-accounts")
        camille.unfold("Name another person")
        camille.field("New person").select_option(label="Noemi Blanc")
        camille.field("In place of").select_option(label="Lin Qiao")
        camille.press("Name person")
        camille.says("Camille Duval, Noemi Blanc")
        camille.press(re.compile("^Revoke key"))
        expect(camille.page.locator("main tbody tr").first).to_contain_text("Revoked")
        camille.press(re.compile("^End service account"))
        camille.says("Ended")
        camille.go("/brand/messages")
        camille.fill("Your message", "Sent to the wrong people.")
        camille.press("Send message")
        camille.press("Erase message")
        camille.says("Erased. The author and the time stay on record.")
        camille.no_longer_says("Sent to the wrong people.")


def _reports_and_withdraws(camille: Window, tmp_path: Path) -> None:
    invoice, more = tmp_path / "invoice.pdf", tmp_path / "delivery note.pdf"
    invoice.write_bytes(_PDF)
    more.write_bytes(_PDF + b"% of another page\n")
    camille.go("/brand/reports")
    camille.fill("Words of the title, or an id", "RP-100")
    camille.press("Search listings")
    camille.page.get_by_role("checkbox", name="RP-100").check()
    camille.fill("Addresses or ids, one a line", "RP-101")
    camille.page.get_by_label("Supporting documents").set_input_files(invoice)
    camille.press("Preview report")
    camille.says("Removal scheduled: 2")
    camille.says("invoice.pdf")
    camille.field("I believe in good faith").check()
    camille.press("Send report")
    expect(camille.page.get_by_role("heading", name="Report", exact=True)).to_be_visible()
    camille.page.get_by_label("Another document").set_input_files(more)
    camille.press("Upload document")
    camille.says("delivery note.pdf")
    camille.field("All 2 listings").check()
    camille.press("Withdraw ticked listings")
    camille.says("Withdrawn: 2")


def _asks_in_and_lets_go(camille: Window) -> None:
    camille.go("/brand/people")
    camille.fill("E-mail", "new@aurelle.example")
    camille.press("Create invitation link")
    camille.says("Send this link to new@aurelle.example.")
    camille.press("Withdraw invitation")
    camille.says("Change saved. It applies from the next request.")
    camille.no_longer_says("new@aurelle.example")
    camille.field("Account").select_option(label="Noemi Blanc, noemi@aurelle.example")
    camille.fill("Agent", "Kanzlei Nord")
    camille.fill("Territories", "EU")
    camille.fill("Last day", _SOON)
    camille.press("Record power of attorney")
    camille.says("Kanzlei Nord")
    camille.press("End power of attorney", camille.row("Kanzlei Nord"))
    expect(camille.page.get_by_role("button", name="End power of attorney")).to_have_count(0)
    camille.press("Create reset link", camille.row("Ruben Faure"))
    camille.says("Send this link to ruben@aurelle.example.")
    camille.press("Remove access", camille.row("Ruben Faure"))
    camille.no_longer_says("Ruben Faure")
    camille.go("/settings")
    camille.field("New questions to your brand").uncheck()
    camille.press("Save mails")
    expect(camille.field("New questions to your brand")).not_to_be_checked()


@pytest.mark.soak
def test_an_account_manager_changes_how_a_brand_is_asked(workshop: Workshop) -> None:
    site = workshop.site
    with without_script(workshop, MANAGER, site.account_manager, site.brand_person) as (lena, camille):
        camille.go("/brand/people")
        camille.field("Account").select_option(label="Pia Renard, pia@aurelle.example")
        camille.fill("Agent", "Kanzlei West")
        camille.fill("Territories", "EU")
        camille.fill("Last day", _SOON)
        camille.press("Record power of attorney")
        lena.go(f"/brands/{site.brand_id}")
        lena.fill("Maximum questions per day", "40")
        lena.press("Save settings")
        lena.says("Change saved. It applies from the next request.")
        expect(lena.field("Maximum questions per day")).to_have_value("40")
        recorded = lena.page.locator("li").filter(has_text="Kanzlei West")
        lena.press("Void power of attorney", recorded)
        lena.says("Change saved. It applies from the next request.")
        expect(recorded.get_by_role("button", name="Void power of attorney")).to_have_count(0)
        lena.press("Grant lead rights", lena.page.locator("li").filter(has_text="pia@aurelle.example"))
        expect(lena.page.get_by_role("button", name="Remove lead rights")).to_have_count(2)
        lena.press("Remove lead rights", lena.page.locator("li").filter(has_text="pia@aurelle.example"))
        expect(lena.page.get_by_role("button", name="Remove lead rights")).to_have_count(1)
        lena.says("3 corrected listings of 3 sellers")
        lena.press("Accept alias")
        lena.says("Alias accepted. Listings that come in from now on resolve to the brand by it.")
        lena.press("Remove alias")
        lena.says("Alias removed.")
        _keeps_a_note_and_enrols(lena)


def _keeps_a_note_and_enrols(lena: Window) -> None:
    lena.fill("Note for account managers", "Call Camille first.")
    lena.press("Save note")
    expect(lena.field("Note for account managers")).to_have_value("Call Camille first.")
    lena.fill("E-mail of a new lead", "claire@aurelle.example")
    lena.press("Invite lead")
    lena.says("claire@aurelle.example is invited until")
    lena.go("/brands/new")
    lena.fill("Name", "Corvale")
    lena.fill("Rights, one a row", "kind,title,office,number,territories\nmark,Corvale,EUIPO,018000009,EU")
    lena.press("Enrol brand")
    lena.says("Corvale is enrolled")


@pytest.mark.soak
def test_two_organisations_decide_about_sellers_and_pending_removals(workshop: Workshop) -> None:
    site = workshop.site
    with without_script(workshop, SELLERS, site.second_analyst, site.account_manager) as (tomas, lena):
        for window, answer in (
            (tomas, "Vote recorded. It also needs"),
            (lena, "Sanction approved. The marketplace is notified"),
        ):
            window.go("/sellers")
            proposed = window.row("two-strikes")
            window.fill("Reason", "Both removals were right.", proposed)
            window.press("Approve sanction", proposed)
            window.says(answer)
        lena.fill("Reason", "The brand gave way.", lena.row("two-strikes"))
        lena.press("Lift sanction", lena.row("two-strikes"))
        lena.says("Sanction lifted. The marketplace is notified of the account's status.")

        tomas.go("/sellers")
        tomas.fill("Seller", "lumo-trade-90")
        tomas.fill("Reason, shown to analysts", "Same phone number as a closed account.")
        tomas.press("Add seller to list")
        tomas.says("Seller added to the list.")
        tomas.press("Remove seller from list", tomas.row("lumo-trade-90"))
        tomas.says("Seller removed from the list.")

        tomas.go("/pending-removals")
        tomas.page.locator("main table tbody a").first.click()
        tomas.field("The whole batch").check()
        tomas.fill("Reason", "Looked at it.")
        tomas.press("Withdraw removals")
        tomas.says("Removals withdrawn. Analysts review the cases again.")


def _other_thresholds_and_an_explained_shift(wei: Window) -> None:
    wei.go("/models")
    wei.fill("Ask brand from", "0.90")
    wei.fill("Analyst review from", "0.50")
    wei.press("Show figures")
    wei.says("Both together")
    expect(wei.field("Ask brand from")).to_have_value("0.90")
    wei.go("/models/live")
    wei.unfold("Acknowledge shift")
    wei.fill("Cause, and why it is accepted", "The summer sale.")
    wei.press("Acknowledge shift")
    wei.says("“The summer sale.” Wei Zhang")
    wei.press(re.compile("^Withdraw acknowledgement"))
    wei.says("Acknowledgement withdrawn.")


@pytest.mark.soak
def test_two_data_scientists_try_promote_and_roll_back(workshop: Workshop, tmp_path: Path) -> None:
    site = workshop.site
    store = Store(sqlite_url(site.runtime.home.root / "touchstone.sqlite"))
    with without_script(workshop, SCIENTISTS, site.data_scientist, site.second_scientist) as (wei, mara):
        wei.go("/models")
        wei.fill("Cause found", "A feed sent cents.")
        wei.press("Resume questions to brands")
        wei.says("Circuit breaker closed. Brands receive questions again.")
        with store.write() as connection:
            now = datetime.now(UTC)
            breakers.record_check(connection, site.marketplace_id, now)
            assert breakers.open_breaker(connection, site.marketplace_id, "Again.", now), (
                "for who closes it under operations"
            )
        _other_thresholds_and_an_explained_shift(wei)
        mara.go("/models")
        mara.press("Approve model")
        mara.says("Approval recorded. The model goes live after a second person approves it.")
        wei.go("/models")
        wei.press("Start trial")
        wei.says("Trial started. The model scores every listing alongside the champion and decides nothing.")
        wei.fill("Share of sellers it decides for, in %", "5")
        wei.press("Change share")
        wei.says("decides for 5 % of sellers")
        wei.press("End trial")
        wei.says("Trial ended.")

        mara.press("Withdraw approval")
        mara.says("Approval withdrawn.")
        mara.press("Approve model")
        wei.go("/models")
        wei.press("Approve and promote model")
        wei.says("Model promoted. It scores listings from now on.")
        for person, button, sentence in (  # Accounts of nine days, so neither can alone.
            (mara, "Approve rollback", "Approval recorded. The model goes live after a second person approves it."),
            (wei, "Roll back model", "Rolled back. The previous champion scores listings again."),
        ):
            person.go("/models")
            person.unfold("Rollback to")
            person.fill("Reason", "It asks brands too much.")
            person.press(button)
            person.says(sentence)

        wei.go("/models/runs")
        for box in wei.page.get_by_role("checkbox").all()[:2]:
            box.check()
        wei.press("Compare ticked runs")
        wei.says("Run comparison")
        for path in ("/models", "/models/runs"):
            wei.go(path)
            expect(wei.page.get_by_role("button", name="Retrain model")).to_be_enabled()
            wei.press("Retrain model")
            wei.says("Retraining requested.")
            for _ in range(120):
                with store.read() as connection:
                    jobs = learning.jobs(connection, site.marketplace_id, 5)
                if all(job.state in {"done", "failed"} for job in jobs):
                    break
                wei.page.wait_for_timeout(500)
    store.close()


@pytest.mark.soak
def test_an_administrator_uploads_a_file_and_corrects_its_columns(workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ref,colour\n1,Blue bag\n", encoding="utf-8")
    with without_script(workshop, UPLOADER, workshop.house.people[Role.ADMIN]) as (admin,):
        admin.go("/files")
        admin.page.set_input_files("input[type=file]", path)
        admin.press("Upload file")
        admin.says("No column is known as title")
        admin.field("colour").select_option("title")
        admin.press("Update preview")
        admin.says("Blue bag")
        admin.press("Import all rows")
        admin.says("Import in progress")


@pytest.mark.soak
def test_an_administrator_changes_who_may_what(workshop: Workshop) -> None:
    site, ada = workshop.site, workshop.house.people[Role.ADMIN]
    with without_script(workshop, ADMINISTRATOR, ada, site.analyst) as (admin, ines):
        ines.go("/queue?lane=analyst")
        ines.page.locator("a[data-stop]").first.click()  # She holds it from now on.
        admin.go("/operations/settings")
        admin.fill("Name, value or meaning", "mail server")
        admin.press("Find settings")
        admin.says("TOUCHSTONE_SMTP_HOST")
        admin.go("/people")
        admin.press("Withdraw invitation")
        admin.says("Invitation withdrawn. The link no longer works.")
        admin.fill("Name or e-mail", "ines@")
        admin.press("Find users")
        admin.follow(re.compile("^Ines Moreau$"))  # The alarm above names her too.
        admin.field("Hand over to").select_option(label="Tomás Rey")
        admin.press("Hand over work")
        admin.says("Work handed over. See below who took over what.")
        admin.go("/people")
        admin.fill("Work e-mail", site.analyst.email)
        admin.page.locator("form[action='/people/invitations'] select[name=role]").select_option("account_manager")
        admin.press("Invite user")
        ines.go(path_of(admin.page.locator("code").inner_text()))
        ines.press("Accept invitation")
        ines.says("Welcome. You are signed in.")
        expect(ines.page.get_by_role("link", name="Brands", exact=True)).to_be_visible()

        admin.go(f"/people/{site.analyst.user_id}")
        box = admin.field("data scientist")
        box.check()
        admin.press("Save roles")
        admin.says("Roles saved. They apply from the user's next request.")
        expect(box).to_be_checked()
        admin.press("Deactivate user")
        admin.says("User deactivated. All their sessions have ended")
        ines.go("/queue")
        expect(ines.page.get_by_role("heading", name="Sign in")).to_be_visible()
        admin.press("Reactivate user")
        admin.says("User reactivated with their previous roles.")

        admin.go("/keys")
        admin.fill("Name", "Feed of listings")
        admin.field("intake").check()
        admin.fill("Current password", PASSWORD)
        admin.press("Create key")
        admin.says("New key")
        admin.press(re.compile("^Revoke key"), admin.row("Feed of listings"))
        admin.says("Key revoked. It stops working within one second.")

        admin.go("/kill-switches")
        off = admin.page.locator("section.card").filter(has_text="Enable rule").first
        admin.fill("Reason", "The account is its owner's again.", off)
        admin.press("Enable rule", off)
        admin.says("Rule switched on.")


@pytest.mark.soak
def test_an_administrator_sends_again_and_changes_the_receiver(workshop: Workshop) -> None:
    site, ada = workshop.site, workshop.house.people[Role.ADMIN]
    with without_script(workshop, RECEIVERS, ada) as (admin,):
        admin.go("/operations/deliveries")
        dead = admin.page.get_by_role("button", name="Resend message")
        expect(dead).to_have_count(2)
        admin.press("Resend message")
        admin.says("Sent again.")
        expect(dead).to_have_count(1)
        admin.press("Resend all messages")
        expect(dead).to_have_count(0)
        admin.go("/operations")
        if not admin.field("Cause found").count():  # It was closed from the page of models.
            store = Store(sqlite_url(site.runtime.home.root / "touchstone.sqlite"))
            with store.write() as connection:
                breakers.open_breaker(connection, site.marketplace_id, "Again.", datetime.now(UTC))
            store.close()
            admin.go("/operations")
        admin.fill("Cause found", "A feed sent cents.")
        admin.press("Resume questions to brands")
        admin.says("Circuit breaker closed. Brands receive questions again.")

        admin.go("/operations/webhook")
        admin.fill("Address", "https://hooks.bazaar.example/touchstone")
        admin.fill("Current password", PASSWORD, admin.page.locator("form").filter(has_text="Register endpoint"))
        admin.press("Register endpoint")
        admin.says("whsec_")
        admin.fill("Reason", "The marketplace moves.")
        admin.press("Disable endpoint")
        admin.says("Endpoint disabled.")
        admin.says("No endpoint registered.")


def _setup_token(workshop: Workshop) -> str:
    """A new set-up link: the first account ends an earlier one, and other journeys have made accounts."""
    site = workshop.site
    store, token = Store(sqlite_url(site.runtime.home.root / "touchstone.sqlite")), "a-new-link"
    with store.write() as connection:
        setup_links.add_setup_token(connection, auth.hash_token(token), datetime.now(UTC))
    store.close()
    return token


@pytest.mark.soak
def test_a_marketplace_is_founded_and_a_notifier_complains(workshop: Workshop) -> None:
    """This test runs last: with a second marketplace, other pages ask for a marketplace."""
    with without_script(workshop, FOUNDER, None, None) as (founder, anna):
        anna.go(workshop.house.addresses["notice-confirmation"])
        anna.press("Confirm notice")
        anna.says("Your notice")
        anna.go(workshop.house.addresses["unsubscribe"])
        anna.press("Unsubscribe")
        anna.says("You are unsubscribed")
        anna.go(workshop.complaint)
        anna.fill("Why the decision is wrong", "The seal is not the maker's.")
        anna.press("Send complaint")
        anna.says(re.compile("complain", re.IGNORECASE))
        expect(anna.page.get_by_role("button", name="Send complaint")).to_have_count(0)
        founder.go(f"/setup/{_setup_token(workshop)}")
        for label, text in (
            ("Marketplace", "Souk"),
            ("Your name", "Yara Haddad"),
            ("Work e-mail", "yara@souk.example"),
            ("Password", PASSWORD),
        ):
            founder.fill(label, text)
        founder.press("Create marketplace")
        founder.says("Marketplace created. You are its administrator.")


@pytest.mark.soak
def test_somebody_adds_uses_and_removes_a_second_factor(workshop: Workshop) -> None:
    person, before = workshop.site.second_analyst, len(_mailed_links(workshop))
    with without_script(workshop, FACTOR, person) as (window,):
        window.go("/settings/second-factor")
        _press_with_password(window, "Set up app")
        app = pyotp.TOTP(window.page.locator("p.mono").inner_text().replace(" ", ""))
        window.fill("Code from your app", app.now())
        window.press("Add app")
        window.says("Your factor waits for your confirmation.")
        until(lambda: len(_mailed_links(workshop)) > before, 20)
        window.go(_mailed_links(workshop)[-1])
        window.press("Confirm factor")
        window.says("Your recovery codes")
        code = window.page.locator("ul.codes li").first.inner_text()
        _begin(window, person.email)
        window.press("Sign in with another account")
        _begin(window, person.email)
        window.fill("Code from your app", code)
        window.press("Sign in")
        window.go("/settings/second-factor")
        window.fill("Code from your app", app.at(datetime.now(UTC), counter_offset=1))
        window.press("Confirm")
        _press_with_password(window, "Make new codes")
        window.says("Your recovery codes")
        window.go("/settings/second-factor")
        _press_with_password(window, "Remove factor")
        window.says("No second factor yet.")


def _mailed_links(workshop: Workshop) -> list[str]:
    """The links to confirm a factor in the mails that no server sends, the oldest first."""
    files = sorted(workshop.site.runtime.home.mails.glob("*.eml"))
    texts = [message_from_bytes(file.read_bytes(), policy=SMTP).get_body(("plain",)) for file in files]
    return [link for text in texts if text for link in re.findall(r"/confirm-factor/[\w-]+", text.get_content())]


def _press_with_password(window: Window, button: str) -> None:
    """Send the form of a button with the password."""
    form = window.page.locator("form", has=window.page.get_by_role("button", name=button))
    form.locator("input[name=password]").fill(PASSWORD)
    window.press(button)


def _begin(window: Window, email: str) -> None:
    """Sign in up to the second step."""
    window.go("/sign-in")
    window.page.fill("input[name=email]", email)
    window.page.fill("input[name=password]", PASSWORD)
    window.press("Sign in")
    expect(window.page.get_by_role("heading", name="Second step")).to_be_visible()
