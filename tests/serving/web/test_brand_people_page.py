import re

import pytest
from sqlalchemy import select

from models.errors import Conflict
from models.verdict import ReasonCode
from serving.accounts.rules.access import Grant, Permission, Person, Role
from serving.accounts.service.inviting import accept, details_by_token
from serving.accounts.store import accounts
from serving.audit.tables import audit_payload
from serving.brands.service.brand_file import objection
from serving.brands.service.brand_people import remove_person
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.brands.service.rights_claims import basis_of
from serving.brands.store import mandates
from tests.fixtures.reporting import a_leader, a_rival, second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import Visitor, a_visitor, visit_as, words

_PLACE = "/brand/people"


def link_in(page: str) -> str:
    match = re.search(r'id="link" readonly value="[^"]*(/join/[^"]+)"', page)
    assert match
    return match.group(1)


def ask(visitor: Visitor, email: str) -> str:
    answer = visitor.post(f"{_PLACE}/invitations", {"email": email})
    assert answer.status_code == 200, words(answer.text)
    return link_in(answer.text)


def people(site: Site) -> dict[str, bool]:
    return {
        person.email: person.leads
        for person in site.read(accounts.people_of_brand, (site.marketplace_id, site.brand_id))
    }


def a_colleague(site: Site) -> Person:
    return invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")


