"""What a seller is mailed: the statement of reasons with the link, and each decision, where an address was passed."""

from typing import Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from models.case import CaseLane
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.counter_notices import answer_as_rights_holder, open_counter_notices, submit
from serving.appeals.service.seller_links import revoke_links, set_seller_links
from serving.appeals.store import counter_notices
from serving.audit.tables import audit_payload
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.mail.rules.kinds import MANDATORY, MailKind, MailState
from serving.mail.service.rendering import render
from serving.mail.store.mails import StoredMail
from serving.privacy.service.erasure import erase_seller
from serving.privacy.service.retention import erase_expired
from serving.sellers.service.contacts import set_address
from serving.sellers.tables import seller_address
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.service.signing_secrets import seal_under_new_key
from tests.fixtures.keeping import with_retention
from tests.fixtures.mails import attempt_due, queued_mails, stored_mails
from tests.fixtures.reporting import UNDO_SECONDS, a_marketplace_that_listens, reinstate_on_appeal, removal_by_brand
from tests.fixtures.runtimes import Site, judge, open_cases

KIND: Final = MailKind.SELLER_STATEMENT
SELLER: Final = "lumo-trade-88"
ADDRESS: Final = "li.wei@lumo.example"
PATH: Final = f"/api/v1/seller-addresses/{SELLER}"


def removed(site: Site, language: str = "fr") -> StoredAction:
    """A removal that the marketplace has acknowledged, of a seller whose address it passed."""
    set_address(site.runtime, site.marketplace, SELLER, ADDRESS, language)
    with a_marketplace_that_listens(site):
        removal = removal_by_brand(site, "MP-1")
    open_counter_notices(site.runtime)
    return removal


def appeal_case(site: Site, removal: StoredAction) -> Case:
    complaint = Complaint("appeal-1", removal.external_id, "These goods are genuine.")
    file_appeal(site.runtime, site.marketplace, complaint)
    (case,) = open_cases(site, CaseLane.APPEAL)
    return case


def news_told(site: Site) -> list[str]:
    """What the seller was told of, oldest first."""
    return [mail.parameters["news"] for mail in reversed(stored_mails(site, KIND))]


def text_of(site: Site, mail: StoredMail) -> str:
    return render(site.runtime, mail, with_secret=True).text


@pytest.mark.both_engines
def test_the_seller_is_mailed_the_statement_in_its_language_with_link_and_deadline(any_site: Site) -> None:
    removed(any_site)
    (mail,) = stored_mails(any_site, KIND)
    text = text_of(any_site, mail)
    assert mail.address == ADDRESS
    for part in (
        "MP-1",
        "Aurelle",
        "Motif",
        "Répondez au plus tard le",
        "2017/1001",
        "organe de règlement",
        "/seller/act_",
    ):
        assert part in text, part
    assert "The listing" not in text
    assert "/seller/act_" not in render(any_site.runtime, mail, with_secret=False).text, "as an administrator reads it"
    assert KIND in MANDATORY
    attempt_due(any_site)
    (mail,) = stored_mails(any_site, KIND)
    assert (mail.state, mail.secret_link) == (MailState.KEPT, None)
    payloads = [str(row.payload) for row in any_site.rows(select(audit_payload))]
    assert not any(ADDRESS in payload or "/seller/" in payload for payload in payloads)
    assert [row.address for row in any_site.rows(select(seller_address))] != [ADDRESS], "it is sealed"


def test_each_decision_is_told_and_one_that_is_undone_is_not(site: Site) -> None:
    removal = removed(site)
    submit(site.runtime, site.marketplace_id, removal.action_id, "I have the invoice.")
    stored = site.read(counter_notices.of_action, site.marketplace_id, removal.action_id)
    assert stored is not None
    maintain = CounterNoticeEvent.MAINTAIN
    answer_as_rights_holder(site.runtime, site.brand_person, stored.counter_notice_id, maintain, "It is ours.")
    assert news_told(site) == ["removed", "maintained"]
    assert "vous pouvez y répondre à nouveau" in text_of(site, stored_mails(site, KIND)[0]).lower()
    attempt_due(site)
    case = appeal_case(site, removal)
    judge(site, site.second_analyst, case, Judgement.COUNTERFEIT)
    assert (news_told(site)[2:], queued_mails(site)) == (["dismissed"], []), "it waits for the undo window"
    undo_verdict(site.runtime, site.second_analyst, case.case_id)
    assert news_told(site)[2:] == []
    judge(site, site.second_analyst, case, Judgement.COUNTERFEIT)
    site.clock.forward(seconds=UNDO_SECONDS)
    assert [mail.parameters["news"] for mail in queued_mails(site)] == ["dismissed"]


