from dataclasses import replace
from pathlib import Path

from serving.intake.service.intake import receive
from serving.sellers.policy import SellerRiskPolicy
from serving.sellers.service.seller_risk import refresh
from tests.fixtures.listings import a_row
from tests.fixtures.runtimes import Site
from tests.fixtures.strikes import SELLER, strikes_of
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.web.reports import put_champion_in_force

CONTACTS = (
    "seller,kind,value,occurred_at\n"
    "ann,phone,+49 30 7654321,\n"
    "bo,phone,0049 30 7654321,2026-01-01T00:00:00Z\n"
    "bo,email,nobody,\n"
    "ann,phone,+49307654321,\n"
)


def test_contacts_are_loaded_from_a_file_and_erased(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(CONTACTS, encoding="utf-8")
    done = touchstone_in(home, "seller", "contacts", str(file))
    assert (done.code, done.out) == (1, "4 contacts in = 2 new + 1 known + 1 quarantined\n")
    refused = touchstone_in(home, "quarantine").out
    assert "row 3  bad_email" in refused
    assert "nobody" not in refused
    assert touchstone_in(home, "seller", "erase-contacts", "ann").out == "1 contacts of ann erased.\n"


def test_a_file_that_cannot_be_read_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "contacts.doc").write_text(CONTACTS, encoding="utf-8")
    assert touchstone_in(home, "seller", "contacts", str(tmp_path / "contacts.doc")).code == REFUSED


def test_the_riskiest_sellers_are_listed_and_one_is_broken_down(site: Site, tmp_path: Path) -> None:
    put_champion_in_force(site)
    rows = [a_row(external_id=f"{name}-{i}", seller={"external_id": name}) for name in ("[b]ann", "bo") for i in (1, 2)]
    receive(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(seconds=1)
    policies = site.runtime.policies.changed(SellerRiskPolicy(fewest_offers=2, fewest_sellers=2))
    refresh(replace(site.runtime, policies=policies), site.marketplace)
    site.runtime.close()
    home = tmp_path / "home"
    listed = touchstone_in(home, "seller", "risk").out
    assert "The riskiest of 2 sellers, 30 days up to 2026-03-02T09:00:01+00:00" in listed
    assert "[b]ann" in listed
    first = touchstone_in(home, "seller", "risk", "--most", "1").out
    assert ("ann" in first) != (" bo " in first)
    one = touchstone_in(home, "seller", "risk", "bo").out
    assert "% of 2 sellers.\n2 listings in 30 days: " in one
    assert "Counterfeit, drawn toward the prior " in one
    assert "As of 2026-03-02T09:00:01+00:00, SellerRiskPolicy:" in one


def test_risk_before_a_comparison_reports_so_and_an_unknown_seller_is_refused(home: Path) -> None:
    assert touchstone_in(home, "seller", "risk").out == (
        "Sellers have not been compared yet; the service compares them once a model scores.\n"
    )
    refreshed = touchstone_in(home, "seller", "risk", "--refresh")
    assert "The riskiest of 0 sellers, 30 days up to " in refreshed.out
    done = touchstone_in(home, "seller", "risk", "nobody")
    assert (done.code, done.text) == (REFUSED, "There is no such seller.")


def test_a_seller_is_put_on_a_list_and_taken_off(home: Path) -> None:
    assert touchstone_in(home, "seller", "list", "ann", "black", "--reason", "x").code == REFUSED
    done = touchstone_in(home, "seller", "list", "ann", "allow", "--reason", "Their own factory.", "--days", "30").out
    assert done.startswith("ann is on the allow list until ")
    assert touchstone_in(home, "seller", "lists").out.startswith("allow  ann  until ")
    assert touchstone_in(home, "seller", "unlist", "ann").out == "ann is on no list.\n"
    assert touchstone_in(home, "seller", "unlist", "ann").code == REFUSED
    assert touchstone_in(home, "seller", "lists").out == ""


def test_strikes_are_shown_with_what_was_decided(site: Site, tmp_path: Path) -> None:
    strikes_of(site, 2)
    site.runtime.close()
    home = tmp_path / "home"
    lines = touchstone_in(home, "seller", "strikes", SELLER).out.splitlines()
    assert lines[0] == "2 strikes: 2 removals in 2 incidents."
    assert "trademark_counterfeit, 1, 1 removal, spent on 2027-03-" in lines[1]
    assert lines[-1].endswith("restrict: proposed")
    assert touchstone_in(home, "seller", "strikes", "nobody").out == "No strike counts.\n"
