"""The effect of the label and weight rules where only reviewed listings have labels (simulated).

Before the first model, the starter scorecard flags, analysts review the flagged listings and a random slice of 3 %, and
brands answer for half of the houses. The models are evaluated on the truth of 6,000 listings of unseen sellers. With
-s, the test prints the table of ADR 13.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pytest

from features.brands import BrandRegister
from features.compute import compute
from features.facts import Facts
from features.listing import Listing, check
from models.arrays import Floats, Labels
from models.labels import AppealState, GivenVerdict, Label, label_from
from models.policies.deciding import DEFAULT_SCORECARD
from models.policies.learning import DEFAULT_LABELS, LabelPolicy, WeightPolicy
from models.scorecard import score_by_points
from models.verdict import Judgement, Side
from training.evaluate import metrics
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.fit.weighting import training_weights
from training.simulation.synthetic import Settings, Truth, analyst_answer, brand_answer, build_world, evaluation_set
from training.snapshots.references import OfflineReferences
from training.snapshots.snapshot import SnapshotRow

SEEDS: Final = 5
START: Final = datetime(2025, 6, 1, tzinfo=UTC)
NOW: Final = START + timedelta(days=210)
AUDIT_SHARE: Final = 0.03
FLAGGED_FROM: Final = 20.0
ALONE = replace(DEFAULT_LABELS, unconfirmed_positive_weight=DEFAULT_LABELS.one_reviewer_weight)
UNHELD = WeightPolicy(source_share=1.0, slice_share=1.0)


@dataclass(frozen=True, slots=True)
class ReviewedListing:
    """A reviewed listing with all its verdicts, including a second review if one was due."""

    facts: Facts
    drawn: bool
    text: tuple[GivenVerdict, ...]


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """The figures of a model on the truth."""

    ap: float
    recall: float
    calibration_error: float


def review_listings(
    facts: Sequence[Facts], truths: Sequence[Truth], random: np.random.Generator
) -> list[ReviewedListing]:
    """All flagged listings and a sample of the rest, with verdicts of the synthetic marketplace's people."""
    cases = []
    for number, (listing_facts, truth) in enumerate(zip(facts, truths, strict=True)):
        drawn = score_by_points(compute(listing_facts), policy=DEFAULT_SCORECARD, fingerprint="").value < FLAGGED_FROM
        if drawn and random.random() >= AUDIT_SHARE:
            continue
        house = listing_facts.brand.brand_id
        asked_brand = house if house is not None and int(house) % 2 else None
        first = _analyst(number, truth, random, "first", drawn=drawn)
        lines = [first]
        if asked_brand and (not drawn or first.judgement is Judgement.COUNTERFEIT):
            answer = brand_answer(truth, random)
            lines += [_verdict(number, Judgement(answer.verdict), Side.BRAND, "brand", asked_brand)] if answer else []
        if drawn and first.judgement is Judgement.COUNTERFEIT:
            second = _analyst(number, truth, random, "second", drawn=False)
            lines.append(replace(second, second_review=True, user_id=f"second-{second.user_id}"))
        cases.append(ReviewedListing(listing_facts, drawn, tuple(lines)))
    return cases


def _analyst(number: int, truth: Truth, random: np.random.Generator, when: str, *, drawn: bool) -> GivenVerdict:
    judgement = Judgement(analyst_answer(truth, random).verdict)
    return replace(_verdict(number, judgement, Side.ANALYST, f"{when}-{random.integers(4)}", None), drawn=drawn)


def _verdict(number: int, judgement: Judgement, side: Side, who: str, brand_id: str | None) -> GivenVerdict:
    return GivenVerdict(f"vdt_{number}_{who}", judgement, side, who, START, superseded=False, brand_id=brand_id)


def label_cases(
    cases: Sequence[ReviewedListing], policy: LabelPolicy, *, second_reviews: bool
) -> tuple[list[SnapshotRow], list[Facts]]:
    """The rows that the label rule makes of the verdicts."""
    rows, facts = [], []
    for number, case in enumerate(cases):
        lines = [verdict for verdict in case.text if second_reviews or not verdict.second_review]
        label = label_from(lines, AppealState.NONE, as_of=NOW, policy=policy)
        if not isinstance(label, Label):
            continue
        seller = case.facts.listing.seller.external_id
        row = SnapshotRow(
            version_id=f"ver_{number}",
            listing_id=f"lst_{number}",
            known_at=START,
            seller=seller,
            seller_cluster=seller,
            brand_id=case.facts.brand.brand_id,
            lane="audit" if case.drawn else "analyst",
            inclusion_probability=AUDIT_SHARE if case.drawn else 1.0,
            label=label.target,
            weight=label.weight,
            evidence_level=label.evidence_level.value,
            matured_at=label.matured_at,
            provenance=label.provenance,
            sources=label.sources,
            audit_entries=(1,),
            facts="",
        )
        rows.append(row)
        facts.append(case.facts)
    return rows, facts


