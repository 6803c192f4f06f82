import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission, Person, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.audit.tables import audit_entry
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service.authorised_sellers import change_list
from serving.brands.service.brand_file import objection
from serving.brands.service.brand_messages import write
from serving.brands.service.managed_brands import approve_contract_day
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.brands.service.rights_claims import NewRight, basis_of, claim_right
from serving.brands.service.rights_copies import keep_document
from serving.brands.store import brands, rights
from serving.operations.service.housekeeping import pass_on_unanswered
from serving.web.brand.manager import manager_page
from tests.fixtures.links import path_of
from tests.fixtures.runtimes import PASSWORD, Site, a_case, having, invite
from tests.fixtures.strikes import SELLER, strikes_of
from tests.serving.web.visits import a_visitor, visit_as, words

PDF = b"%PDF-1.4\nregistration\n%%EOF\n"


def a_claim(site: Site, *, by: str = "", document: bool = True) -> str:
    digest = keep_document(site.runtime, "Aurelle", "certificate.pdf", PDF, by="test") if document else None
    new_right = NewRight("Aurelle", RightKind.MARK, "Colline", "EUIPO", "018", ("EU",), (18, 25), document=digest)
    return claim_right(site.runtime, new_right, by=by or f"user:{site.brand_person.user_id}")


def state(site: Site, right_id: str) -> RightState:
    with site.runtime.store.read() as connection:
        return rights.get(connection, rights.owner_of(connection, right_id), right_id).right.state


def person_now(site: Site, person: Person) -> Person:
    return site.read(accounts.person, person.user_id)


@pytest.fixture
def place(site: Site) -> str:
    return f"/brands/{site.brand_id}"


def test_the_manager_checks_sellers_that_the_brand_has_named(site: Site, place: str) -> None:
    having(site, strikes_of, 1)
    change_list(site.runtime, site.pair, [SELLER], by=f"user:{site.brand_person.user_id}")
    visitor = visit_as(site, site.account_manager)
    assert "1 authorised seller to check." in words(visitor.get("/brands").text)
    brand = visit_as(site, site.brand_person)
    assert "1 seller waits for your account manager's check." in words(brand.get("/brand/sellers").text)
    page = visitor.get(place).text
    assert SELLER in words(page)
    ticked = re.search(r'name="(asr_\w+)"', page)
    assert ticked is not None
    assert visitor.post(f"{place}/sellers", {"accept": "yes"}).status_code == 422
    assert visitor.post(f"{place}/sellers", {"accept": "no", ticked[1]: "yes"}).status_code == 303
    assert "Authorised sellers to check" not in words(visitor.get(place).text)


def test_a_right_is_verified_with_its_document_before_one(site: Site, place: str) -> None:
    right_id = a_claim(site)
    visitor = visit_as(site, site.account_manager)
    assert "1 right to verify." in words(visitor.get("/brands").text)
    page = visitor.get(place).text
    text = words(page)
    assert "Mark “Colline”" in text
    assert "classes 18, 25" in text
    assert "Pending verification" in text
    assert "Camille Duval" in text
    [document] = [link.split('"')[0] for link in page.split('href="/brands/')[1:] if "/documents/" in link]
    file = visitor.get(f"/brands/{document}".replace("&amp;", "&"))
    assert file.content == PDF
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert visitor.post(f"{place}/rights", {right_id: "yes", "state": "verified"}).status_code == 303
    assert state(site, right_id) is RightState.VERIFIED
    assert "reviewed by Lena Okafor" in words(visitor.get(place).text)


def test_a_refusal_has_a_reason_that_the_brand_reads(site: Site, place: str) -> None:
    right_id = a_claim(site, document=False)
    visitor = visit_as(site, site.account_manager)
    answer = visitor.post(f"{place}/rights", {right_id: "yes", "state": "refused"})
    assert answer.status_code == 422
    assert "Say why the right is refused" in words(answer.text)
    assert state(site, right_id) is RightState.CLAIMED
    visitor.post(f"{place}/rights", {right_id: "yes", "state": "refused", "note": "The owner is another company."})
    assert state(site, right_id) is RightState.REFUSED
    assert "The owner is another company." in words(visitor.get(place).text)


@pytest.mark.parametrize("new_state", ["withdrawn", "carried_over", "claimed", "", "anything"])
def test_a_manager_verifies_or_refuses_and_nothing_else(site: Site, place: str, new_state: str) -> None:
    right_id = a_claim(site)
    answer = visit_as(site, site.account_manager).post(f"{place}/rights", {right_id: "yes", "state": new_state})
    assert answer.status_code == 422
    assert state(site, right_id) is RightState.CLAIMED


