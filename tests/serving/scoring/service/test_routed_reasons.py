"""What people read of the routed listings of a simulated marketplace, held against the facts and the training rows."""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from features.brands import Form
from features.compute import Computed, compute
from features.facts import Facts
from features.fold import fold
from features.lexicon import Kind
from models.bundle import Bundle, from_files, to_files
from models.explanations import TEXT_CODE
from models.phrases import LIFT, SUPPORT, cell_keys, phrases_of
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD
from models.routing import Lane, Thresholds
from models.score import AMBIGUOUS, Score, findings
from serving.scoring.service.scoring import Questions, ToScore, score_and_route
from tests.fixtures.reading_reasons import faults
from training.fit import CounterfeitClassifier
from training.fit_phrases import fit_phrases, stop_words
from training.simulate import START
from training.simulation.market import Market
from training.splits import seller_groups
from training.synthetic import Settings

SIZES = [pytest.param(400, 40, id="small"), pytest.param(4_000, 1_000, marks=pytest.mark.soak, id="a thousand")]
# Low, so that most listings are routed.
_THRESHOLDS = Thresholds(ask_brand_from=0.3, analyst_from=0.03)


@dataclass(frozen=True)
class Played:
    """A marketplace: the listings and labels that its model was trained on, and those that it routed."""

    market: Market
    training: list[Facts]
    labels: list[bool]
    bundle: Bundle
    routed: list[tuple[Computed, Score]]


@cache
def played(listings: int, routed: int) -> Played:
    """Train on the first half of a marketplace, and score and route the second."""
    market = Market(Settings(listings, 11, START, days=90, counterfeit_share=0.25))
    half = len(market.listings) // 2
    training = [one.computed.facts for one in market.listings[:half]]
    labels = np.array([one.truth.counterfeit for one in market.listings[:half]], dtype=np.int8)
    groups, weights = seller_groups([one.seller for one in market.listings[:half]]), np.ones(half)
    model = CounterfeitClassifier(seed=0, threads=2).fit(training, labels, groups=groups)
    references = market.references(market.end)
    files = to_files(
        model.model_,
        thresholds=_THRESHOLDS,
        references=references,
        references_as_of=market.end,
        masking=model.masking_,
        phrases=fit_phrases(training, labels, weights, groups, references.brands.brands.values()),
    )
    rows = [ToScore(one.computed.facts, draw=0.5, already_open=False) for one in market.listings[half:]]
    bundle = from_files(files)
    found = score_and_route(
        rows,
        model=bundle,
        questions=Questions(market.taking_part),
        routing=DEFAULT_ROUTING,
        scorecard=DEFAULT_SCORECARD,
        threads=2,
    )
    shown = [
        (compute(row.facts), one.score)
        for row, one in zip(rows, found, strict=True)
        if one.route.lane is not Lane.NO_ACTION
    ]
    assert len(shown) >= routed
    return Played(market, training, [bool(label) for label in labels], bundle, shown[:routed])


@pytest.mark.parametrize(("listings", "routed"), SIZES)
def test_no_sentence_is_empty_or_contradicts_its_weight_and_all_parts_add_up(listings: int, routed: int) -> None:
    for _, score in played(listings, routed).routed:
        assert faults(score.reasons) == []
        assert abs(math.fsum(one.weight for one in score.reasons) - score.value) <= 1e-9


@pytest.mark.parametrize(("listings", "routed"), SIZES)
def test_hard_evidence_is_shown_wherever_it_is_and_stands_first(listings: int, routed: int) -> None:
    seen = 0
    for found, score in played(listings, routed).routed:
        facts, reading = found.facts, found.evidence.reading
        words = {word for one in score.evidence for word in one.parameters.get("words", ())}
        for kind, matches in reading.kinds.items():
            assert kind is Kind.TRAP or words & {one.words for one in matches}
        addresses = {*reading.addresses.links, *reading.addresses.hidden_links, *reading.addresses.contacts}
        assert bool(addresses) is bool(addresses & words)
        codes = [one.code for one in score.evidence]
        hidden = [one for one in facts.brand.mentions if one.form is not Form.PLAIN]
        assert bool(hidden) is ("brand_disguised" in codes)
        assert bool(reading.invisible) is ("text_invisible" in codes)
        reference, log_price = facts.price.brand_category, facts.price.log_price
        if reference is not None and log_price is not None and log_price - reference.log_median < math.log(0.35):
            assert "price_to_brand_category.below" in codes
        hard = [one for one in score.evidence if one.code != AMBIGUOUS]
        assert list(findings(score.evidence, score.reasons)[: len(hard)]) == hard
        seen += bool(hard)
    assert seen > routed / 10


@pytest.mark.parametrize(("listings", "routed"), SIZES)
def test_a_price_at_four_percent_of_the_median_is_always_a_reason(listings: int, routed: int) -> None:
    one = played(listings, routed)
    cheap = []
    for found, _ in one.routed:
        reference = found.facts.price.brand_category or found.facts.price.category
        if reference is not None:
            price = replace(found.facts.price, log_price=reference.log_median + math.log(0.04))
            cheap.append(compute(replace(found.facts, price=price)))
    assert len(cheap) > routed / 2
    for score in one.bundle.score_many(cheap):
        assert {"price_to_brand_category.below", "price_to_category.below"} & {found.code for found in score.evidence}


@pytest.mark.parametrize(("listings", "routed"), SIZES)
def test_quoted_phrases_have_support_and_lift_and_name_no_goods(listings: int, routed: int) -> None:
    one = played(listings, routed)
    rows = [
        (set(cell_keys(facts)), phrases_of(facts).keys(), fake)
        for facts, fake in zip(one.training, one.labels, strict=True)
    ]
    brands = {word for name in one.market.names.values() for word in fold(name).split()}
    quoted = 0
    for found, score in one.routed:
        category = set(fold(found.facts.listing.product_type or "").replace(">", " ").split())
        phrases = [
            word for part in score.reasons if part.code == TEXT_CODE for word in part.message.parameters["words"]
        ]
        for phrase in phrases:
            counts = [
                [(phrase in having, fake) for cells, having, fake in rows if cell in cells]
                for cell in cell_keys(found.facts)
            ]
            deciding = next(some for some in counts if sum(having for having, _ in some) >= SUPPORT)
            with_phrase = [fake for having, fake in deciding if having]
            share = sum(fake for _, fake in deciding) / len(deciding)
            assert sum(with_phrase) / len(with_phrase) >= LIFT * share
            assert not set(phrase.split()) & (brands | category | stop_words())
            quoted += 1
    assert quoted or routed < 1_000