def test_a_reinstatement_is_told_when_the_marketplace_has_acknowledged_it(site: Site) -> None:
    removal = removed(site, "en")
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal)
    assert news_told(site) == ["removed", "reinstated"]
    text = text_of(site, stored_mails(site, KIND)[0])
    assert "shows your listing" in text
    assert "Answer by" not in text


def test_without_an_address_nothing_is_sent_and_nothing_fails(site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal = removal_by_brand(site, "MP-1")
        open_counter_notices(site.runtime)
        reinstate_on_appeal(site, removal)
    assert news_told(site) == []


def test_an_address_is_passed_by_api_and_a_hostile_one_is_refused(client: TestClient, site: Site) -> None:
    key = {"authorization": f"Bearer {site.key}"}
    assert client.put(PATH, json={"email": "Li.Wei@Lumo.example", "language": "zh"}, headers=key).status_code == 204
    for email in (
        "li",
        "li wei@lumo.example",
        "li@lumo.example\r\nBcc: eve@example.org",
        "@",
        "li@lumo@example.org",
        "",
    ):
        assert client.put(PATH, json={"email": email}, headers=key).status_code == 422, email
    unknown = client.put(PATH, json={"email": ADDRESS, "language": "xx"}, headers=key)
    assert "The language is one of en, de" in unknown.json()["error"]["sentence"]
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
    open_counter_notices(site.runtime)
    (mail,) = stored_mails(site, KIND)
    assert (mail.address, mail.display.language) == ("li.wei@lumo.example", "zh")
    assert client.delete(f"/api/v1/seller-contacts/{SELLER}", headers=key).json() == {"erased": 1}
    assert site.rows(select(seller_address)) == []


def test_a_marketplace_that_wants_no_links_gets_none_and_the_mail_has_one(site: Site) -> None:
    set_seller_links(site.runtime, site.marketplace_id, enabled=False, by="test")
    set_address(site.runtime, site.marketplace, SELLER, ADDRESS, "en")
    with a_marketplace_that_listens(site) as receiver:
        removal_by_brand(site, "MP-1")
        assert "seller_link" not in receiver.deliveries[-1]["data"]
        set_seller_links(site.runtime, site.marketplace_id, enabled=True, by="test")
        removal = removal_by_brand(site, "MP-2")
        assert "seller_link" in receiver.deliveries[-1]["data"]
        revoke_links(site.runtime, site.marketplace_id, removal.action_id)
    open_counter_notices(site.runtime)
    mailed = {
        str(mail.parameters["listing"]): "/seller/act_" in text_of(site, mail) for mail in stored_mails(site, KIND)
    }
    assert mailed == {"MP-1": True, "MP-2": False}, "a revoked link is not mailed"


@pytest.mark.both_engines
def test_erasure_and_its_time_remove_the_address_and_a_new_key_keeps_it(any_site: Site) -> None:
    removed(any_site)
    seal_under_new_key(any_site.runtime)
    seal_under_new_key(any_site.runtime)
    with a_marketplace_that_listens(any_site):
        removal_by_brand(any_site, "MP-2")
    open_counter_notices(any_site.runtime)
    assert {mail.address for mail in stored_mails(any_site, KIND)} == {ADDRESS}
    assert len(news_told(any_site)) == 2
    planned = erase_seller(any_site.runtime, any_site.marketplace, SELLER, carry_out=False, by="test")
    assert 1 in planned["erased"].values()
    erase_seller(any_site.runtime, any_site.marketplace, SELLER, carry_out=True, by="test")
    assert any_site.rows(select(seller_address)) == []
    assert news_told(any_site) == []
    set_address(any_site.runtime, any_site.marketplace, "never-offered", ADDRESS, "en")
    any_site.clock.forward(days=31)
    erase_expired(with_retention(any_site, contacts=30).runtime)
    assert any_site.rows(select(seller_address)) == []