def test_who_supplied_a_right_does_not_verify_it(site: Site, place: str) -> None:
    right_id = a_claim(site, by=f"user:{site.account_manager.user_id}")
    answer = visit_as(site, site.account_manager).post(f"{place}/rights", {right_id: "yes", "state": "verified"})
    assert answer.status_code == 403
    assert "Somebody else must verify it" in words(answer.text)


def test_a_manager_says_who_leads(site: Site, place: str) -> None:
    visitor, user_id = visit_as(site, site.account_manager), site.brand_person.user_id
    assert visitor.post(f"{place}/people/{user_id}", {"leads": "yes"}).status_code == 303
    assert person_now(site, site.brand_person).may(Permission.LEAD_BRAND)
    assert "Remove lead rights" in words(visitor.get(place).text)
    visitor.post(f"{place}/people/{user_id}", {"leads": "no"})
    assert not person_now(site, site.brand_person).may(Permission.LEAD_BRAND)
    assert visitor.post(f"{place}/people/{site.analyst.user_id}", {"leads": "yes"}).status_code == 404


def test_a_power_of_attorney_that_was_recorded_by_mistake_is_made_void(any_site: Site) -> None:
    """This applies to an expired one too: its holder becomes the brand's own user again, with the old lead rights."""
    site, person = any_site, any_site.brand_person
    place = f"/brands/{site.brand_id}"
    mandate = NewMandate("Aurelle", person.email, "Roche", ("EU",), site.clock.now() + timedelta(days=3))
    mandate_id = grant_mandate(site.runtime, mandate, by="test")
    site.clock.forward(days=9)
    visitor, path = visit_as(site, site.account_manager), f"{place}/people/{person.user_id}"
    refused = visitor.post(path, {"leads": "yes"})
    assert refused.status_code == 409
    assert "Make it void first if it was recorded by mistake." in words(refused.text)
    assert f"/agents/{mandate_id}/void" in visitor.get(place).text
    assert visit_as(site, person).post(f"{place}/agents/{mandate_id}/void").status_code == 403
    assert visitor.post(f"{place}/agents/{mandate_id}/void").status_code == 303
    assert "Roche" not in visitor.get(place).text
    assert visitor.post(f"{place}/agents/{mandate_id}/void").status_code == 404
    assert visitor.post(path, {"leads": "yes"}).status_code == 303
    with site.runtime.store.read() as connection:
        assert objection(connection, person_now(site, person), (site.marketplace_id, site.brand_id)) is None
        basis, acting = basis_of(
            site.runtime,
            connection,
            (site.marketplace_id, site.brand_id),
            person,
            ReasonCode.TRADEMARK_COUNTERFEIT,
            site.clock.now(),
        )
        logged = connection.execute(select(audit_entry.c.act).where(audit_entry.c.subject == mandate_id)).scalars()
        assert list(logged) == ["mandate.recorded", "mandate.voided"]
    assert basis.right is not None
    assert acting == ()


def test_a_manager_changes_how_much_a_brand_is_asked(site: Site, place: str) -> None:
    visitor = visit_as(site, site.account_manager)
    visitor.post(f"{place}/enrolment", {"takes_part": "yes", "daily_questions": "12"})
    enrolment = site.read(brands.enrolments, site.marketplace_id)[site.brand_id]
    assert (enrolment.takes_part, enrolment.daily_questions, enrolment.account_manager_id) == (
        True,
        12,
        site.account_manager.user_id,
    )
    for wrong in ("many", "-1", "10001"):
        assert visitor.post(f"{place}/enrolment", {"takes_part": "yes", "daily_questions": wrong}).status_code == 422
    visitor.post(f"{place}/enrolment", {"daily_questions": ""})
    enrolment = site.read(brands.enrolments, site.marketplace_id)[site.brand_id]
    assert (enrolment.takes_part, enrolment.daily_questions) == (False, None)