def test_a_colleague_is_invited_by_a_link_and_answers_and_does_not_lead(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    path = ask(visitor, "New@Aurelle.example")
    assert details_by_token(site.runtime, path.removeprefix("/join/")).invitation.grant == Grant(
        Role.BRAND, site.marketplace_id, site.brand_id
    )
    assert "Pending invitations" in words(visitor.get(_PLACE).text)
    assert "/join/" not in visitor.get(_PLACE).text, "the link is shown once"
    accept(site.runtime, path.removeprefix("/join/"), name="New Colleague", password=PASSWORD)
    assert people(site) == {"camille@aurelle.example": True, "new@aurelle.example": False}
    assert "Cannot confirm" in words(visitor.get(_PLACE).text), "the certification comes first"
    assert "never passed" in words(visitor.get(_PLACE).text)
    assert a_visitor(site).get(path).status_code == 404, "a link works once"


def test_a_link_is_withdrawn(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    path = ask(visitor, "new@aurelle.example")
    [invitation_id] = re.findall(rf"{_PLACE}/invitations/(\w+)/withdraw", visitor.get(_PLACE).text)
    assert visitor.post(f"{_PLACE}/invitations/{invitation_id}/withdraw").status_code == 303
    assert a_visitor(site).get(path).status_code == 404


def test_whether_an_address_has_an_account_elsewhere_is_not_told(site: Site) -> None:
    rival = a_rival(site)
    visitor = visit_as(site, a_leader(site))
    assert ask(visitor, rival.email)
    assert ask(visitor, site.analyst.email)
    assert visitor.post(f"{_PLACE}/invitations", {"email": site.brand_person.email}).status_code == 409
    assert visitor.post(f"{_PLACE}/invitations", {"email": "nobody"}).status_code == 422


def test_a_user_invited_by_two_brands_keeps_both_links(site: Site) -> None:
    """Otherwise anybody who guesses an address could end another brand's invitation."""
    rival = visit_as(site, a_rival(site))
    first = ask(visit_as(site, a_leader(site)), "agency@agents.example")
    ask(rival, "agency@agents.example")
    assert a_visitor(site).get(first).status_code == 200


def test_a_colleague_is_removed_at_once_with_their_powers_of_attorney(site: Site) -> None:
    colleague, visitor = a_colleague(site), visit_as(site, a_leader(site))
    until = site.clock.now().replace(year=2030)
    grant_mandate(site.runtime, NewMandate("Aurelle", colleague.email, "Roche", ("EU",), until), by="test")
    theirs = visit_as(site, colleague)
    assert visitor.post(f"{_PLACE}/{colleague.user_id}/remove").status_code == 303
    assert people(site) == {"camille@aurelle.example": True}
    assert theirs.get("/brand").status_code == 403
    assert "Revoked" in words(visitor.get(_PLACE).text)
    assert not site.read(accounts.person, colleague.user_id).may(Permission.ANSWER_QUESTIONS)


def test_nobody_lets_themselves_or_another_who_leads_go(site: Site) -> None:
    colleague, leader = a_colleague(site), a_leader(site)
    site.write(accounts.set_lead, colleague.user_id, (site.marketplace_id, site.brand_id), leads=True)
    visitor = visit_as(site, leader)
    assert visitor.post(f"{_PLACE}/{leader.user_id}/remove").status_code == 409
    assert visitor.post(f"{_PLACE}/{colleague.user_id}/remove").status_code == 403
    assert visitor.post(f"{_PLACE}/{site.analyst.user_id}/remove").status_code == 404
    assert len(people(site)) == 2


def test_a_power_of_attorney_limits_a_colleague_until_it_is_ended(site: Site) -> None:
    colleague, visitor = a_colleague(site), visit_as(site, a_leader(site))
    fields = {
        "email": colleague.email,
        "agent": "Roche & Fils",
        "territories": "FR, DE",
        "last_day": "2030-01-31",
        "kind:mark": "yes",
    }
    assert visitor.post("/brand/agents", fields).status_code == 303
    text = words(visitor.get(_PLACE).text)
    assert "Roche & Fils ana@aurelle.example mark DE, FR 2030-01-31 In force" in text
    assert "Acts under a power of attorney" in text
    [mandate_id] = re.findall(r"/brand/agents/(\w+)/end", visitor.get(_PLACE).text)
    assert visitor.post(f"/brand/agents/{mandate_id}/end").status_code == 303
    with site.runtime.store.read() as connection:
        basis, _ = basis_of(
            site.runtime,
            connection,
            (site.marketplace_id, site.brand_id),
            colleague,
            ReasonCode.TRADEMARK_COUNTERFEIT,
            site.clock.now(),
        )
    assert basis.right is None, "who had one does not become the brand's own by its end"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_day": ""}, "needs a last day"),
        ({"last_day": "2020-01-01"}, "has ended already"),
        ({"kind:mark": "no"}, "must name at least one kind"),
        ({"territories": "Europe"}, "is not a territory"),
        ({"agent": " "}, "The agent must have 1 to 200"),
        ({"email": "ines@touchstone.example"}, "Choose one of your brand's people."),
        ({"email": "camille@aurelle.example"}, "You have lead rights for this brand."),
    ],
)
def test_a_power_of_attorney_that_cannot_be_is_refused(site: Site, changes: dict[str, str], sentence: str) -> None:
    colleague, visitor = a_colleague(site), visit_as(site, a_leader(site))
    fields = {
        "email": colleague.email,
        "agent": "Roche",
        "territories": "FR",
        "last_day": "2030-01-31",
        "kind:mark": "yes",
    }
    answer = visitor.post("/brand/agents", {**fields, **changes})
    assert answer.status_code == 422
    assert sentence in words(answer.text)


def test_who_leads_too_is_not_made_an_agent_by_another(site: Site) -> None:
    """An agent changes nothing on file, ended or not, so that one stolen password would shut all others out."""
    colleague, visitor = a_colleague(site), visit_as(site, a_leader(site))
    site.write(accounts.set_lead, colleague.user_id, (site.marketplace_id, site.brand_id), leads=True)
    fields = {"email": colleague.email, "agent": "R", "territories": "FR", "last_day": "2030-01-31", "kind:mark": "yes"}
    assert f'value="{colleague.email}"' not in visitor.get(_PLACE).text
    answer = visitor.post("/brand/agents", fields)
    assert answer.status_code == 409
    assert "A user with lead rights cannot be an agent of the brand." in words(answer.text)
    assert visit_as(site, colleague).post(f"{_PLACE}/invitations", {"email": "n@aurelle.example"}).status_code == 200


def mandate_of(site: Site, person: Person, marketplace: str = "Bazaar") -> str:
    until = site.clock.now().replace(year=2030)
    mandate = NewMandate("Aurelle", person.email, "Roche", ("EU",), until, marketplace=marketplace)
    return grant_mandate(site.runtime, mandate, by="test")


