"""What a brand's report carries about a seller is erased on request or in its time, and not while a claim is open."""

import pytest
from sqlalchemy import select

from serving.platform.database.types import ERASED
from serving.platform.runtime import Runtime
from serving.privacy.service.erasure import erase_seller, lift_hold, set_hold
from serving.privacy.service.retention import erase_expired
from serving.reports.service.attaching import hand_in
from serving.reports.service.status import status_of
from serving.reports.tables import report_document, report_test_buy
from serving.takedowns.service.evidence import verify
from serving.takedowns.store import actions
from tests.fixtures.keeping import with_retention
from tests.fixtures.reporting import a_marketplace_that_listens, carry_out_action, on_sale, withdraw_whole
from tests.fixtures.runtimes import Site
from tests.serving.reports.service.test_attaching import BOUGHT, PDF, PICTURE, digest, send

SELLER = "lumo-trade-88"


def make_report(site: Site, *, others: bool = False, withdrawn: bool = True) -> str:
    """A report of a seller's listing with a test buy and a document; by default its removal was withdrawn."""
    names = on_sale(site, 1, seller=SELLER) + (on_sale(site, 1, 1) if others else [])
    report_id = send(site, names, test_buy=BOUGHT).report.report_id
    hand_in(site.runtime, site.brand_person, report_id, "invoice of Li Wei.pdf", PDF)
    if withdrawn:
        withdraw_whole(site.runtime, site.brand_person, report_id)
    return report_id


def stored_counts(site: Site) -> tuple[int, int]:
    """The numbers of documents with their bytes, and of test buys with their texts."""
    with site.runtime.store.read() as connection:
        contents = connection.execute(select(report_document.c.content, report_document.c.name)).all()
        texts = connection.execute(select(report_test_buy.c.order_reference, report_test_buy.c.finding)).all()
    assert all((row.content is None) is (row.name == ERASED) for row in contents)
    assert all((row.order_reference == ERASED) is (row.finding == ERASED) for row in texts)
    return (sum(row.content is not None for row in contents), sum(row.finding != ERASED for row in texts))


def erase(site: Site) -> dict[str, int]:
    erasure = erase_seller(site.runtime, site.marketplace, SELLER, carry_out=True, by="test")
    return {sentence: many for sentence, many in erasure["kept_for_now"].items() if many}


@pytest.mark.both_engines
def test_a_sellers_request_erases_documents_and_the_test_buy_and_their_digests_stay(any_site: Site) -> None:
    report_id = make_report(any_site)
    assert stored_counts(any_site) == (1, 1)
    assert erase(any_site) == {}
    assert stored_counts(any_site) == (0, 0)
    [document] = status_of(any_site.runtime, any_site.brand_person, report_id).documents
    assert document.digest == digest(PDF)
    assert document.erased_at == any_site.clock.now()
    assert verify(any_site.runtime, any_site.marketplace)["differing"] == []


def test_documents_of_several_sellers_outlast_the_request_of_one(any_site: Site) -> None:
    make_report(any_site, others=True)
    assert list(erase(any_site)) == [
        "A brand's report about it also names other sellers; its documents are erased when their time is over."
    ]
    assert stored_counts(any_site) == (1, 0)


def test_the_evidence_of_a_removal_is_kept_while_it_can_be_appealed_against(any_site: Site) -> None:
    make_report(any_site, withdrawn=False)
    assert "The removal that a brand's report with documents led to is kept." in erase(any_site)
    assert "The removal that the bought goods prove is kept." in erase(any_site)
    assert stored_counts(any_site) == (1, 1)


@pytest.mark.both_engines
def test_each_goes_when_its_own_time_is_over(any_site: Site) -> None:
    make_report(any_site, others=True)
    hand_in(any_site.runtime, any_site.brand_person, reported_id(any_site), "label.png", PICTURE)
    any_site.clock.forward(days=29)
    assert erase_expired(with_both_retentions(any_site)) == 0
    any_site.clock.forward(days=1)
    assert erase_expired(with_both_retentions(any_site)) == 2
    assert stored_counts(any_site) == (0, 1)
    any_site.clock.forward(days=10)
    assert erase_expired(with_both_retentions(any_site)) == 1
    assert stored_counts(any_site) == (0, 0)


def test_nothing_goes_while_a_seller_of_the_report_is_under_legal_hold(any_site: Site) -> None:
    make_report(any_site, others=True)
    set_hold(any_site.runtime, any_site.marketplace, SELLER, reason="Lawsuit", by="test")
    any_site.clock.forward(days=41)
    assert erase_expired(with_both_retentions(any_site)) == 0
    lift_hold(any_site.runtime, any_site.marketplace, SELLER, reason="Settled", by="test")
    any_site.clock.forward(days=1)
    assert erase_expired(with_both_retentions(any_site)) == 2


def test_nothing_goes_while_a_complaint_about_a_listing_of_the_report_is_possible(any_site: Site) -> None:
    with a_marketplace_that_listens(any_site):
        [listing] = status_of(any_site.runtime, any_site.brand_person, make_report(any_site, withdrawn=False)).items
        assert listing.step is not None
        [removal] = any_site.read(actions.of_listing, any_site.marketplace_id, listing.step.listing_id or "")
        carry_out_action(any_site, removal)
        any_site.clock.forward(days=100)
        assert erase_expired(with_both_retentions(any_site)) == 0
        any_site.clock.forward(days=120)
        assert erase_expired(with_both_retentions(any_site)) == 2
    assert stored_counts(any_site) == (0, 0)


def reported_id(site: Site) -> str:
    return str(site.scalar(select(report_test_buy.c.report_id)))


def with_both_retentions(site: Site) -> Runtime:
    """The runtime with 30 days for documents and 40 for test buys."""
    return with_retention(site, documents=30, custody=40).runtime