def test_the_figure_of_a_contract_holds_at_once_up_to_the_policys_and_then_with_a_second_person(site: Site) -> None:
    visitor, place = visit_as(site, site.account_manager), f"/brands/{site.brand_id}"
    pair = site.marketplace_id, site.brand_id

    def figures() -> tuple[int | None, int | None]:
        enrolment = site.read(brands.enrolments, site.marketplace_id)[site.brand_id]
        return enrolment.contract_day, enrolment.proposed_day

    visitor.post(f"{place}/contract", {"contract_day": "120"})
    assert figures() == (120, None)
    with pytest.raises(Conflict, match="No figure of this brand waits"):
        approve_contract_day(site.runtime, pair, by="test")
    visitor.post(f"{place}/contract", {"contract_day": "600"})
    assert figures() == (120, 600)
    assert "600 a day waits for a second person." in words(visitor.get(place).text)
    assert approve_contract_day(site.runtime, pair, by="test") == 600
    assert figures() == (600, None)
    for wrong in ("3001", "-1", "many"):
        assert visitor.post(f"{place}/contract", {"contract_day": wrong}).status_code == 422
    visitor.post(f"{place}/contract", {"contract_day": ""})
    assert figures() == (None, None)
    stranger = invite(site.runtime, "noor@touchstone.example", "Noor Said", Role.ACCOUNT_MANAGER)
    assert visit_as(site, stranger).post(f"{place}/contract", {"contract_day": "3"}).status_code == 404


def test_a_brand_is_handed_over_with_a_note_and_its_record(site: Site, place: str) -> None:
    right_id = a_claim(site)
    visitor, mei = visit_as(site, site.account_manager), "mei@touchstone.example"
    successor = invite(site.runtime, mei, "Mei Castellan", Role.ACCOUNT_MANAGER)
    own = {"manager": site.account_manager.user_id}
    assert visitor.post(f"{place}/note", own | {"note": "Call <b>Ana</b> first."}).headers["location"].endswith("#note")
    record = visitor.get(f"{place}/record?at={site.marketplace_id}").text
    for part in ("Call <b>Ana</b> first.", "1 right to verify.", "Mark “Colline”", "Camille Duval", "Lena Okafor"):
        assert part in words(record), part
    assert "eSearch/#details/trademarks/018" in record
    for name in re.findall(r"/record/(\w+\.\w+)", record):
        file = visitor.get(f"{place}/record/{name}?at={site.marketplace_id}")
        assert file.headers["content-disposition"].startswith("attachment"), name
    for wrong in ({"manager": site.analyst.user_id}, own | {"note": "x" * 4_001}):
        assert visitor.post(f"{place}/note", wrong).status_code == 422
    answer = visitor.post(f"{place}/note", {"manager": successor.user_id, "note": "Call Ana first."})
    assert answer.headers["location"] == "/brands"
    assert visitor.get(place).status_code == 404
    assert "Call Ana first." in words(visit_as(site, successor).get(place).text)
    assert state(site, right_id) is RightState.CLAIMED
    with site.runtime.store.read() as connection:
        acts = set(connection.execute(select(audit_entry.c.act)).scalars())
    assert {"brand.noted", "brand.handed_over"} <= acts


def test_many_rights_are_verified_at_once_or_none_of_them(site: Site, place: str) -> None:
    own, others = a_claim(site, by=site.account_manager.actor), []
    for number in range(3):
        new_right = NewRight("Aurelle", RightKind.COPYRIGHT, "Colline", "unregistered", str(number), ("EU",))
        others.append(claim_right(site.runtime, new_right, by=site.brand_person.actor))
    visitor = visit_as(site, site.account_manager)
    text = words(visitor.get(place).text)
    assert text.count("Somebody else must verify it.") == 1
    assert "once you hand the brand over" in text
    ticked = dict.fromkeys([*others, own], "yes")
    assert visitor.post(f"{place}/rights", {**ticked, "state": "verified"}).status_code == 403
    assert {state(site, right_id) for right_id in others} == {RightState.CLAIMED}
    del ticked[own]
    assert visitor.post(f"{place}/rights", {**ticked, "state": "verified"}).status_code == 303
    assert {state(site, right_id) for right_id in others} == {RightState.VERIFIED}
    assert visitor.post(f"{place}/rights", {"state": "verified"}).status_code == 422


def test_a_pending_invitation_is_shown_and_a_new_one_ends_it(site: Site, place: str) -> None:
    visitor = visit_as(site, site.account_manager)
    links = []
    for _ in range(2):
        page = visitor.post(f"{place}/invitations", {"email": "claire@aurelle.example"})
        assert "claire@aurelle.example is invited until" in words(page.text)
        links.append(path_of(page.text.partition("<p><code>")[2].partition("</code>")[0]))
    assert [a_visitor(site).get(link).status_code for link in links] == [404, 200]
    for address, status in (("claire", 422), (site.brand_person.email, 409)):
        assert visitor.post(f"{place}/invitations", {"email": address}).status_code == status


