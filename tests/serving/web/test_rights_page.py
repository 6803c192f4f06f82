from datetime import timedelta

import pytest

from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service.brand_file import set_sales_territory
from serving.brands.service.rights_claims import NewRight, claim_right, settle_rights
from serving.brands.service.rights_copies import keep_document
from serving.brands.store import rights, rights_documents
from serving.brands.store.rights import StoredRight
from tests.fixtures.reporting import a_leader, a_rival
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import PAGE, Visitor, visit_as, words

_PLACE = "/brand/rights"
PDF = b"%PDF-1.4\nregistration\n%%EOF\n"
_CLAIM = {
    "kind": "mark",
    "title": "Colline",
    "office": "EUIPO",
    "number": "018",
    "territories": "EU, GB",
    "classes": "18, 25",
    "last_day": "2031-05-04",
}


def claims(site: Site) -> list[StoredRight]:
    return [claim for claim in site.read(rights.rights_of, site.pair) if claim.right.office != "WIPO"]


def stored_digests(site: Site) -> list[str]:
    return [document.digest for document in site.read(rights_documents.documents_of, site.pair)]


def send(visitor: Visitor, path: str, fields: dict[str, str] | None = None, content: bytes = PDF) -> int:
    form = {"csrf_token": visitor.csrf_token, **(fields or {})}
    answer = visitor.client.post(path, data=form, files={"file": ("certificate.pdf", content)}, headers=PAGE)
    return int(answer.status_code)


def test_a_right_is_claimed_with_its_certificate_and_waits(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert send(visitor, _PLACE, _CLAIM) == 303
    [claim] = claims(site)
    assert (claim.right.state, claim.right.classes, sorted(claim.right.territories)) == (
        RightState.CLAIMED,
        (18, 25),
        ["EU", "GB"],
    )
    assert claim.document == stored_digests(site)[0]
    text = words(visitor.get(_PLACE).text)
    assert "Mark “Colline” classes 18, 25 by Camille Duval" in text
    assert "EUIPO 018 EU, GB 2031-05-04 Pending verification certificate.pdf" in text
    file = visitor.get(f"/brand/documents/{claim.document}")
    assert (file.content, file.headers["content-disposition"][:10]) == (PDF, "attachment")


def test_a_document_on_file_carries_another_claim_too(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert send(visitor, "/brand/documents") == 303
    [digest] = stored_digests(site)
    assert visitor.post(_PLACE, {**_CLAIM, "document": digest}).status_code == 303
    assert claims(site)[0].document == digest
    refused = visitor.post(_PLACE, {**_CLAIM, "number": "019", "document": "f" * 64})
    assert refused.status_code == 404
    assert "There is no such document" in words(refused.text)
    assert 'value="019"' in refused.text, "what was typed is not lost"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "patent"}, "Choose whether it is a mark"),
        ({"classes": "18, leather"}, "Classes are numbers"),
        ({"classes": "46"}, "Classes are numbers from 1 to 45"),
        ({"territories": "Europe"}, "is not a territory"),
        ({"territories": ""}, "Name at least one territory"),
        ({"last_day": "tomorrow"}, "Write the day in the form"),
        ({"title": "\u202e"}, "The title must have 1 to 200 characters"),
    ],
)
def test_a_claim_that_cannot_be_is_given_back_with_the_reason(
    site: Site, changes: dict[str, str], sentence: str
) -> None:
    answer = visit_as(site, a_leader(site)).post(_PLACE, {**_CLAIM, **changes})
    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert 'value="EUIPO"' in answer.text
    assert claims(site) == []


def test_what_is_no_document_is_refused(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert send(visitor, "/brand/documents", content=b"<html>") == 422
    assert send(visitor, _PLACE, _CLAIM, b"MZ\x90") == 422
    assert send(visitor, _PLACE, _CLAIM, PDF + b"x" * 2_000_001) == 422
    assert (stored_digests(site), claims(site)) == ([], [])


def test_an_end_is_told_in_time_and_a_refusal_with_its_reason(site: Site) -> None:
    ends = site.clock.now() + timedelta(days=30)
    soon = claim_right(
        site.runtime, NewRight("Aurelle", RightKind.MARK, "Perle", "EUIPO", "1", ("EU",), last_day=ends), by="test"
    )
    settle_rights(site.runtime, site.pair, [soon], RightState.VERIFIED, by="test")
    other = claim_right(site.runtime, NewRight("Aurelle", RightKind.MARK, "Sabline", "EUIPO", "2", ("EU",)), by="test")
    settle_rights(site.runtime, site.pair, [other], RightState.REFUSED, note="Another owner.", by="test")
    text = words(visit_as(site, site.brand_person).get(_PLACE).text)
    assert "1 right expires soon" in text
    assert "The right expires in 30 days. Supply the renewal before then." in text
    assert "Another owner." in text
    site.clock.forward(days=40)
    assert "The right has expired and cannot be used." in words(visit_as(site, site.brand_person).get(_PLACE).text)


def test_the_page_says_where_rights_must_hold(site: Site) -> None:
    visitor = visit_as(site, site.brand_person)
    assert "Bazaar has not stated where it sells." in words(visitor.get(_PLACE).text)
    set_sales_territory(site.runtime, ["FR", "DE"], marketplace=None, by="test")
    assert "where the marketplace sells (DE, FR)" in words(visitor.get(_PLACE).text)


def test_a_right_is_withdrawn_and_taken_along(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    visitor.post(_PLACE, _CLAIM)
    [claim] = claims(site)
    assert visitor.post(f"{_PLACE}/{claim.right.right_id}/withdraw").status_code == 303
    assert claims(site)[0].right.state is RightState.WITHDRAWN
    assert "withdrawn" in visitor.get(f"{_PLACE}.csv").text


def test_who_does_not_lead_reads_and_changes_nothing(site: Site) -> None:
    visitor = visit_as(site, site.brand_person)
    assert "Your account can read this page" in words(visitor.get(_PLACE).text)
    assert send(visitor, _PLACE, _CLAIM) == 403
    assert send(visitor, "/brand/documents") == 403
    right = site.read(rights.rights_of, site.pair)[0].right
    assert visitor.post(f"{_PLACE}/{right.right_id}/withdraw").status_code == 403
    assert (claims(site), stored_digests(site)) == ([], [])


def test_rights_and_documents_of_another_brand_are_not_there(site: Site) -> None:
    digest = keep_document(site.runtime, "Aurelle", "secret.pdf", PDF, by="test")
    right = site.read(rights.rights_of, site.pair)[0].right
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    page = visitor.get(_PLACE).text + visitor.get(f"{_PLACE}.csv").text
    assert "secret.pdf" not in page
    assert "Aurelle" not in page
    for path in (_PLACE, f"{_PLACE}.csv", f"/brand/documents/{digest}"):
        assert visitor.get(f"{path}?of={ours}").status_code == 404
    assert visitor.get(f"/brand/documents/{digest}").status_code == 404
    assert visitor.post(f"{_PLACE}/{right.right_id}/withdraw").status_code == 404
    assert visitor.post(f"{_PLACE}/{right.right_id}/withdraw", {"of": ours}).status_code == 404
    assert send(visitor, _PLACE, {**_CLAIM, "of": ours}) == 404
    assert send(visitor, "/brand/documents", {"of": ours}) == 404
    assert visitor.post(_PLACE, {**_CLAIM, "document": digest}).status_code == 404, "a document of theirs is not ours"
