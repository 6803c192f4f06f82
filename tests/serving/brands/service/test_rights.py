"""Rights on file, and the rights that a brand's confirmation needs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from features.indicators import Direction
from models.case import CaseLane, CaseState
from models.errors import Conflict, DomainError, Forbidden, Invalid, NoRightCarries, NotFound
from models.verdict import Judgement
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service import indicators
from serving.brands.service.brand_file import require_lead, set_sales_territory
from serving.brands.service.indicators import NewIndicator, add_indicator
from serving.brands.service.mandates import NewMandate, grant_mandate, revoke_mandate
from serving.brands.service.rights_claims import NewRight, claim_right, settle_rights
from serving.brands.service.rights_copies import keep_document
from serving.brands.store import rights, rights_documents
from serving.brands.tables import brand_document, notice_basis
from serving.cases.store import cases
from serving.cases.tables import verdict
from serving.platform.runtime import Runtime
from tests.fixtures.clocks import NOW
from tests.fixtures.guests import an_invited_user
from tests.fixtures.reporting import a_leader, a_rival
from tests.fixtures.runtimes import Site, a_case, judge
from tests.fixtures.waiting import until_waiting

CERTIFICATE = b"%PDF-1.7 certificate of registration"
MARK = NewRight("Aurelle", RightKind.MARK, "AURELLE", "EUIPO", "018000001", ("EU",), (18, 25))


def withdraw_all(site: Site, kind: RightKind = RightKind.MARK) -> None:
    """Withdraw all rights of one kind of the site's brand."""
    for stored_right in site.read(rights.rights_of, site.pair):
        if stored_right.right.kind is kind and stored_right.right.state is RightState.VERIFIED:
            settle_rights(site.runtime, site.pair, [stored_right.right.right_id], RightState.WITHDRAWN, by="test")


def verify_mark(site: Site, **changes: Any) -> str:
    """Verify one mark as the only mark of the site's brand; returns its id."""
    withdraw_all(site)
    right_id = claim_right(site.runtime, replace(MARK, **changes), by="test")
    settle_rights(site.runtime, site.pair, [right_id], RightState.VERIFIED, by="test")
    return right_id


def test_a_confirmation_says_which_right_carried_it(any_site: Site) -> None:
    set_sales_territory(any_site.runtime, ["FR"], marketplace=None, by="test")
    right_id = verify_mark(any_site)
    done = judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    with any_site.runtime.store.read() as connection:
        basis = connection.execute(select(notice_basis)).one()
    assert (basis.verdict_id, basis.right_id) == (done.verdict_id, right_id)
    assert basis.reason == "The mark “AURELLE” (EUIPO 018000001) applies."


REFUSED: list[tuple[dict[str, Any], list[str], str, str]] = [
    ({"last_day": NOW - timedelta(days=1)}, ["FR"], "expired on", "expired"),
    ({"territories": ("US",)}, ["FR"], "valid in United States. This marketplace sells in France", "out of territory"),
]


@pytest.mark.parametrize(("changes", "sold_in", "expected", "_why"), REFUSED)
def test_without_a_right_in_force_no_verdict_is_recorded_and_the_case_stays_open(
    site: Site, changes: dict[str, Any], sold_in: list[str], expected: str, _why: str
) -> None:
    set_sales_territory(site.runtime, sold_in, marketplace=None, by="test")
    verify_mark(site, **changes)
    case = a_case(site, CaseLane.ASK_BRAND)
    before = site.count(verdict)
    with pytest.raises(NoRightCarries, match="Nothing was recorded.*" + expected):
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    with site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(verdict)).scalar_one() == before
        assert cases.get(connection, site.marketplace_id, case.case_id).state is CaseState.OPEN
    judge(site, site.brand_person, case, Judgement.GREY_MARKET)


def test_an_analyst_needs_no_right(site: Site) -> None:
    withdraw_all(site)
    a_case(site, CaseLane.ASK_BRAND)