SCHEMES: Final[Mapping[str, tuple[LabelPolicy, bool, WeightPolicy]]] = {
    "unweighted reviewed rows": (ALONE, False, replace(UNHELD, most_weight=1.0)),
    "propensity, unconfirmed positives teach": (ALONE, False, UNHELD),
    "propensity uncapped, unconfirmed positives teach": (ALONE, False, replace(UNHELD, most_weight=1e9)),
    "unconfirmed positives need a second review": (DEFAULT_LABELS, True, UNHELD),
    "and sources are capped": (DEFAULT_LABELS, True, WeightPolicy()),
}


def measure_schemes(seed: int) -> dict[str, ModelFigures]:
    """Each scheme on one marketplace."""
    settings = Settings(listings=8_000, seed=seed, start=START)
    world = build_world(settings)
    houses = [replace(house.brand, brand_id=str(number)) for number, house in enumerate(world.brands)]
    listings: dict[str, Listing] = {}
    for sent in world.sent:
        listing = check(sent.row, received_at=sent.at)
        if isinstance(listing, Listing) and listing.external_id in world.truth:
            listings.setdefault(listing.external_id, listing)
    offline = OfflineReferences(list(listings.values()), BrandRegister(houses))
    facts = [
        offline.facts(listing, as_of=NOW, marketplace="simulated", took_part=True) for listing in listings.values()
    ]
    cases = review_listings(facts, [world.truth[name] for name in listings], np.random.default_rng(seed))
    unseen, truth = evaluation_set(settings, 6_000)
    unseen_facts = [offline.facts(listing, as_of=NOW, marketplace="simulated", took_part=False) for listing in unseen]
    return {
        name: _learn(cases, policy, unseen_facts, truth, second_reviews=looks, weighting=weighting)
        for name, (policy, looks, weighting) in SCHEMES.items()
    }


def _learn(
    cases: Sequence[ReviewedListing],
    policy: LabelPolicy,
    unseen_facts: Sequence[Facts],
    truth: Labels,
    *,
    second_reviews: bool,
    weighting: WeightPolicy,
) -> ModelFigures:
    rows, facts = label_cases(cases, policy, second_reviews=second_reviews)
    labels = np.array([row.label for row in rows], dtype=np.int8)
    model = CounterfeitClassifier(seed=0, threads=1).fit(
        ListingRows.of(facts),
        labels,
        groups=seller_groups([row.seller for row in rows]),
        sample_weight=training_weights(rows, facts, weighting).values,
    )
    probabilities: Floats = model.predict_proba(ListingRows.of(unseen_facts))[:, 1]
    return ModelFigures(
        metrics.average_precision(truth, probabilities),
        metrics.recall_at(truth, probabilities, false_alarms=0.01),
        metrics.calibration_error(truth, probabilities),
    )


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_an_unconfirmed_positive_needs_a_second_reviewer(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [measure_schemes(seed) for seed in range(SEEDS)]
    mean = {
        name: ModelFigures(
            *(float(np.mean([getattr(run[name], figure) for run in runs])) for figure in ModelFigures.__slots__)
        )
        for name in SCHEMES
    }
    with capsys.disabled():
        print(f"\n{'simulated, mean of ' + str(SEEDS) + ' seeds':45} {'AP':>6} {'recall':>7} {'calibration':>12}")  # noqa: T201
        for name, figures in mean.items():
            print(f"{name:45} {figures.ap:6.3f} {figures.recall:7.3f} {figures.calibration_error:12.4f}")  # noqa: T201
    naive, shipped = mean["propensity, unconfirmed positives teach"], mean["and sources are capped"]
    assert shipped.ap > naive.ap
    assert shipped.recall > naive.recall
    assert shipped.calibration_error < 0.5 * naive.calibration_error
    assert shipped.calibration_error < 0.5 * mean["unweighted reviewed rows"].calibration_error
