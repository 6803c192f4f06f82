"""Evidence of a question that the brand answered: by its pages and by API, and what was reinstated is decided again."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from models.case import CaseLane
from models.errors import NotFound
from models.policies.learning import LabelPolicy
from models.verdict import Evidence, Judgement
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.counter_notices import (
    answer_as_rights_holder,
    apply_deadlines,
    open_counter_notices,
    submit,
)
from serving.appeals.store import counter_notices
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.tables import verdict
from serving.privacy.service.erasure import erase_seller, lift_hold, set_hold
from serving.privacy.service.retention import erase_expired
from serving.reports.policy import DEFAULT_REPORTS
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.service import status
from serving.reports.service.attaching import add_test_buy, hand_in
from serving.reports.service.status import ListingState, answer_status
from serving.takedowns.service.evidence import verify
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from tests.fixtures.clients import sign_in
from tests.fixtures.clocks import NOW
from tests.fixtures.reporting import a_marketplace_that_listens, a_rival, on_sale, removal_by_brand, report
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, judge, open_cases
from tests.fixtures.signing import a_tool
from tests.fixtures.two_marketplaces import PDF
from tests.serving.learning.service.test_labelling import rows_at
from tests.serving.privacy.service.test_reported import stored_counts, with_both_retentions
from tests.serving.reports.service.test_reopening import reinstated_after_report
from tests.serving.web.visits import visit_as, words

PATH: Final = "/api/v1/brand/questions"
PAGES: Final = "/brand/questions"
BOUGHT: Final = TestBuyRecord("A-1", NOW.date() - timedelta(days=9), NOW.date() - timedelta(days=2), "A copy.")
TYPED: Final = {
    "order_reference": "A-1",
    "ordered_on": BOUGHT.ordered_on.isoformat(),
    "received_on": str(BOUGHT.received_on),
    "finding": "A copy.",
}


def case_of(site: Site, removal: StoredAction) -> str:
    return str(site.scalar(select(verdict.c.case_id).where(verdict.c.verdict_id == removal.verdict_id)))


def contested(site: Site) -> tuple[str, StoredAction]:
    """A question that the brand answered, and the removal, which the seller has contested."""
    with a_marketplace_that_listens(site):
        removal = removal_by_brand(site, "MP-1")
    open_counter_notices(site.runtime)
    submit(site.runtime, site.marketplace_id, removal.action_id, "I have the invoice.")
    return case_of(site, removal), removal


def undefended(site: Site) -> str:
    """The same, on day 25: nobody defended the removal, and the listing is reinstated."""
    case_id, _ = contested(site)
    site.clock.forward(days=24)
    apply_deadlines(site.runtime)
    site.clock.forward(days=1)
    assert open_cases(site) == []
    return case_id


def test_by_api_evidence_of_day_25_has_an_undefended_removal_decided_again(client: TestClient, site: Site) -> None:
    case_id, tool = undefended(site), a_tool(site)
    address = f"{PATH}/{case_id}"
    assert client.get(address, auth=tool).json()["state"] == "reinstated"
    sent = client.post(f"{address}/documents?name=laboratory.pdf", content=PDF, auth=tool)
    assert sent.status_code == 201
    read = client.get(address, auth=tool).json()
    assert (read["state"], read["documents"], read["test_buy"]) == ("with_analyst", [sent.json()], None)
    (case,) = open_cases(site)
    assert (case.lane, case.follows_case_id, case.report_id) == (CaseLane.ANALYST, case_id, None)
    analyst = visit_as(site, site.second_analyst)
    assert "laboratory.pdf" in words(analyst.get(f"/cases/{case.case_id}").text)
    assert judge(site, site.second_analyst, case, Judgement.COUNTERFEIT).action is not None
    assert client.get(address, auth=tool).json()["state"] == "scheduled"
    assert verify(site.runtime, site.marketplace)["differing"] == []
    bearer = {"authorization": f"Bearer {site.key}"}
    assert client.post(f"{address}/documents", content=PDF, headers=bearer).status_code == 401
    assert client.get(address, headers=sign_in(client, a_rival(site))).status_code == 404


def test_by_api_evidence_of_day_25_has_an_undefended_reported_listing_decided_again(
    client: TestClient, site: Site
) -> None:
    report_id, tool = reinstated_after_report(site), a_tool(site)
    site.clock.forward(days=1)
    address = f"/api/v1/brand/reports/{report_id}"
    assert client.post(f"{address}/documents", content=PDF, auth=tool).status_code == 201
    assert [listing["state"] for listing in client.get(address, auth=tool).json()["items"]] == ["with_analyst"]
    (case,) = open_cases(site)
    analyst = visit_as(site, site.second_analyst)
    form = {"version_id": case.version_id, "judgement": "counterfeit", "reason_code": "trademark_counterfeit"}
    assert analyst.post(f"/cases/{case.case_id}/verdict", form).status_code == 303
    assert [listing["state"] for listing in client.get(address, auth=tool).json()["items"]] == ["scheduled"]


def test_by_page_a_test_buy_of_day_25_has_it_decided_again_and_becomes_a_label(site: Site) -> None:
    case_id = undefended(site)
    brand = visit_as(site, site.brand_person)
    assert f"{PAGES}/{case_id}" in brand.get(PAGES).text
    page = brand.get(f"{PAGES}/{case_id}").text
    assert "reinstated" in words(page).lower()
    assert "A listing that stayed or was reinstated is then decided again." in words(page)
    refused = brand.post(f"{PAGES}/{case_id}/test-buy", {})
    assert (refused.status_code, "Fill in the order reference" in refused.text) == (422, True)
    assert brand.post(f"{PAGES}/{case_id}/test-buy", TYPED).status_code == 303
    read = words(brand.get(f"{PAGES}/{case_id}").text)
    assert "Order reference A-1" in read
    assert "Record a test buy" not in read
    (case,) = open_cases(site)
    assert "A copy." in visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}").text
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, evidence=Evidence.TEST_BUY)
    assert record_verdict(site.runtime, site.second_analyst, answer).action is not None
    site.clock.forward(days=site.runtime.policies[LabelPolicy].matures.days)
    (row,) = rows_at(site)
    assert (row.label, row.evidence_level) == (1, "test_buy")


@pytest.mark.both_engines
def test_evidence_that_comes_again_reopens_again_and_belongs_to_each_case(any_site: Site) -> None:
    case_id = undefended(any_site)
    hand_in(any_site.runtime, any_site.brand_person, case_id, "first.pdf", PDF)
    assert hand_in(any_site.runtime, any_site.brand_person, case_id, "again.pdf", PDF).name == "first.pdf"
    (case,) = open_cases(any_site)
    judge(any_site, any_site.second_analyst, case, Judgement.CANNOT_TELL)
    for other in open_cases(any_site):
        judge(any_site, any_site.analyst, other, Judgement.CANNOT_TELL)
    read = answer_status(any_site.runtime, any_site.brand_person, case_id)
    assert (read.state, read.judgement) == (ListingState.REJECTED, Judgement.CANNOT_TELL)
    add_test_buy(any_site.runtime, any_site.brand_person, case_id, BOUGHT)
    (case,) = open_cases(any_site)
    with any_site.runtime.store.read() as connection:
        assert [document.name for document in status.documents_of(connection, case)] == ["first.pdf"]
        assert [bought.location for bought in status.test_buys_of(connection, case)] == ["MP-1"]


def test_evidence_of_a_removal_in_force_reopens_nothing_and_the_appeal_shows_it(site: Site) -> None:
    case_id, removal = contested(site)
    hand_in(site.runtime, site.brand_person, case_id, "invoice.pdf", PDF)
    assert open_cases(site) == []
    with site.runtime.store.read() as connection:
        stored = counter_notices.of_action(connection, site.marketplace_id, removal.action_id)
    assert stored is not None
    maintain = CounterNoticeEvent.MAINTAIN
    for _ in range(3):
        answer_as_rights_holder(site.runtime, site.brand_person, stored.counter_notice_id, maintain, "Ours.")
        if open_cases(site):
            break
        submit(site.runtime, site.marketplace_id, removal.action_id, "Still mine.")
    (case,) = open_cases(site, CaseLane.APPEAL)
    with site.runtime.store.read() as connection:
        assert [document.name for document in status.documents_of(connection, case)] == ["invoice.pdf"]


def test_a_test_buy_on_its_way_is_no_ground_for_a_judgement_of_an_answer(site: Site) -> None:
    case_id = undefended(site)
    add_test_buy(site.runtime, site.brand_person, case_id, replace(BOUGHT, received_on=None))
    (case,) = open_cases(site)
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, evidence=Evidence.TEST_BUY)
    with pytest.raises(Exception, match="There is no test buy of this listing on file"):
        record_verdict(site.runtime, site.second_analyst, answer)


def test_only_an_own_answer_in_force_that_is_no_report_carries_evidence(site: Site) -> None:
    genuine = a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    judge(site, site.brand_person, genuine, Judgement.GENUINE)
    undone = a_case(site, CaseLane.ASK_BRAND, external_id="MP-3")
    judge(site, site.brand_person, undone, Judgement.COUNTERFEIT)
    rival = a_rival(site)
    with pytest.raises(NotFound):
        hand_in(site.runtime, rival, undone.case_id, "a.pdf", PDF)
    undo_verdict(site.runtime, site.brand_person, undone.case_id)
    report(site, on_sale(site, 1))
    reported = str(site.scalar(select(verdict.c.case_id).where(verdict.c.reported)))
    for case_id in (genuine.case_id, undone.case_id, reported, "cas_unknown"):
        with pytest.raises(NotFound):
            hand_in(site.runtime, site.brand_person, case_id, "a.pdf", PDF)


def test_the_time_to_add_evidence_is_that_of_a_report(site: Site) -> None:
    case_id = undefended(site)
    brand = visit_as(site, site.brand_person)
    site.clock.forward(days=DEFAULT_REPORTS.evidence_days - 26)
    files = [("document", ("a.pdf", PDF, "application/pdf"))]
    form = {"csrf_token": brand.csrf_token}
    address = f"{PAGES}/{case_id}/documents"
    assert brand.client.post(address, data=form, files=files, headers=brand.headers).status_code == 303
    document_id = answer_status(site.runtime, site.brand_person, case_id).documents[0].document_id
    assert brand.get(f"{address}/{document_id}").content == PDF
    site.clock.forward(days=2)
    files = [("document", ("b.pdf", PDF + b"2", "application/pdf"))]
    late = brand.client.post(address, data=form, files=files, headers=brand.headers)
    assert late.status_code == 409
    assert "The time to add evidence is over." in words(late.text)


@pytest.mark.both_engines
def test_evidence_of_an_answer_goes_at_the_sellers_request_or_in_its_time(any_site: Site) -> None:
    case_id = undefended(any_site)
    hand_in(any_site.runtime, any_site.brand_person, case_id, "a.pdf", PDF)
    add_test_buy(any_site.runtime, any_site.brand_person, case_id, BOUGHT)
    seller = "lumo-trade-88"
    waiting = erase_seller(any_site.runtime, any_site.marketplace, seller, carry_out=True, by="test")["kept_for_now"]
    assert "The removal that a brand's report with documents led to is kept." in waiting
    assert stored_counts(any_site) == (1, 1)
    any_site.clock.forward(days=100)
    assert erase_expired(with_both_retentions(any_site)) == 0, "an appeal is possible"
    any_site.clock.forward(days=120)
    set_hold(any_site.runtime, any_site.marketplace, seller, reason="Lawsuit", by="test")
    assert erase_expired(with_both_retentions(any_site)) == 0
    lift_hold(any_site.runtime, any_site.marketplace, seller, reason="Settled", by="test")
    any_site.clock.forward(days=1)
    erase_expired(with_both_retentions(any_site))
    assert stored_counts(any_site) == (0, 0)


def means_and_source(action: StoredAction | None) -> tuple[str, str]:
    assert action is not None
    return str(action.statement["automated_means"]), str(action.statement["source"])


def test_the_statement_says_how_the_listing_was_found_and_whether_a_notice_came(site: Site) -> None:
    drawn = a_drawn_case(site, external_id="MP-7", title="Aurelle Colline tote, grey", brand="Aurelle")
    judge(site, site.analyst, drawn, Judgement.COUNTERFEIT)
    (question,) = open_cases(site, CaseLane.ASK_BRAND)
    means, source = means_and_source(judge(site, site.brand_person, question, Judgement.COUNTERFEIT).action)
    assert means.startswith("The listing was part of a random check")
    assert "own initiative" in source
    known = a_case(site, external_id="MP-8")
    report(site, ["MP-8"])
    (removal,) = site.read(actions.of_listing, site.marketplace_id, known.listing_id)
    assert means_and_source(removal)[1] == "The marketplace received a notice about the listing."