def test_a_brand_that_somebody_else_looks_after_is_not_there(site: Site, place: str) -> None:
    right_id = a_claim(site)
    digest = keep_document(site.runtime, "Aurelle", "certificate.pdf", PDF, by="test")
    mandate = NewMandate("Aurelle", site.brand_person.email, "Roche", ("EU",), site.clock.now() + timedelta(days=3))
    mandate_id = grant_mandate(site.runtime, mandate, by="test")
    stranger = visit_as(site, invite(site.runtime, "mei@touchstone.example", "Mei Castellan", Role.ACCOUNT_MANAGER))
    assert stranger.get(place).status_code == 404
    assert stranger.get(f"{place}?at={site.marketplace_id}").status_code == 404
    assert stranger.get(f"{place}/documents/{digest}").status_code == 404
    assert stranger.get(f"{place}/record").status_code == 404
    assert stranger.get(f"{place}/record/answers.csv").status_code == 404
    for path, fields in (
        (f"{place}/rights", {right_id: "yes", "state": "verified"}),
        (f"{place}/people/{site.brand_person.user_id}", {"leads": "yes"}),
        (f"{place}/invitations", {"email": "claire@aurelle.example"}),
        (f"{place}/agents/{mandate_id}/void", {}),
        (f"{place}/enrolment", {"takes_part": "yes"}),
        (f"{place}/messages", {"text": "Hello."}),
        (f"{place}/note", {"note": "Mine."}),
    ):
        assert stranger.post(path, fields).status_code == 404, path
    assert state(site, right_id) is RightState.CLAIMED
    assert not person_now(site, site.brand_person).may(Permission.LEAD_BRAND)
    assert visit_as(site, site.brand_person).get(place).status_code == 403


def test_a_right_of_another_brand_is_not_verified_by_way_of_ones_own(site: Site, place: str) -> None:
    new_right = NewRight("Solenne", RightKind.MARK, "Solenne", "EUIPO", "019", ("EU",))
    right_id = claim_right(site.runtime, new_right, by="test")
    answer = visit_as(site, site.account_manager).post(f"{place}/rights", {right_id: "yes", "state": "verified"})
    assert answer.status_code == 404
    assert state(site, right_id) is RightState.CLAIMED


def test_the_most_urgent_brand_comes_first_with_its_questions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    manager = visit_as(site, site.account_manager)
    text = words(manager.get("/brands").text)
    assert "2 brands, 1 open question" in text
    assert "Aurelle none Provisional 1 4 d" in text
    assert "Solenne not participating none Provisional 0 no open questions" in text
    assert text.index("Aurelle") < text.index("Solenne")
    monkeypatch.setattr(manager_page, "_SHOWN", 1)
    text = words(manager.get("/brands").text)
    assert "2 brands, 1 open question" in text
    assert ("Show all brands" in text, "Solenne" in text) == (True, False)
    assert "Solenne" in words(manager.get("/brands?show=all").text)


def test_a_manager_without_brands_is_told_how_one_gets_them(site: Site) -> None:
    person = NewPerson("new@touchstone.example", "New Manager", Role.ACCOUNT_MANAGER, password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, person, by="test")
    text = words(visit_as(site, site.read(accounts.person, user_id)).get("/brands").text)
    assert "No brands assigned to you." in text
    assert "Aurelle" not in text


def test_an_overdue_question_is_counted(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(hours=98)
    assert "1 with overdue questions" in words(visit_as(site, site.account_manager).get("/brands").text)


def test_brands_stand_in_the_order_of_what_they_need_with_the_reason_in_words(site: Site) -> None:
    write(site.runtime, site.brand_person, (site.marketplace_id, site.brand_id), "Good morning.")
    claim_right(site.runtime, NewRight("Solenne", RightKind.MARK, "Solenne", "EUIPO", "019", ("EU",)), by="test")
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "Solenne not participating 1 right to verify." in text
    assert "Aurelle 1 unread message." in text
    assert text.index("1 right to verify.") < text.index("1 unread message.")


def test_a_brand_that_let_questions_go_back_and_says_nothing_is_called_silent(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(days=5)
    pass_on_unanswered(site.runtime)
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "The brand has never answered; 1 question expired unanswered in 14 days." in text
