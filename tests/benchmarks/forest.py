"""The flat trees beside LightGBM's and other ways to compute them: one row at a time, and in bulk."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import lightgbm as lgb
import numpy as np

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from models.arrays import Floats
from models.bundle import Bundle, from_files
from models.classifier import Join, learner_columns
from models.forest import Forest
from models.treetext import trees_of
from tests.benchmarks.tree_peers import tree_peers
from tests.benchmarks.work import NOW, bundle_files, labelled_listings, rows_to_score
from training.fit.forest import ForestSettings, fit_forest, forest_settings

_ROUNDS: Final = 9
_ROWS: Final = 2_000
_ONES: Final = 200
_MANY_POSITIVES: Final = 10_000  # So many give the largest trees.
_PAGE: Final = """\
Raw values and contributions of features of simulated listings; one thread, processor time, medians of {rounds} rounds
in turns, each on other rows; load {before:.1f} before and {after:.1f} after. Wanted are at least 15x LightGBM's speed
for one row of 150 trees, 6x in bulk and 2.5x with contributions. Values differ by zero over {rows:,} rows, and
again with a third of the values missing; contributions by at most 1e-9. onnxruntime and timber, which compiles trees to
C, give probabilities in 32 bits: the difference is that to LightGBM's, with values missing as a forest of ours meets
them.

    pip install --require-hashes -r requirements/bench.txt
    make bench ARGS="forest"

| forest | what | peer | the peer, microseconds a row | ours | ratio | difference, ours | difference, peer |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
{table}"""

Side = Callable[[Floats], Floats]


def section(rounds: int) -> str:
    """The part of the page."""
    before, rounds = os.getloadavg()[0], max(rounds, _ROUNDS)
    lines = []
    for name, forest, rows in _forests():
        booster = lgb.Booster(model_str=forest.text)

        def values(batch: Floats, booster: lgb.Booster = booster) -> Floats:
            return np.asarray(booster.predict(batch, raw_score=True, num_threads=1))

        def shares(batch: Floats, booster: lgb.Booster = booster) -> Floats:
            return np.asarray(booster.predict(batch, pred_contrib=True, num_threads=1))

        def chances(batch: Floats, booster: lgb.Booster = booster) -> Floats:
            return np.asarray(booster.predict(batch, num_threads=1))

        others = tree_peers(booster)
        apart = {peer: f"{_difference(side, chances, rows):.1g}" for peer, side in others.items()}
        for what, peers, ours, many in (
            ("one row", {"LightGBM": values, **others}, forest.raw, 1),
            (f"{len(rows) // 2:,} rows", {"LightGBM": values, **others}, forest.raw, len(rows) // 2),
            ("contributions of one row", {"LightGBM": shares}, forest.contributions, 1),
        ):
            times_by_side = _in_turns({**peers, "ours": ours}, rows, many, rounds)
            exact = f"{_difference(ours, peers['LightGBM'], rows if many > 1 else rows[:_ONES]):.1g}"
            median = float(np.median(times_by_side["ours"]))
            for peer in peers:
                ratio = float(np.median(np.array(times_by_side[peer]) / np.array(times_by_side["ours"])))
                times = f"{float(np.median(times_by_side[peer])):.2f} | {median:.2f} | {ratio:.1f}x"
                lines.append(f"| {name} | {what} | {peer} | {times} | {exact} | {apart.get(peer, '')} |")
    return _PAGE.format(rounds=rounds, before=before, after=os.getloadavg()[0], rows=_ROWS, table="\n".join(lines))


def _forests() -> list[tuple[str, Forest, Floats]]:
    """The forest of the benchmark's bundle, one of the size for which the goals were set, and the largest that training
    makes, each with rows of its columns."""
    bundle = from_files(bundle_files())
    read = (check(row, received_at=NOW) for row in rows_to_score(_ROWS))
    rows = _columns(bundle, [listing for listing in read if isinstance(listing, Listing)])
    listings, labels = labelled_listings()
    columns = _columns(bundle, listings)

    def fitted(settings: ForestSettings) -> Forest:
        names = learner_columns(Join.STACK)
        return fit_forest(columns, labels, np.ones(len(labels)), settings=settings, names=names, seed=0, threads=1)

    large = forest_settings(_MANY_POSITIVES)
    of_bundle = bundle.classifier.learner
    assert isinstance(of_bundle, Forest)
    return [
        (_size(of_bundle), of_bundle, np.ascontiguousarray(rows[:, : len(of_bundle.columns)])),
        *((_size(forest), forest, rows) for forest in (fitted(replace(large, rounds=150, leaves=7)), fitted(large))),
    ]


def _columns(bundle: Bundle, listings: Sequence[Listing]) -> Floats:
    """The features of listings, and the text's log-odds as the last column."""
    vectors = [
        compute(assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)).vector
        for listing in listings
    ]
    return np.column_stack([np.stack(vectors), bundle.classifier.text.many(listings)])


def _size(forest: Forest) -> str:
    trees = list(trees_of(forest.text))
    return f"{len(trees)} trees of up to {max(len(tree.leaves) for tree in trees)} leaves"


def _difference(ours: Side, theirs: Side, rows: Floats) -> float:
    masked = rows.copy()
    masked[np.random.default_rng(0).random(rows.shape) < 1 / 3] = np.nan
    return max(float(np.abs(ours(batch) - theirs(batch)).max()) for batch in (rows, masked))


def _in_turns(sides: Mapping[str, Side], rows: Floats, many: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds of processor time per row, so many at a time, without the first round, which warms up.

    Every round has other rows, because a repeated row trains the branch predictor.
    """
    times_by_side: dict[str, list[float]] = {name: [] for name in sides}
    in_a_round = max(many, _ONES)
    for number in range(rounds + 1):
        batch = rows[(np.arange(in_a_round) + number * in_a_round) % len(rows)]
        for name, side in sides.items():
            begun = time.process_time()
            for first in range(0, in_a_round, many):
                side(batch[first : first + many])
            if number:
                times_by_side[name].append((time.process_time() - begun) / in_a_round * 1e6)
    return times_by_side