def test_an_agent_confirms_until_the_power_of_attorney_ends(any_site: Site) -> None:
    set_sales_territory(any_site.runtime, ["EU"], marketplace=None, by="test")
    mandate = NewMandate("Aurelle", any_site.brand_person.email, "Lexa", ("FR",), any_site.clock.now())
    mandate_id = grant_mandate(any_site.runtime, mandate, by="test")
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    assert any_site.scalar(select(notice_basis.c.mandate_ids)) == [mandate_id]
    other = a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-77")
    revoke_mandate(any_site.runtime, any_site.pair, mandate_id, by="test")
    with pytest.raises(NoRightCarries, match="of Lexa was revoked on"):
        judge(any_site, any_site.brand_person, other, Judgement.COUNTERFEIT)
    with pytest.raises(NotFound):
        revoke_mandate(any_site.runtime, any_site.pair, mandate_id, by="test")


def with_caps(site: Site, **most: Any) -> Runtime:
    """The site's runtime with other caps on what a brand has on file."""
    policies = site.runtime.policies
    return replace(site.runtime, policies=policies.changed(replace(policies[RightsPolicy], **most)))


def test_a_brands_documents_are_bounded_in_number_and_in_bytes(site: Site) -> None:
    few = with_caps(site, most_documents_of_a_brand=1)
    keep_document(few, "Aurelle", "a.pdf", CERTIFICATE, by="test")
    keep_document(few, "Aurelle", "again.pdf", CERTIFICATE, by="test")
    with pytest.raises(Conflict, match="at most 1 documents"):
        keep_document(few, "Aurelle", "b.pdf", CERTIFICATE + b"b", by="test")
    keep_document(few, "Solenne", "b.pdf", CERTIFICATE + b"b", by="test")
    small = with_caps(site, most_document_bytes_of_a_brand=2 * len(CERTIFICATE) + 1)
    keep_document(small, "Aurelle", "b.pdf", CERTIFICATE + b"b", by="test")
    with pytest.raises(Conflict, match="bytes in total"):
        keep_document(small, "Aurelle", "c.pdf", b"%PDF-", by="test")
    assert len(site.read(rights_documents.documents_of, site.pair)) == 2


def _claim(runtime: Runtime, number: int) -> None:
    claim_right(runtime, replace(MARK, number=str(number)), by="test")


def _keep(runtime: Runtime, number: int) -> None:
    keep_document(runtime, "Aurelle", "a.pdf", CERTIFICATE + bytes([number]), by="test")


def _tell(runtime: Runtime, number: int) -> None:
    add_indicator(runtime, NewIndicator("Aurelle", "Zip", f"zip {number}", Direction.COUNTERFEIT), by="test")


@pytest.mark.both_engines
@pytest.mark.parametrize("act", [_claim, _keep, _tell])
def test_two_at_once_do_not_pass_what_a_brand_may_have(
    any_site: Site, monkeypatch: pytest.MonkeyPatch, act: Callable[[Runtime, int], None]
) -> None:
    """Without the lock both would count before either is written."""
    monkeypatch.setattr(indicators, "MOST_PER_BRAND", 1)
    on_record = len(any_site.read(rights.rights_of, any_site.pair))
    runtime = with_caps(any_site, most_documents_of_a_brand=1, most_rights_of_a_brand=on_record + 1)
    with ThreadPoolExecutor(2) as pool:
        with any_site.runtime.store.write() as connection:
            audit.lock(connection)
            futures = [pool.submit(act, runtime, number) for number in range(2)]
            until_waiting(any_site.runtime.store, 2)
        errors = [future.exception() for future in futures]
    assert [type(error) for error in errors if error] == [Conflict]


@pytest.mark.both_engines
def test_a_document_is_kept_once_and_named_by_many_rights(any_site: Site) -> None:
    digests = {keep_document(any_site.runtime, "Aurelle", name, CERTIFICATE, by="test") for name in ("a.pdf", "b.pdf")}
    (digest,) = digests
    for number in ("1", "2"):
        claim_right(any_site.runtime, replace(MARK, number=number, document=digest), by="test")
    assert [stored_right.document for stored_right in any_site.read(rights.rights_of, any_site.pair)].count(digest) == 2
    with any_site.runtime.store.read() as connection:
        assert connection.execute(select(brand_document.c.name)).scalars().all() == ["a.pdf"]
        supplied = select(func.count()).where(audit_entry.c.act == "document.supplied")
        assert connection.execute(supplied).scalar_one() == 1
    with pytest.raises(NotFound):
        claim_right(any_site.runtime, replace(MARK, brand="Solenne", document=digest), by="test")


