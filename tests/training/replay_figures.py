"""The cost of each transform for a model of the simulated marketplace, measured with the real replay.

`python -m tests.training.replay_figures [LISTINGS] [SEEDS]` prints the table of the ADR on rewritten listings. The
sellers have no recorded history, so the model mostly depends on text and price.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from features.brands import BrandRegister
from features.references import Rates, References
from models.policies.learning import DEFAULT_GATES
from training.fit import CounterfeitClassifier
from training.operating import choose_thresholds
from training.references import OfflineReferences
from training.replay_gate import HeldOut, Replayed, replay
from training.splits import seller_groups
from training.synthetic import PER_EURO, Settings, build, evaluation_set

LISTINGS: Final = 24_000
SEEDS: Final = 5
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_HONEST_SHARE: Final = 0.2  # All counterfeits, and as many rows as people would have reviewed.


def candidate(listings: int, seed: int) -> tuple[CounterfeitClassifier, HeldOut, References]:
    """A model fitted on the listings of six sellers in ten, and the listings of the others."""
    settings = Settings(listings=listings, seed=seed, start=_START)
    drawn, truth = evaluation_set(settings, listings)
    random = np.random.default_rng([seed, 1])
    kept = np.flatnonzero((truth == 1) | (random.random(listings) < _HONEST_SHARE))
    labels, groups = truth[kept], seller_groups([drawn[i].seller.external_id for i in kept])
    fitted = random.random(int(groups.max()) + 1)[groups] < 0.6
    register = BrandRegister([one.brand for one in build(settings).brands])
    rates = Rates("EUR", {currency: 1 / per_euro for currency, per_euro in PER_EURO.items()})
    offline = OfflineReferences([drawn[i] for i in kept[fitted]], register, rates)
    as_of = _START + timedelta(days=settings.days)
    facts = [
        offline.facts(drawn[i], as_of=as_of, marketplace="simulated", took_part=bool(took_part))
        for i, took_part in zip(kept, fitted, strict=True)
    ]
    model = CounterfeitClassifier(seed=seed)
    model.fit([facts[i] for i in np.flatnonzero(fitted)], labels[fitted], groups=groups[fitted])
    shown_from = choose_thresholds(
        labels[fitted], model.model_.calibration.probabilities(model.out_of_fold_), np.ones(int(fitted.sum()))
    ).analyst_from
    others = np.flatnonzero(~fitted)
    held_out = HeldOut([facts[i] for i in others], labels[others], groups[others], np.ones(len(others)), shown_from)
    return model, held_out, offline.references()


def figures(listings: int, seed: int) -> tuple[Replayed, ...]:
    """Every transform, applied to one market's candidate."""
    model, held_out, references = candidate(listings, seed)
    return replay(held_out, lambda some, _rows: model.predict_proba(some)[:, 1], references, DEFAULT_GATES, seed=seed)


def pooled(listings: int, seeds: Sequence[int]) -> list[Replayed]:
    """The figures of several markets and their models, unweighted; intervals end at the worst seed."""
    runs = [figures(listings, seed) for seed in seeds]
    return [_together(ways) for ways in zip(*runs, strict=True)]


def _together(ways: Sequence[Replayed]) -> Replayed:
    listings = [one.listings for one in ways]
    before, after, worse = (
        float(np.average([getattr(one, name) for one in ways], weights=listings))
        for name in ("before", "after", "worse")
    )
    least = max(one.worse_at_least for one in ways)
    effective = sum(one.effective for one in ways)
    return Replayed(ways[0].name, ways[0].honest, sum(listings), effective, before, after, worse, least)


def main(listings: int, seeds: int) -> None:
    """Print the table."""
    print("| simulated | listings | shown before | after | worse by | at least, worst seed |")  # noqa: T201  # the result
    print("| --- | --- | --- | --- | --- | --- |")  # noqa: T201  # as above
    for one in pooled(listings, range(seeds)):
        name = f"honest, {one.name}" if one.honest else one.name
        cells = f"{one.listings:,} | {one.before:.1%} | {one.after:.1%} | {one.worse:+.3f} | {one.worse_at_least:+.3f}"
        print(f"| {name} | {cells} |")  # noqa: T201  # as above


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LISTINGS, int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS)
