"""Average precision by number of labels: `python -m tests.training.simulation.label_curves FILE --seeds 10`.

All of it is simulated. In the marketplace of each seed the service asks as in `training.simulation`: about the
worst-looking new listings, and about a random sample of the others. Labels are known at once. It is trained at each
number of labels and at no other time. Every method is judged on listings of sellers never sent, whose suppliers are
new. FILE gets a line for each seed and number of labels, and what it has is not judged again. docs/simulation.md has
the tables.
"""

import argparse
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features.compute import ComputedFeatures
from features.facts import Facts
from features.history import History
from features.listing import Listing
from models.arrays import Floats, Labels
from models.bundle import from_files
from models.case import CaseLane
from models.labels import Label
from models.points import DEFAULT_POINTS
from models.policies.learning import DEFAULT_GATES
from training.evaluate import metrics
from training.evaluate.baselines import fit_predict_field_text, fit_predict_numbers, rank_average, raw_numbers
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.fit.weighting import represented_listings, suppliers, training_weights
from training.gates.gate import was_compared
from training.gates.incumbent import IncumbentScorer
from training.runs.pipeline import train
from training.simulation.arms import ARMS
from training.simulation.learning import label_of, snapshot_of
from training.simulation.market import NOBODY_JUDGED, Market
from training.simulation.people import settle
from training.simulation.simulate import START
from training.simulation.synthetic import Settings, evaluation_set
from training.simulation.year import STEP, Case, Year
from training.snapshots.snapshot import Snapshot, SnapshotRefused
from training.snapshots.soundness import refuse_too_few

SIZES: Final = (50, 100, 200, 500, 1_000, 3_000)
PRODUCT, MODEL = "what the service uses", "its fitted model"
SCORECARD, PEER, UNCERTAIN, UNCERTAIN_LINEAR = (
    "scorecard", "fair peer", "uncertainty sampling, fair peer", "uncertainty sampling, logistic regression",
)  # fmt: skip
OURS: Final = (PRODUCT, MODEL)
OTHERS: Final = (SCORECARD, PEER, UNCERTAIN, UNCERTAIN_LINEAR)
# About 27,000 of them lead to 3,000 labels.
LISTINGS: Final = 29_000
DAYS: Final = 360
UNSEEN: Final = 20_000
# Of the genuine unseen listings one in so many is judged, and weighs as many.
GENUINE_ONE_IN: Final = 4
# The usual rule chooses among so many listings at random, because the peer takes a millisecond for each.
POOL: Final = 10_000
RESAMPLES: Final = 200
DRAWS: Final = 10_000
_MATURE: Final = timedelta(days=365)
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """Listings with their features, shape (n, features): all that a method reads."""

    listings: Sequence[Listing]
    columns: Floats

    @classmethod
    def of(cls, rows: Sequence[ComputedFeatures]) -> "Shown":
        return cls([row.facts.listing for row in rows], np.stack([row.vector for row in rows]))

    @cached_property
    def points(self) -> Floats:
        return DEFAULT_POINTS.sums(self.columns, self.listings)


# Fits to labelled listings and returns the probabilities of others by each part of the learner, shape (parts, n); with
# labels of one class, the scorecard's points.
Learn = Callable[[Shown, Labels, Floats, Shown], Floats]


def learn_peer(fit: Shown, labels: Labels, weights: Floats, tested: Shown) -> Floats:
    """The fair peer, which has the scorecard's points among its numbers."""
    if labels.min() == labels.max():
        return tested.points[None, :]
    columns, tested_columns = (np.column_stack([raw_numbers(rows.listings), rows.points]) for rows in (fit, tested))
    numbers = fit_predict_numbers(columns, labels, tested_columns, weights=weights)
    return np.stack(
        [numbers, fit_predict_field_text(fit.listings, labels, tested.listings, weights=weights, quickly=True)]
    )