def in_force(site: Site, person: Person, marketplace_id: str) -> list[str]:
    pair, now = (marketplace_id, site.brand_id), site.clock.now()
    return site.read(mandates.mandate_ids_in_force, pair, person.user_id, now)


def test_a_lead_of_another_marketplace_can_be_an_agent_here_and_still_leads_there(site: Site) -> None:
    colleague, souk = a_colleague(site), second_marketplace(site)
    colleague = with_brand_grant_at(site, colleague, souk, leads=True)
    mandate_of(site, colleague)
    with site.runtime.store.read() as connection:
        assert objection(connection, colleague, site.pair) is not None
        assert objection(connection, colleague, (souk, site.brand_id)) is None
    with pytest.raises(Conflict, match="A user with lead rights"):
        mandate_of(site, colleague, "Souk")


def test_a_user_removed_here_keeps_the_powers_of_attorney_of_another_marketplace(any_site: Site) -> None:
    colleague, souk = a_colleague(any_site), second_marketplace(any_site)
    with_brand_grant_at(any_site, colleague, souk)
    mandate_of(any_site, colleague)
    there = mandate_of(any_site, colleague, "Souk")
    any_site.clock.forward(minutes=1)
    remove_person(any_site.runtime, a_leader(any_site), any_site.pair, colleague.user_id)
    assert in_force(any_site, colleague, any_site.marketplace_id) == []
    assert in_force(any_site, colleague, souk) == [there]


def test_who_does_not_lead_reads_and_changes_nothing(site: Site) -> None:
    colleague, visitor = a_colleague(site), visit_as(site, site.brand_person)
    page = visitor.get(_PLACE).text
    assert "Ana Prieto" in page
    assert "Remove access" not in page
    for path, fields in (
        (f"{_PLACE}/invitations", {"email": "x@aurelle.example"}),
        (f"{_PLACE}/{colleague.user_id}/remove", {}),
        ("/brand/agents", {"email": colleague.email, "agent": "R", "territories": "FR", "last_day": "2030-01-31"}),
    ):
        assert visitor.post(path, {**fields, "kind:mark": "yes"}).status_code == 403, path
    assert len(people(site)) == 2


def test_people_of_another_brand_are_not_there(site: Site) -> None:
    colleague = a_colleague(site)
    until = site.clock.now().replace(year=2030)
    mandate_id = grant_mandate(site.runtime, NewMandate("Aurelle", colleague.email, "Roche", ("EU",), until), by="test")
    ask(visit_as(site, a_leader(site)), "new@aurelle.example")
    own = visit_as(site, site.brand_person)
    [invitation_id] = re.findall(rf"{_PLACE}/invitations/(\w+)/withdraw", own.get(_PLACE).text)
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    page = visitor.get(_PLACE).text
    for other in ("Ana", "Camille", "new@aurelle", "Roche"):
        assert other not in page
    assert visitor.get(f"{_PLACE}?of={ours}").status_code == 404
    for path, fields in (
        (f"{_PLACE}/invitations", {"email": "x@aurelle.example", "of": ours}),
        (f"{_PLACE}/{colleague.user_id}/remove", {"of": ours}),
        (f"{_PLACE}/{colleague.user_id}/remove", {}),
        (f"{_PLACE}/invitations/{invitation_id}/withdraw", {"of": ours}),
        (f"{_PLACE}/invitations/{invitation_id}/withdraw", {}),
        (f"/brand/agents/{mandate_id}/end", {"of": ours}),
        (f"/brand/agents/{mandate_id}/end", {}),
        ("/brand/agents", {"email": colleague.email, "of": ours}),
    ):
        assert visitor.post(path, fields).status_code == 404, path
    assert len(people(site)) == 2


def test_the_log_names_the_removed_user_and_holds_no_link(site: Site) -> None:
    token = ask(visit_as(site, a_leader(site)), "new@aurelle.example").removeprefix("/join/")
    with site.runtime.store.read() as connection:
        logged = "".join(connection.execute(select(audit_payload.c.payload)).scalars())
    assert token not in logged
    assert "new@aurelle.example" not in logged
