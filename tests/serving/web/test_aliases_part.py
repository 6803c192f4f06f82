"""Proposed aliases on the brand's page of its account manager."""

import pytest

from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.store import brands
from serving.cases.service.naming import undo_naming
from tests.fixtures.aliases import corrected_case, proposals, three_corrected_cases, with_analyst_grant
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as, words


@pytest.fixture
def place(site: Site) -> str:
    return f"/brands/{site.brand_id}"


def test_an_account_manager_reads_the_evidence_and_accepts(site: Site, place: str) -> None:
    three_corrected_cases(site)
    visitor = visit_as(site, site.account_manager)
    text = words(visitor.get(place).text)
    assert "Proposed aliases 1 to decide" in text
    assert "“maison verel” Proposed 3 corrected listings of 3 sellers, corrected by 1 reviewer" in text
    answer = visitor.post(f"{place}/aliases/{proposals(site)[0].proposal_id}", {"state": "accepted"})
    assert (answer.status_code, answer.headers["location"].endswith("#aliases")) == (303, True)
    text = words(visitor.get(place).text)
    assert "Alias accepted." in text
    assert "accepted by Lena Okafor" in text
    assert "Remove alias" in text
    with site.runtime.store.read() as connection:
        [aurelle] = [
            brand
            for brand in brands.enrolled_brands(connection, site.marketplace_id, site.clock.now())
            if brand.name == "Aurelle"
        ]
    assert "maison verel" in aurelle.aliases


def test_the_cases_of_the_evidence_are_linked_for_a_person_who_reviews_cases(site: Site, place: str) -> None:
    cases = three_corrected_cases(site)
    assert "/cases/" not in visit_as(site, site.account_manager).get(place).text
    page = visit_as(site, with_analyst_grant(site, site.account_manager)).get(place).text
    assert all(f'href="/cases/{case.case_id}"' in page for case in cases)


def test_a_misspelling_is_told_with_what_an_alias_changes(site: Site, place: str) -> None:
    three_corrected_cases(site, spelling="Aurele")
    text = words(visit_as(site, site.account_manager).get(place).text)
    assert "Models count misspellings as a sign of counterfeits; an alias no longer counts as one." in text


def test_what_cannot_be_accepted_says_why_and_has_no_button(site: Site, place: str) -> None:
    manager = with_analyst_grant(site, site.account_manager)
    three_corrected_cases(site, by=manager)
    visitor = visit_as(site, manager)
    text = words(visitor.get(place).text)
    assert "corrected by people other than you" in text
    assert "Accept alias" not in text
    answer = visitor.post(f"{place}/aliases/{proposals(site)[0].proposal_id}", {"state": "accepted"})
    assert answer.status_code == 403
    assert "corrected by people other than you" in words(answer.text)
    visitor.post(f"{place}/aliases/{proposals(site)[0].proposal_id}", {"state": "dismissed"})
    assert proposals(site)[0].state is ProposalState.DISMISSED


@pytest.mark.parametrize(("state", "status"), [("", 422), ("proposed", 422), ("anything", 422), ("removed", 409)])
def test_a_decision_that_is_none_changes_nothing(site: Site, place: str, state: str, status: int) -> None:
    three_corrected_cases(site)
    visitor = visit_as(site, site.account_manager)
    assert visitor.post(f"{place}/aliases/{proposals(site)[0].proposal_id}", {"state": state}).status_code == status
    assert proposals(site)[0].state is ProposalState.PROPOSED


def test_another_person_finds_no_such_brand(site: Site, place: str) -> None:
    three_corrected_cases(site)
    path = f"{place}/aliases/{proposals(site)[0].proposal_id}"
    assert visit_as(site, site.analyst).post(path, {"state": "accepted"}).status_code == 403
    assert (
        visit_as(site, site.account_manager).post(f"{place}/aliases/ali_none", {"state": "accepted"}).status_code == 404
    )


@pytest.mark.attack
def test_a_hostile_spelling_is_escaped(site: Site, place: str) -> None:
    three_corrected_cases(site, spelling="<script>alert(1)</script>")
    page = visit_as(site, site.account_manager).get(place).text
    assert len(proposals(site)) == 1
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_proposal_that_has_lost_support_says_what_it_lacks(site: Site, place: str) -> None:
    first, *_ = three_corrected_cases(site)
    undo_naming(site.runtime, site.analyst, first.case_id)
    visitor = visit_as(site, site.account_manager)
    assert "1 alias to decide." in words(visitor.get("/brands").text)
    text = words(visitor.get(place).text)
    assert "An alias needs at least 3 corrected listings of 2 sellers" in text
    assert "Accept alias" not in text
    corrected_case(site, 7)
    assert "Accept alias" in words(visitor.get(place).text)
