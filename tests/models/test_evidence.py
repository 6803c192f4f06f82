import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from features.compute import NAMES, compute, matrix
from features.facts import Facts
from features.history import History, Outcomes
from features.lexicon import Kind
from features.near_duplicates import NearDuplicates
from models.bundle import from_files
from models.classifier import Classifier, Join
from models.errors import BundleRefused
from models.evidence import hard_evidence, named_evidence
from models.messages.english import in_english
from models.points import Points
from models.policies.deciding import DEFAULT_SCORECARD, Rule, ScorecardPolicy
from models.routing import EvidenceFamily, suffices
from models.score import findings, named_parts
from models.scorecard import score_by_points
from tests.fixtures import strategies
from tests.fixtures.facts import A_HISTORY, a_full_listing, bare_facts, facts_of, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import BENT, a_bundle, a_classifier, bundle_files
from tests.fixtures.strategies import PROPERTY
from tests.models.test_bundle import resealed_files


def codes(facts: Facts) -> list[str]:
    row = compute(facts)
    return [message.code for message in hard_evidence(row.evidence, row.vector)]


def sentences(facts: Facts) -> list[str]:
    row = compute(facts)
    return [in_english(message) for message in hard_evidence(row.evidence, row.vector)]


def test_a_suspect_listing_is_read_from_the_plainest_evidence_to_the_least() -> None:
    assert sentences(suspect_facts(history=A_HISTORY)) == [
        "Replica-grade wording: “1:1 mirror”, “mirror quality”, “1:1”.",
        "Brand name in obfuscated spelling: Aurelle.",
        "Invitations to contact the seller off-platform: “+86 138 0013 8000”, “whatsapp”.",
        "Contact details in the text: “+86 138 0013 8000”.",
        "The text shares 100% with a listing of this seller that was found counterfeit.",
        "The text shares 91% with another seller's listing that was found counterfeit.",
        "2 earlier listings of the seller were confirmed counterfeit.",
        "1 of 2 linked sellers had listings confirmed counterfeit.",
        "The price is 84% below the brand's list price for Colline (540 EUR).",
        "The price is 82% below the median of 20 listings of this brand and category.",
        "The price is 80% below the median of 3 near-duplicates of other sellers.",
        "Wording that proves nothing by itself: “factory direct”.",
    ]


def test_an_ordinary_listing_has_none() -> None:
    assert codes(some_facts(description="Worn twice.")) == codes(bare_facts()) == []


def test_wording_of_honest_sellers_is_named_as_such_and_stands_last() -> None:
    assert sentences(some_facts()) == ["Wording that proves nothing by itself: “with dust bag”."]


COPIED = History(near_duplicates=NearDuplicates(listings=1, counterfeit=1, nearest=0.8, nearest_counterfeit=0.8))
EVIDENCE: list[tuple[str, Facts, str]] = [
    ("price_to_brand_category.below", some_facts(price="20.00"), "4 % of the median of the brand"),
    (
        "price_to_category.below",
        some_facts(brand="Nobody", title="A tote", price="8.00"),
        "4 % of that of the category",
    ),
    ("price_to_list.below", some_facts(price="100.00"), "a fifth of the list price"),
    ("text_replica_grade", some_facts(title="Aurelle tote, mirror quality"), "the lexicon"),
    ("text_inspired", some_facts(description="A dupe of the Colline."), "the lexicon"),
    ("text_overclaim", some_facts(description="100% authentic guaranteed"), "the lexicon"),
    ("text_no_papers", some_facts(description="Sold without box, no receipt"), "the lexicon"),
    ("brand_disguised", some_facts(title="Au\u200brelle tote", brand=None), "a name with a mark inside"),
    ("text_invisible", some_facts(title="Aurelle to\u200bte"), "a mark inside a word"),
    ("text_mixed_words", some_facts(title="Aurelle tоte"), "a Cyrillic letter"),
    ("brand_near_miss", some_facts(title="Aurele tote", brand=None), "a letter missing"),
    ("text_contact", some_facts(description="Write to us on whatsapp"), "the lexicon"),
    ("text_contacts", some_facts(description="Write to bags@example.com"), "an address"),
    ("text_hidden_links", some_facts(description="See bags dot com for more"), "a hidden address"),
    ("text_links", some_facts(description="See https://bags.example/tote"), "an address"),
    ("likeness_counterfeit", some_facts(history=COPIED), "the text of a confirmed counterfeit"),
    (
        "brand_tell_tales_of_counterfeits",
        some_facts(description="Serial number on the strap."),
        "the brand's own indicator",
    ),
    ("text_ambiguous", some_facts(title="Aurelle tote, genuine"), "a word that honest sellers use too"),
]


