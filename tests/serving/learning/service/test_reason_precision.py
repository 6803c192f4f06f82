from models.case import CaseLane
from models.verdict import Judgement
from serving.learning.service.reason_precision import Told, reason_precision, told
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site


def test_each_reason_and_rule_counts_once_an_offer_with_what_came_true() -> None:
    found = [
        {
            "version_id": "a",
            "reasons": [["wording", "Like counterfeits", 1.2], ["age", "Known for 3 days", -0.1]],
            "route_reasons": ["Probability 0.40: between 0.24 and 0.60."],
        },
        {
            "version_id": "b",
            "reasons": [["wording", "Like counterfeits, too", 0.4], ["wording", "Again", 0.1]],
            "route_reasons": ["Probability 0.90, at least 0.60.", "Drawn at random for a check, one in 33."],
        },
    ]
    seen = told(found, {"a": True, "b": False})
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for == (Told("wording", "Like counterfeits", 2, 1),)
    assert seen.reasons_against == (Told("age", "Known for 3 days", 1, 1),)
    assert [(one.name, one.labelled, one.counterfeit) for one in seen.rules] == [
        ("Probability", 2, 1),
        ("Drawn at random for a check, one in", 1, 0),
    ]


def test_only_offers_with_a_mature_label_count_by_their_first_score(site: Site) -> None:
    for number, judgement in enumerate((Judgement.COUNTERFEIT, Judgement.GENUINE)):
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}"), judgement)
    a_case(site, external_id="MP-9")
    assert reason_precision(site.runtime, site.marketplace).labelled == 0
    site.clock.forward(days=15)
    seen = reason_precision(site.runtime, site.marketplace)
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for
    assert all(one.labelled <= 2 for one in seen.reasons_for)