def learn_linear(fit: Shown, labels: Labels, weights: Floats, tested: Shown) -> Floats:
    """Logistic regression on all our features and the scorecard's points."""
    if labels.min() == labels.max():
        return tested.points[None, :]
    columns, tested_columns = (np.column_stack([rows.columns, rows.points]) for rows in (fit, tested))
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    learner = make_pipeline(imputer, StandardScaler(), LogisticRegression(max_iter=2_000))
    learner.fit(columns, labels, logisticregression__sample_weight=weights)
    return np.asarray(learner.predict_proba(tested_columns)[:, 1][None, :], dtype=np.float64)


def ranking(parts: Floats) -> Floats:
    return rank_average(*parts) if len(parts) > 1 else parts[0]


@dataclass(slots=True)
class UncertaintySampling:
    """The usual rule: ask about the listings whose probability is nearest to one half; all labels weigh the same.

    It begins with the service's own first labels and chooses among listings that have arrived. The same people answer.
    """

    learn: Learn
    cases: list[Case]
    labels: list[int]

    def ask(self, year: Year, size: int) -> None:
        """Add labels until there are so many, by the probabilities learnt from those before."""
        labelled = {case.offered.external_id for case in self.cases}
        pool = [case for case in year.cases if case.offered.external_id not in labelled]
        pool = [pool[i] for i in np.random.default_rng(size).permutation(len(pool))[:POOL]]
        certainty = np.abs(self.learnt(_shown(pool)).mean(axis=0) - 0.5)
        for i in np.argsort(certainty, kind="stable").tolist():
            if len(self.labels) == size:
                return
            if (label := _label(year, _asked(year, pool[i]))) is not None:
                self.cases.append(pool[i])
                self.labels.append(label)

    def learnt(self, tested: Shown) -> Floats:
        """What the learner says of these listings, shape (parts, n)."""
        labels = np.array(self.labels, dtype=np.int8)
        return self.learn(_shown(self.cases), labels, np.ones(len(labels)), tested)


def _shown(cases: Sequence[Case]) -> Shown:
    return Shown.of([case.offered.computed for case in cases])


def _asked(year: Year, case: Case) -> Case:
    """The case as an analyst's."""
    situation = case.arrival.situation
    settled = settle(
        case.offered,
        CaseLane.ANALYST,
        year.now,
        brand_id=situation.brand_id,
        brand_takes_part=situation.brand_takes_part,
        brand_name=situation.brand_name,
        taking_part=year.market.taking_part,
    )
    return replace(case, settled=settled)


def _label(year: Year, case: Case) -> int | None:
    """The label that people give this listing in the end; None where they cannot tell, or nobody asked."""
    label = label_of(case, year.now + _MATURE)
    return label.target if isinstance(label, Label) else None


@dataclass(frozen=True, slots=True)
class Unseen:
    """Listings of sellers never sent; labels and weights have shape (n,), `resamples` (resamples, n)."""

    rows: Sequence[ComputedFeatures]
    shown: Shown
    labels: Labels
    resamples: Floats

    @classmethod
    def of(cls, market: Market, listings: int) -> "Unseen":
        unsent, labels = evaluation_set(market.settings, listings)
        judged = [i for i in range(len(unsent)) if labels[i] or i % GENUINE_ONE_IN == 0]
        nobody = History(outcomes=NOBODY_JUDGED)
        rows = [market.computed(unsent[i], market.end, nobody, compared=True) for i in judged]
        weights = np.where(labels[judged] == 1, 1.0, GENUINE_ONE_IN)
        sellers = seller_groups([row.facts.listing.seller.external_id for row in rows])
        bootstrap = metrics.seller_bootstrap(sellers, times=RESAMPLES, seed=market.settings.seed)
        # The first weighting is that of the listings themselves.
        return cls(rows, Shown.of(rows), labels[judged], np.vstack([np.ones(len(rows)), bootstrap]) * weights)

    def precisions(self, scores: Floats) -> list[float]:
        """The average precision, and that of each resample of the sellers."""
        figures = metrics.average_precisions(self.labels, scores, self.resamples)
        return [round(precision, 4) for precision in figures.tolist()]


