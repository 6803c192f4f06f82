"""Near-duplicates on the queue and on each case of a cluster."""

import re
from typing import Any

from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import visit_as, words

TEXT: dict[str, Any] = {
    "title": "Aurelle monogram shoulder bag, mirror quality",
    "description": "Same canvas and the same hardware as in the boutique, with box, cards and dust bag, fast dispatch.",
}


def test_every_case_of_a_near_duplicate_cluster_shows_the_others(site: Site) -> None:
    """The listing that came first was scored when it had no near-duplicate."""
    cases = [
        a_case(site, external_id=f"MP-{i}", seller={"external_id": f"seller-{i}", "age_days": 9}, **TEXT)
        for i in range(3)
    ]
    visitor = visit_as(site, site.second_analyst)
    assert "3 listings, 3 sellersDecide clusterNear-duplicate text." in words(visitor.get("/queue").text)
    for case in cases:
        page = visitor.get(f"/cases/{case.case_id}").text
        others = {member.case_id for member in cases} - {case.case_id}
        assert others <= set(re.findall(r'href="/cases/([^"?/]+)"', page)), case.case_id
        assert f"/cases/bulk?cluster={case.case_id}" in page
    first = words(visitor.get(f"/cases/{cases[0].case_id}").text)
    assert "No near-duplicate listing was known at scoring time. Known only since scoring:" in first
    assert "Known only since scoring" not in words(visitor.get(f"/cases/{cases[2].case_id}").text)
    for case in cases:
        together = visitor.get(f"/cases/bulk?cluster={case.case_id}").text
        assert set(re.findall(r'name="case:([^"]+)"', together)) == {member.case_id for member in cases}


def test_a_cluster_counts_the_listings_with_near_duplicate_text(site: Site) -> None:
    for number in range(2):
        a_case(site, external_id=f"MP-{number}", seller={"external_id": "ann", "age_days": 9}, **TEXT)
    words_apart: dict[str, Any] = {
        "title": "Aurelle belt 1:1",
        "description": "Brown leather with a plain steel buckle, never worn. Write to bags@example.com.",
    }
    a_case(site, external_id="MP-9", seller={"external_id": "ann", "age_days": 9}, **words_apart)
    text = words(visit_as(site, site.second_analyst).get("/queue").text)
    assert "3 listings, 1 sellerDecide clusterNear-duplicate text (2 of 3) and same seller." in text