WRONG: list[tuple[dict[str, Any], type[DomainError], str, str]] = [
    ({"brand": "Nobody"}, NotFound, "No brand named Nobody is enrolled here", "no such brand"),
    ({"title": " "}, Invalid, "The title must have", "no title"),
    ({"number": "1\0"}, Invalid, "The number must have", "a null character"),
    ({"territories": ()}, Invalid, "at least one territory", "nowhere"),
    ({"territories": ("France",)}, Invalid, "is not a territory", "a name in place of a code"),
    ({"classes": (46,)}, Invalid, "from 1 to 45", "a class that does not exist"),
    ({"first_day": NOW, "last_day": NOW - timedelta(days=2)}, Invalid, "must end after it begins", "reversed days"),
    ({"document": "0" * 64}, NotFound, "no such document", "an unknown document"),
]


@pytest.mark.parametrize(("changes", "error", "expected", "_why"), WRONG)
def test_an_invalid_right_is_refused(
    site: Site, changes: dict[str, Any], error: type[DomainError], expected: str, _why: str
) -> None:
    with pytest.raises(error, match=expected):
        claim_right(site.runtime, replace(MARK, **changes), by="test")


def test_a_right_is_verified_once_and_by_somebody_else(site: Site) -> None:
    lead, manager = (f"user:{person.user_id}" for person in (site.brand_person, site.account_manager))
    right_id = claim_right(site.runtime, MARK, by=lead)
    with pytest.raises(Conflict, match="on file already"):
        claim_right(site.runtime, MARK, by=manager)
    with pytest.raises(Forbidden, match="Somebody else must verify it"):
        settle_rights(site.runtime, site.pair, [right_id], RightState.VERIFIED, by=lead)
    with pytest.raises(Invalid, match="Say why"):
        settle_rights(site.runtime, site.pair, [right_id], RightState.REFUSED, by=manager)
    settle_rights(site.runtime, site.pair, [right_id], RightState.VERIFIED, by=manager)
    with pytest.raises(Conflict, match="that is verified cannot become refused"):
        settle_rights(site.runtime, site.pair, [right_id], RightState.REFUSED, note="Not theirs.", by=manager)


def test_a_right_is_not_verified_by_an_account_that_counts_as_its_suppliers(site: Site) -> None:
    right_id = claim_right(site.runtime, MARK, by=f"user:{site.brand_person.user_id}")
    an_invited_user(site, site.brand_person, site.account_manager)
    with pytest.raises(Forbidden, match="count as one person"):
        settle_rights(
            site.runtime, site.pair, [right_id], RightState.VERIFIED, by=f"user:{site.account_manager.user_id}"
        )
    settle_rights(site.runtime, site.pair, [right_id], RightState.VERIFIED, by=f"user:{site.analyst.user_id}")


def test_an_invalid_document_is_refused(site: Site) -> None:
    with pytest.raises(Invalid, match="a PDF, PNG or JPEG"):
        keep_document(site.runtime, "Aurelle", "a.exe", b"MZ", by="test")
    with pytest.raises(Invalid, match="at most 2,000,000 bytes"):
        keep_document(site.runtime, "Aurelle", "a.pdf", CERTIFICATE + b" " * 2_000_000, by="test")


# The people who may change a brand's file, tested at the rule itself and not through a page.


def test_only_users_of_the_brand_learn_that_they_lack_lead_rights(site: Site) -> None:
    pair, rival = (site.marketplace_id, site.brand_id), a_rival(site)
    with site.runtime.store.read() as connection:
        with pytest.raises(NotFound):
            require_lead(connection, rival, pair)
        with pytest.raises(NotFound):
            require_lead(connection, site.account_manager, pair)
        with pytest.raises(Forbidden):
            require_lead(connection, site.brand_person, pair)
    leader = a_leader(site)
    assert site.read(require_lead, leader, pair) == f"user:{leader.user_id}"