def seed_lines(seed: int, missing: Collection[int]) -> Iterator[Line]:
    """The figures of one marketplace at each missing number of labels, smallest first."""
    market = Market(Settings(LISTINGS, seed, START, days=DAYS))
    judged = Unseen.of(market, UNSEEN)
    year = Year(market, ARMS["exploration"], market.start)
    rules: dict[str, UncertaintySampling] = {}
    reports: list[Line] = []
    for size in (size for size in SIZES if size <= max(missing)):
        snapshot = _first_labels(year, size)
        refused_by = _train(year, snapshot, reports)
        for rule in rules.values():
            rule.ask(year, size)
        if not rules:
            by_id = {case.offered.external_id: case for case in year.cases}
            first = [by_id[row.listing_id] for row in snapshot.rows]
            learners = {UNCERTAIN: learn_peer, UNCERTAIN_LINEAR: learn_linear}
            rules = {
                name: UncertaintySampling(learn, list(first), snapshot.labels.tolist())
                for name, learn in learners.items()
            }
        if size in missing:
            scores = _our_scores(year, snapshot, judged)
            scores |= {name: ranking(rule.learnt(judged.shown)) for name, rule in rules.items()}
            yield {
                "seed": seed,
                "labels": size,
                "counterfeits": int(snapshot.labels.sum()),
                "asked_counterfeits": {name: sum(rule.labels) for name, rule in rules.items()},
                "arrived": len(year.cases),
                "has_model": year.champion is not None,
                "refused_by": refused_by,
                "average_precision": {name: judged.precisions(values) for name, values in scores.items()},
            }


def _first_labels(year: Year, size: int) -> Snapshot:
    """The labels of the first listings that people could tell, as soon as there are so many; known at once."""
    while sum(_label(year, case) is not None for case in year.cases) < size:
        assert year.now < year.market.end, f"only {len(year.cases):,} listings arrived"
        year.pass_days(year.now + STEP)
    every = snapshot_of(replace(year, now=year.now + _MATURE))
    first = tuple(replace(row, matured_at=row.known_at) for row in every.rows[:size])
    return replace(every, rows=first, references=year.market.references(year.now), as_of=year.now)


def _train(year: Year, snapshot: Snapshot, reports: list[Line]) -> list[str]:
    """Train a candidate; it becomes the champion if no gate blocks it. Returns what does."""
    if snapshot.labels.sum() < DEFAULT_GATES.fewest_positives:
        return ["enough_to_judge"]
    digest = year.champion.digest if year.champion else None
    looks = 1 + sum(was_compared(report, digest) for report in reports)
    try:
        candidate = train(snapshot, champion=year.champion, seed=year.market.settings.seed, threads=1, looks=looks)
    except SnapshotRefused:
        return ["snapshot"]
    reports.append(candidate.report)
    refused_by = [gate["name"] for gate in candidate.report["gates"] if gate["blocks"]]
    if not refused_by:
        year.champion = from_files(candidate.files)
    return refused_by


def _our_scores(year: Year, snapshot: Snapshot, judged: Unseen) -> dict[str, Floats]:
    """The scores of the unseen listings by ours, the scorecard, and the peer with our labels and weights."""
    facts, labels = snapshot.facts(), snapshot.labels
    rows, weights = ListingRows.of(facts), training_weights(snapshot.rows, facts).values
    return {
        PRODUCT: IncumbentScorer(year.champion, 1).scores(judged.rows),
        MODEL: _model_scores(year, snapshot, facts, rows, weights, judged),
        SCORECARD: judged.shown.points,
        PEER: ranking(learn_peer(Shown(rows.listings or (), rows.numbers), labels, weights, judged.shown)),
    }


