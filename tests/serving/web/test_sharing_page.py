"""The share control on a brand's pages: where it stands, what it does, and who does not get it."""

import re

import pytest

from serving.accounts.rules.access import Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment, NewPerson
from serving.brands.rules.rights import RightState
from serving.brands.store import mandates, price_lists, rights
from serving.brands.store.rights import StoredRight
from tests.fixtures.reporting import brand_person_at, manager_of, with_brand_grant_at
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.two_marketplaces import BrandFile, TwoMarketplaces, put_on_file, with_two_marketplaces
from tests.serving.web.visits import Visitor, visit_as, words

_PLACES = ("/brand/rights", "/brand/people", "/brand/prices")
_SHARE = re.compile(r'action="(/brand/[^"]+/share)"')


@pytest.fixture
def both(site: Site) -> TwoMarketplaces:
    return with_two_marketplaces(site)


@pytest.fixture
def own_file(both: TwoMarketplaces) -> BrandFile:
    return put_on_file(both, both.first_pair)


def controls(visitor: Visitor, query: str = "") -> list[str]:
    """The addresses of the share forms on the brand's pages."""
    return [address for place in _PLACES for address in _SHARE.findall(visitor.get(place + query).text)]


def shared_rights(both: TwoMarketplaces) -> list[StoredRight]:
    """What arrived at the second marketplace."""
    return both.site.read(rights.rights_of, both.second_pair)


def test_each_record_is_shared_by_a_button_that_is_gone_once_the_other_has_it(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    visitor, to = visit_as(both.site, both.lead), {"of": ".".join(both.first_pair), "with": both.souk}
    before = controls(visitor)
    agent, right = f"/brand/agents/{own_file.mandate_id}/share", f"/brand/rights/{own_file.right_id}/share"
    document = f"/brand/documents/{own_file.digest}/share"
    assert {agent, right, document, "/brand/prices/share"} < set(before)
    assert "Share with Souk" in words(visitor.get("/brand/rights").text)
    for path, sentence in (
        (document, "Shared. The other marketplace has its own copy"),
        (right, "Right shared. The other marketplace has its own copy, which its account manager verifies."),
        (agent, "Shared. The other marketplace has its own copy"),
        ("/brand/prices/share", "Prices shared."),
    ):
        answer = visitor.post(path, to)
        assert answer.status_code == 303
        assert sentence in words(visitor.get(answer.headers["location"]).text)
    assert {agent, right, document} & set(controls(visitor)) == set()
    visitor.post("/brand/prices/share", to)
    assert "Nothing to share: the other marketplace has the same prices." in words(visitor.get("/brand/prices").text)
    again = visitor.post(right, to)
    assert (again.status_code, "Souk has this right on file already." in words(again.text)) == (409, True)
    [copy] = shared_rights(both)
    with both.site.runtime.store.read() as connection:
        assert len(mandates.mandates_of(connection, both.second_pair)) == 1
        assert price_lists.count(connection, both.second_pair) == 1
    assert "Mark “Colline”" in words(visitor.get(f"/brand/rights?of={'.'.join(both.second_pair)}").text)
    assert copy.right.state is RightState.CLAIMED


def test_the_receiving_manager_sees_who_claimed_it_and_nothing_of_the_other_marketplace(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    lead, omar = visit_as(both.site, both.lead), visit_as(both.site, manager_of(both.site))
    to = {"of": ".".join(both.first_pair), "with": both.souk}
    for path in (f"rights/{own_file.right_id}", f"agents/{own_file.mandate_id}", "prices"):
        assert lead.post(f"/brand/{path}/share", to).status_code == 303
    assert "1 right to verify." in words(omar.get("/brands").text)
    page = omar.get(f"/brands/{both.site.brand_id}").text
    assert "Mark “Colline”" in words(page)
    assert "Camille Duval" in page
    assert "Bazaar" not in page
    assert both.first_pair[0] not in page


def test_either_side_stops_relying_on_it_alone(both: TwoMarketplaces, own_file: BrandFile) -> None:
    visitor, this_side = visit_as(both.site, both.lead), {"of": ".".join(both.first_pair)}
    visitor.post(f"/brand/rights/{own_file.right_id}/share", {**this_side, "with": both.souk})
    [copy] = shared_rights(both)
    there = {"of": ".".join(both.second_pair)}
    assert visitor.post(f"/brand/rights/{copy.right.right_id}/withdraw", this_side).status_code == 404
    assert visitor.post(f"/brand/rights/{own_file.right_id}/withdraw", there).status_code == 404
    assert visitor.post(f"/brand/rights/{own_file.right_id}/withdraw", this_side).status_code == 303
    assert shared_rights(both)[0].right.state is RightState.CLAIMED


def test_of_several_marketplaces_one_is_chosen(both: TwoMarketplaces, own_file: BrandFile) -> None:
    runtime = both.site.runtime
    fair = provisioning.add_marketplace(runtime, name="Fair", base_currency="EUR", by="test")
    mei = NewPerson("mei@fair.example", "Mei Lin", Role.ACCOUNT_MANAGER, fair.name, password=PASSWORD)
    provisioning.add_person(runtime, mei, by="test")
    provisioning.enrol(runtime, NewEnrolment("Aurelle", mei.email, True, fair.name), by="test")
    visitor = visit_as(both.site, with_brand_grant_at(both.site, both.lead, fair.marketplace_id, leads=True))
    page = visitor.get("/brand/rights").text
    choice = f'<select class="in" name="with" aria-label="Marketplace"><option value="{fair.marketplace_id}">Fair'
    assert choice in page
    visitor.post(
        f"/brand/rights/{own_file.right_id}/share", {"of": ".".join(both.first_pair), "with": fair.marketplace_id}
    )
    with runtime.store.read() as connection:
        assert len(rights.rights_of(connection, (fair.marketplace_id, both.site.brand_id))) == 1
    assert shared_rights(both) == []
    row = next(
        row for row in visitor.get("/brand/rights").text.split("<tr>") if f"/rights/{own_file.right_id}/share" in row
    )
    assert "Share with Souk" in row


@pytest.mark.attack
def test_people_who_do_not_lead_at_both_get_no_control_and_are_refused(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    to = {"of": ".".join(both.first_pair), "with": both.souk}
    paths = (f"rights/{own_file.right_id}", f"documents/{own_file.digest}", f"agents/{own_file.mandate_id}", "prices")
    for person, status in ((both.agent, 403), (both.site.analyst, 403), (manager_of(both.site), 403)):
        visitor = visit_as(both.site, person)
        if person == both.agent:
            assert controls(visitor) == []
        for path in paths:
            assert visitor.post(f"/brand/{path}/share", to).status_code == status, path
    lead = visit_as(both.site, both.lead)
    for wrong in ("", "mkt_unknown", "x" * 500):
        assert lead.post(f"/brand/rights/{own_file.right_id}/share", {**to, "with": wrong}).status_code == 404
    assert lead.post(f"/brand/rights/{own_file.right_id}/share", {**to, "with": both.first_pair[0]}).status_code == 422
    lead.csrf_token = "guessed"
    assert lead.post(f"/brand/rights/{own_file.right_id}/share", to).status_code == 403
    assert shared_rights(both) == []


def test_a_lead_of_one_marketplace_sees_no_control(site: Site) -> None:
    both = with_two_marketplaces(site)
    put_on_file(both, both.second_pair)
    samira = visit_as(site, brand_person_at(site))
    assert "Withdraw right" in samira.get("/brand/rights").text
    assert controls(samira) == []