@pytest.mark.parametrize(("code", "facts", "_why"), EVIDENCE, ids=[f"{row[0]}: {row[2]}" for row in EVIDENCE])
def test_evidence_is_shown_where_it_is(code: str, facts: Facts, _why: str) -> None:
    assert code in codes(facts)


NONE: list[tuple[str, Facts, str]] = [
    ("price_to_brand_category.below", some_facts(price="180.00"), "36 % of the median: a good price"),
    ("price_to_category.below", some_facts(price="20.00"), "the brand's own median says more"),
    ("price_to_category.below", some_facts(brand="Nobody", title="A tote", price="50.00"), "a cheap brand"),
    ("text_overclaim", some_facts(title="Aurelle tote, genuine"), "ambiguous wording stands last"),
    ("brand_near_miss", some_facts(title="Nordfel tote", brand=None), "two letters are too often another word"),
    ("likeness_counterfeit", some_facts(history=History(near_duplicates=NearDuplicates())), "no copy of a counterfeit"),
]


@pytest.mark.parametrize(("code", "facts", "_why"), NONE, ids=[f"{row[0]}: {row[2]}" for row in NONE])
def test_what_proves_little_is_no_hard_evidence(code: str, facts: Facts, _why: str) -> None:
    assert code not in codes(facts)


NAMED: list[tuple[Facts, set[str], str]] = [
    (some_facts(price="100.00"), {"price"}, "a fifth of both prices"),
    (some_facts(price="20.00"), set(), "a tenth: the price of other goods"),
    (some_facts(price="100.00", title="Strap compatible with the Aurelle Colline"), set(), "the price of a part"),
    (some_facts(brand="Nobody", title="A tote", price="8.00"), set(), "a category holds cheap and dear brands"),
    (some_facts(title="Aurelle tote, mirror quality"), {"wording"}, "precise and rare"),
    (
        some_facts(description="A dupe of the Colline, 100% authentic guaranteed, no receipt"),
        set(),
        "honest sellers too",
    ),
    (some_facts(title="Aurele tote", brand=None), {"brand"}, "a misspelt name"),
    (some_facts(title="Au\u200brelle tote", brand=None), {"obfuscation"}, "a hidden name evades a search"),
    (some_facts(description="Write to bags@example.com"), {"contact"}, "an address"),
    (some_facts(history=COPIED), {"copy"}, "the text of a confirmed counterfeit"),
    (some_facts(history=History(outcomes=Outcomes(counterfeit=1, genuine=0))), {"seller"}, "judged before"),
    (some_facts(description="Serial number on the strap."), {"indicator"}, "the brand names it"),
    (some_facts(fake_returns={"d30": 1}), {"returns"}, "a buyer sent it back"),
    (some_facts(photos_count=0, title="AURELLE TOTE 12345"), set(), "photographs and letters are no reasons"),
]


@pytest.mark.parametrize(("facts", "families", "_why"), NAMED, ids=[row[2] for row in NAMED])
def test_named_evidence_is_a_closed_list(facts: Facts, families: set[str], _why: str) -> None:
    row = compute(facts)
    assert set(named_evidence(row.evidence, row.vector)) == families


def test_one_finding_that_convinces_suffices_or_two_of_the_others() -> None:
    alone = {family for family in EvidenceFamily if suffices([family])}
    assert alone == {"copy", "seller", "returns"}
    assert suffices([EvidenceFamily.PRICE, EvidenceFamily.WORDING])
    assert not suffices([EvidenceFamily.PRICE, EvidenceFamily.PRICE])
    assert not suffices([])