def _model_scores(
    year: Year, snapshot: Snapshot, facts: list[Facts], rows: ListingRows, weights: Floats, judged: Unseen
) -> Floats:
    """The scores of a model of all labels; the scorecard's points where training refuses so few."""
    groups = suppliers(facts, seller_groups([row.seller_cluster for row in snapshot.rows]))
    try:
        refuse_too_few(snapshot.labels, groups)
    except SnapshotRefused:
        return judged.shown.points
    model = CounterfeitClassifier(seed=year.market.settings.seed)
    represented = represented_listings(snapshot.rows)
    model.fit(rows, snapshot.labels, groups=groups, sample_weight=weights, represented=represented)
    return model.decision_function(ListingRows(judged.shown.columns, judged.shown.listings))


def read_lines(path: Path) -> list[Line]:
    """The lines of the file; one that a stopped run left unfinished is dropped, and written again."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]


def resume(
    path: Path, seeds: Iterable[int], make: Callable[[int, Collection[int]], Iterable[Line]] = seed_lines
) -> None:
    """Write the lines that the file lacks."""
    there = {(line["seed"], line["labels"]) for line in read_lines(path)}
    for seed in seeds:
        missing = [size for size in SIZES if (seed, size) not in there]
        for line in make(seed, missing) if missing else ():
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def estimate(values: Floats) -> tuple[float, float, float]:
    """The mean of figures, shape (seeds, 1 + resamples), and its interval over the seeds and their sellers."""
    random = np.random.default_rng(0)
    seeds = random.integers(len(values), size=(DRAWS, len(values)))
    resamples = random.integers(1, values.shape[1], size=seeds.shape)
    return float(values[:, 0].mean()), *metrics.central_interval(values[seeds, resamples].mean(axis=1))


def precisions(lines: Sequence[Line], size: int, method: str) -> Floats:
    """The average precisions of a method at this number of labels, shape (seeds, 1 + resamples)."""
    return np.array([line["average_precision"][method] for line in lines if line["labels"] == size])


def differences(lines: Sequence[Line]) -> Iterator[tuple[int, str, str, tuple[float, float, float]]]:
    """Number of labels, ours, other, and the estimate of ours minus the other."""
    for size, ours, other in product(SIZES, OURS, OTHERS):
        yield size, ours, other, estimate(precisions(lines, size, ours) - precisions(lines, size, other))


def tables(lines: Sequence[Line]) -> Iterator[str]:
    """The tables of docs/simulation.md."""
    yield from _row("labels", "of them counterfeit", "seeds with a model", *OURS, *OTHERS)
    for size in SIZES:
        of_size = [line for line in lines if line["labels"] == size]
        counterfeits = f"{np.mean([line['counterfeits'] for line in of_size]):.0f}"
        with_model = f"{sum(line['has_model'] for line in of_size)} of {len(of_size)}"
        cells = [_three(precisions(lines, size, name)[:, 0].mean()) for name in (*OURS, *OTHERS)]
        yield f"| {size:,} | {counterfeits} | {with_model} | {' | '.join(cells)} |"
    for ours in OURS:
        yield from ("", *_row(f"labels: {ours} minus", *OTHERS))
        for size in SIZES:
            of_ours = [row[-1] for row in differences(lines) if row[:2] == (size, ours)]
            cells = [f"{_signed(mean)} ({_signed(low)} to {_signed(high)})" for mean, low, high in of_ours]
            yield f"| {size:,} | {' | '.join(cells)} |"


def _row(*cells: str) -> tuple[str, str]:
    return f"| {' | '.join(cells)} |", "| --- " * len(cells) + "|"


def _three(figure: float) -> str:
    return f"{figure:.3f}".removeprefix("0")


def _signed(figure: float) -> str:
    return f"{figure:+.3f}".replace("0.", ".", 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    resume(chosen.file, range(chosen.seeds))
    print("\n".join(tables(read_lines(chosen.file))))  # noqa: T201  # the result
