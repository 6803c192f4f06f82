"""The flat trees beside LightGBM's: one row at a time, and in bulk."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from models.bundle import Bundle, from_files
from models.classifier import Join
from models.forest import Forest
from models.treetext import trees_of
from tests.benchmarks.work import NOW, bundle_files, labelled, rows_to_score
from training.fit_forest import fit_forest, forest_settings

_ROUNDS: Final = 9
_ROWS: Final = 2_000
_ONES: Final = 200
_MANY_POSITIVES: Final = 10_000  # So many give the largest trees.
_PAGE: Final = """\
Raw values of features of simulated listings; one thread, processor time, medians of {rounds} rounds in turns, each on
other rows; load {before:.1f} before and {after:.1f} after. Wanted are at least 15x LightGBM's speed for one row, at
least 6x in bulk, and a difference of zero, here over {rows:,} rows and again with a third of the values missing.

| forest | what | LightGBM, microseconds a row | ours | ratio | largest difference |
| --- | --- | --- | --- | --- | --- |
{table}"""

Floats = NDArray[np.float64]
Side = Callable[[Floats], Floats]


def section(rounds: int) -> str:
    """The part of the page."""
    before, rounds = os.getloadavg()[0], max(rounds, _ROUNDS)
    lines = []
    for name, forest, rows in _forests():
        booster = lgb.Booster(model_str=forest.text)

        def theirs(some: Floats, booster: lgb.Booster = booster) -> Floats:
            return np.asarray(booster.predict(some, raw_score=True, num_threads=1))

        difference = _difference(forest.raw, theirs, rows)
        sides: dict[str, Side] = {"theirs": theirs, "ours": forest.raw}
        for what, found in (
            ("one row", _one_by_one(sides, rows, rounds)),
            (f"{len(rows) // 2:,} rows", _in_bulk(sides, rows, rounds)),
        ):
            medians = {side: float(np.median(values)) for side, values in found.items()}
            ratio = float(np.median(np.array(found["theirs"]) / np.array(found["ours"])))
            lines.append(
                f"| {name} | {what} | {medians['theirs']:.2f} | {medians['ours']:.2f} | {ratio:.1f}x | {difference} |"
            )
    return _PAGE.format(rounds=rounds, before=before, after=os.getloadavg()[0], rows=_ROWS, table="\n".join(lines))


def _forests() -> list[tuple[str, Forest, Floats]]:
    """The forest of the benchmark's bundle, and the largest that training makes, each with rows of its columns."""
    bundle = from_files(bundle_files())
    read = (check(row, received_at=NOW) for row in rows_to_score(_ROWS))
    rows = _columns(bundle, [one for one in read if isinstance(one, Listing)])
    listings, labels = labelled()
    large = fit_forest(
        _columns(bundle, listings),
        labels,
        np.ones(len(labels)),
        settings=forest_settings(_MANY_POSITIVES),
        join=Join.STACK,
        seed=0,
        threads=1,
    )
    of_bundle = bundle.classifier.forest
    return [
        (_size(of_bundle), of_bundle, np.ascontiguousarray(rows[:, : len(of_bundle.columns)])),
        (_size(large), large, rows),
    ]


def _columns(bundle: Bundle, listings: Sequence[Listing]) -> Floats:
    """The features of listings, and the text's log-odds as the last column."""
    found = [
        compute(assemble_facts(one, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)).vector
        for one in listings
    ]
    return np.column_stack([np.stack(found), bundle.classifier.text.many(listings)])


def _size(forest: Forest) -> str:
    trees = list(trees_of(forest.text))
    return f"{len(trees)} trees of up to {max(len(tree.leaves) for tree in trees)} leaves"


def _difference(ours: Side, theirs: Side, rows: Floats) -> float:
    masked = rows.copy()
    masked[np.random.default_rng(0).random(rows.shape) < 1 / 3] = np.nan
    return max(float(np.abs(ours(some) - theirs(some)).max()) for some in (rows, masked))


def _one_by_one(sides: Mapping[str, Side], rows: Floats, rounds: int) -> dict[str, list[float]]:
    """Processor time per row; every round has other rows, because a repeated row trains the branch predictor."""
    return _in_turns(sides, lambda number: [rows[i : i + 1] for i in _some(number, len(rows), _ONES)], rounds)


def _in_bulk(sides: Mapping[str, Side], rows: Floats, rounds: int) -> dict[str, list[float]]:
    return _in_turns(sides, lambda number: [rows[_some(number, len(rows), len(rows) // 2)]], rounds)


def _some(number: int, many: int, wanted: int) -> NDArray[np.intp]:
    return (np.arange(wanted) + number * wanted) % many


def _in_turns(sides: Mapping[str, Side], pieces: Callable[[int], list[Floats]], rounds: int) -> dict[str, list[float]]:
    """Microseconds of processor time per row, without the first round, which warms up."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        some = pieces(number)
        many = sum(len(one) for one in some)
        for name, side in sides.items():
            begun = time.process_time()
            for one in some:
                side(one)
            if number:
                found[name].append((time.process_time() - begun) / many * 1e6)
    return found