PRESENT = {
    "brand_disguised": "brand_disguised",
    "text_mixed_words": "text_mixed_words",
    "text_invisible": "text_invisible",
    "text_contacts": "text_contacts",
    "text_hidden_links": "text_hidden_links",
    "text_links": "text_links",
    "likeness_own_counterfeit": "likeness_own_counterfeit",
    "likeness_counterfeit": "likeness_counterfeit",
}


@PROPERTY
@given(strategies.facts())
def test_lexicon_obfuscation_contact_and_confirmed_copies_are_always_shown(facts: Facts) -> None:
    row = compute(facts)
    shown = {message.code: message for message in hard_evidence(row.evidence, row.vector)}
    values: dict[str, Any] = dict(zip(NAMES, row.vector, strict=True))
    assert {name for name in PRESENT if values[name] > 0} <= shown.keys()
    words = {word for message in shown.values() for word in message.parameters.get("words", ())}
    for kind, matches in row.evidence.reading.kinds.items():
        assert kind is Kind.TRAP or words & {match.words for match in matches}
    for name, share in (("price_to_brand_category", 0.04), ("price_to_list", 0.04)):
        assert not values[name] <= np.log(share) or f"{name}.below" in shown


def test_evidence_needs_no_value_of_a_feature_that_is_missing() -> None:
    blank = replace(compute(suspect_facts()), vector=np.full(len(NAMES), np.nan))
    assert {message.code for message in hard_evidence(blank.evidence, blank.vector)} == {"text_ambiguous"}


ONLY: list[tuple[Facts, list[str], str]] = [
    (
        some_facts(description="Write to bags@example.com"),
        ["Contact details in the text: “bags@example.com”."],
        "a contact",
    ),
    (
        facts_of(
            a_full_listing(title="Aurelle tote", price="20.00", list_price=None, gtin=None, mpn=None, description=None),
            history=replace(A_HISTORY, near_duplicates=None),
        ),
        [
            "2 earlier listings of the seller were confirmed counterfeit.",
            "1 of 2 linked sellers had listings confirmed counterfeit.",
            "The price is 93% below the brand's list price for its cheapest goods in Bags (300 EUR).",
            "The price is 96% below the median of 20 listings of this brand and category.",
        ],
        "a price at 4 % of the median, where all else is known and ordinary",
    ),
]


@pytest.mark.parametrize(("facts", "expected", "_why"), ONLY)
@pytest.mark.parametrize("accusing", [True, False])
def test_the_only_hard_evidence_stands_before_every_reason(
    facts: Facts, expected: list[str], _why: str, accusing: bool
) -> None:
    (score,) = a_bundle().score_many([compute(facts)])
    assert named_parts(score.reasons)
    assert [in_english(message) for message in score.evidence] == expected
    assert findings(score.evidence, score.reasons, accusing=accusing)[: len(expected)] == score.evidence


# The scorecard as a part of the model: the same points, shared among features, exactly.

ONLY_CHEAP = some_facts(price="60.00", condition="new")
FACTS = [some_facts(), full_facts(), bare_facts(), suspect_facts(), ONLY_CHEAP]
LISTINGS = [facts.listing for facts in FACTS]
MATRIX = matrix(FACTS)


def points(policy: ScorecardPolicy = DEFAULT_SCORECARD, weight: float = 0.9) -> Points:
    return Points(policy.rules, policy.price_alone_at_most, weight, 12.5, 20.0)


def by_scorecard(facts: Facts, policy: ScorecardPolicy = DEFAULT_SCORECARD) -> float:
    return score_by_points(compute(facts), policy=policy, fingerprint="f").value


def test_they_are_the_points_of_the_scorecard() -> None:
    expected = [by_scorecard(facts) for facts in FACTS]
    assert points().sums(MATRIX, LISTINGS) == pytest.approx(expected, abs=1e-9)
    assert expected[-1] == DEFAULT_SCORECARD.price_alone_at_most, "a low price alone is capped"


