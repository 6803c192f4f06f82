from features.message import as_json, message
from models.case import CaseLane
from models.score import OTHER, Reason, reason_as_json, remainder
from models.verdict import Judgement
from serving.learning.service.reason_precision import Told, reason_precision, told
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import visit_as, words


def test_each_reason_and_rule_counts_once_a_listing_with_what_came_true() -> None:
    like, young = message("wording", words=("mirror",)), message("seller_age", n=3)
    middle, high, audit = message("route.middle"), message("route.high.no_brand"), message("route.audit", n=33)
    found = [
        {
            "version_id": "a",
            "reasons": [
                reason_as_json(one)
                for one in (Reason("wording", like, 1.2), Reason("age", young, -0.1), remainder(OTHER, 0.3))
            ],
            "route_reasons": [as_json(middle)],
        },
        {
            "version_id": "b",
            "reasons": [
                reason_as_json(Reason("wording", message("wording", words=("1:1",)), 0.4)),
                reason_as_json(Reason("wording", like, 0.1)),
            ],
            "route_reasons": [as_json(high), as_json(audit), as_json(middle)],
        },
    ]
    seen = told(found, {"a": True, "b": False})
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for == (Told("wording", like, 2, 1),)
    assert seen.reasons_against == (Told("age", young, 1, 1),)
    assert [(one.name, one.labelled, one.counterfeit) for one in seen.rules] == [
        ("route.middle", 2, 1),
        ("route.audit", 1, 0),
        ("route.high.no_brand", 1, 0),
    ]


def test_only_listings_with_a_mature_label_count_by_their_first_score(site: Site) -> None:
    for number, judgement in enumerate((Judgement.COUNTERFEIT, Judgement.GENUINE)):
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}"), judgement)
    a_case(site, external_id="MP-9")
    assert reason_precision(site.runtime, site.marketplace).labelled == 0
    site.clock.forward(days=15)
    seen = reason_precision(site.runtime, site.marketplace)
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for
    assert all(one.labelled <= 2 for one in seen.reasons_for)


def test_a_rule_is_one_row_whatever_seller_it_names() -> None:
    named = {seller: message("relist.linked_newcomer", seller=seller) for seller in ("ann", "bo", "cleo")}
    found = [{"version_id": one, "reasons": [], "route_reasons": [as_json(rule)]} for one, rule in named.items()]
    (only,) = told(found, {"ann": True, "bo": True, "cleo": False}).rules
    assert (only.name, only.labelled, only.counterfeit) == ("relist.linked_newcomer", 3, 2)


def test_the_page_names_a_rule_by_its_sentence_and_not_by_its_code(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-1"), Judgement.GENUINE)
    site.clock.forward(days=15)
    text = words(visit_as(site, site.data_scientist).get("/models/live").text)
    assert "… points on the starter scorecard, at or above …. Points are not calibrated. Example:" in text
    assert "1 scored listing with a mature label" in text
    assert "route.points" not in text