@given(strategies.facts())
def test_they_are_the_points_of_any_listing(facts: Facts) -> None:
    assert points().sums(matrix([facts]), [facts.listing])[0] == pytest.approx(by_scorecard(facts), abs=1e-9)


@pytest.mark.parametrize("condition", ["new", "used", None])
def test_points_for_new_goods_are_for_new_goods(condition: str | None) -> None:
    rule = Rule("price_to_brand_category", -math.inf, math.inf, 7, new_only=True)
    policy = ScorecardPolicy(rules=(rule,), price_alone_at_most=100)
    facts = some_facts(condition=condition)
    assert points(policy).sums(matrix([facts]), [facts.listing]).tolist() == [7.0 if condition == "new" else 0.0]


def test_one_row_has_what_it_has_among_others() -> None:
    scorecard_points = points()
    alone = [scorecard_points.row_value(MATRIX[i], LISTINGS[i]) for i in range(len(FACTS))]
    assert alone == scorecard_points.values(MATRIX, LISTINGS).tolist()


def test_they_belong_to_the_features_of_their_rules() -> None:
    parts, constant = points().parts(MATRIX, LISTINGS)
    assert parts.sum(axis=1) + constant == pytest.approx(points().values(MATRIX, LISTINGS), abs=1e-12)
    used = {NAMES.index(rule.feature) for rule in DEFAULT_SCORECARD.rules}
    assert set(np.flatnonzero(parts.any(axis=0)).tolist()) <= used
    capped = parts[-1][parts[-1] != 0]
    assert capped.sum() == pytest.approx(0.9 / 20.0 * DEFAULT_SCORECARD.price_alone_at_most)


def with_points(join: Join) -> Classifier:
    return replace(a_classifier(join, BENT), points=points())


@pytest.mark.parametrize("join", Join)
def test_a_model_with_them_is_explained_exactly(join: Join) -> None:
    model = with_points(join)
    parts = model.contributions(MATRIX, LISTINGS)
    total = parts.features.sum(axis=1) + parts.text + parts.base
    assert total == pytest.approx(model.log_odds(MATRIX, LISTINGS), abs=1e-9)


@pytest.mark.parametrize("join", Join)
def test_a_model_with_them_scores_one_row_as_in_a_batch(join: Join) -> None:
    model = with_points(join)
    one_by_one = [model.calibrate(MATRIX[i], LISTINGS[i]).log_odds for i in range(len(FACTS))]
    assert one_by_one == model.log_odds(MATRIX, LISTINGS).tolist()


def test_a_model_adds_them_to_its_value() -> None:
    without = a_classifier(Join.OFFSET, BENT).values(MATRIX, LISTINGS)
    added = with_points(Join.OFFSET).values(MATRIX, LISTINGS) - without
    assert added == pytest.approx(points().values(MATRIX, LISTINGS), abs=1e-12)


def test_they_come_back_whole_from_a_bundle() -> None:
    assert from_files(bundle_files(points=points())).classifier.points == points()
    assert from_files(bundle_files()).classifier.points is None


DAMAGES: list[Callable[[dict[str, Any]], object]] = [
    lambda fields: fields.pop("weight"),
    lambda fields: fields.update(weight=-0.1),
    lambda fields: fields.update(weight=True),
    lambda fields: fields.update(spread=0),
    lambda fields: fields.update(mean=None),
    lambda fields: fields.update(more=1),
    lambda fields: fields.update(rules=7),
    lambda fields: fields.update(rules=fields["rules"] * 100),
    lambda fields: fields["rules"].append(["no_such_feature", 0, 1, 5, False]),
    lambda fields: fields["rules"].append(["seller_age", 0, 1, 5]),
    lambda fields: fields["rules"].append(["seller_age", 0, 1, "5", False]),
    lambda fields: fields["rules"].append(["seller_age", 0, 1, 5, 0]),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_ones_are_refused(damage: Callable[[dict[str, Any]], object]) -> None:
    files = bundle_files(points=points())
    document = json.loads(files["model.json"])
    damage(document["points"])
    with pytest.raises(BundleRefused, match="does not hold what it should"):
        from_files(resealed_files({**files, "model.json": json.dumps(document).encode()}))
