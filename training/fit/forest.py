"""The fit of the forest: LightGBM's settings by the number of positives, and copies with masked signal families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.spec import Family
from models.arrays import Floats, Labels
from models.forest import Forest, export_booster
from models.learners import Learner

MASK_SHARE: Final = 0.15
# With fewer, trees say little beside the scorecard's points: many rounds make the sum worse than the points alone.
_BRIEF_BELOW_POSITIVES: Final = 20
# With fewer, a tree is of two questions at most.
_PAIRS_BELOW_POSITIVES: Final = 100
_FEW_BELOW_POSITIVES: Final = 300
# With fewer rows LightGBM's threads wait for each other longer than they work: two took 2.4 times as long as one.
_THREADS_FROM_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class ForestSettings:
    """LightGBM's settings; none makes the result depend on threads or time."""

    rounds: int
    leaves: int
    learning_rate: float
    rows_per_leaf: int
    column_share: float = 0.4
    row_share: float = 0.8
    l2: float = 5.0

    def parameters(self, seed: int, threads: int) -> dict[str, Any]:
        """The mapping that LightGBM reads."""
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.rows_per_leaf,
            "feature_fraction": self.column_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads,
            "seed": seed,
            "verbose": -1,
        }


def forest_settings(positives: int) -> ForestSettings:
    """Settings by the number of positives, fixed in advance: more positives support larger trees.

    With few, small trees need many rounds at this rate; ADR 56 has the comparisons.
    """
    if positives < _PAIRS_BELOW_POSITIVES:
        rounds = 25 if positives < _BRIEF_BELOW_POSITIVES else 400
        return ForestSettings(rounds=rounds, leaves=3, learning_rate=0.03, rows_per_leaf=10, l2=1.0)
    if positives < _FEW_BELOW_POSITIVES:
        return ForestSettings(rounds=400, leaves=7, learning_rate=0.03, rows_per_leaf=10, l2=1.0)
    if positives < 10 * _FEW_BELOW_POSITIVES:
        return ForestSettings(rounds=600, leaves=7, learning_rate=0.04, rows_per_leaf=20, l2=1.0)
    return ForestSettings(rounds=400, leaves=31, learning_rate=0.05, rows_per_leaf=40)


def fit_forest(
    columns: Floats,
    labels: Labels,
    weights: Floats,
    *,
    settings: ForestSettings,
    names: Sequence[str],
    seed: int,
    threads: int,
    mask_share: float = MASK_SHARE,
    offset: Floats | None = None,
) -> Forest:
    """The forest fitted to rows (n, names), labels and weights (n,), on top of an offset (n,) in log-odds.

    The caller passes the settings, so that a fold with fewer positives uses those of the whole data.
    """
    shown, rows, shown_weights = masked_copies(
        columns, weights, seed=seed, share=mask_share, families=families_of(names)
    )
    training_set = lgb.Dataset(
        shown,
        labels[rows],
        weight=shown_weights,
        init_score=None if offset is None else offset[rows],
        feature_name=list(names),
        params={"feature_pre_filter": False},
    )
    parameters = settings.parameters(seed, threads if len(shown) >= _THREADS_FROM_ROWS else 1)
    return Forest(export_booster(lgb.train(parameters, training_set, settings.rounds), names), just_written=True)


def forest_alone(columns: Floats, labels: Labels, weights: Floats, *, seed: int = 0, threads: int = 1) -> Forest:
    """A forest with the default settings and without the text, to compare with; arguments as `fit_forest`."""
    settings = forest_settings(int(labels.sum()))
    return fit_forest(columns, labels, weights, settings=settings, names=NAMES, seed=seed, threads=threads)


def with_masked_copies(
    columns: Floats,
    labels: Labels,
    weights: Floats,
    *,
    seed: int,
    share: float,
    families: Sequence[NDArray[np.intp]] | None = None,
) -> tuple[Floats, Labels, Floats]:
    """The rows, their labels and weights, followed by those of `masked_copies`."""
    shown, rows, shown_weights = masked_copies(columns, weights, seed=seed, share=share, families=families)
    return shown, labels[rows], shown_weights


def masked_copies(
    columns: Floats, weights: Floats, *, seed: int, share: float, families: Sequence[NDArray[np.intp]] | None = None
) -> tuple[Floats, NDArray[np.intp], Floats]:
    """The rows, and copies of a share of them for each signal family, with that family missing.

    Returns the columns (m, columns), the row that each is or repeats (m,), and weights (m,).

    A forest treats NaN as zero in a column that was never missing, so each family gets at least one copy. A copy has
    half the weight, because it repeats a listing. `families` are the columns of each family, as `families_of` gives
    them; by default the columns begin with the features.
    """
    random = np.random.default_rng(seed)
    if families is None:
        families = families_of([*NAMES, *("" for _ in range(columns.shape[1] - len(NAMES)))])
    every = np.arange(len(columns))
    parts, rows, part_weights = [columns], [every], [weights]
    for family in families:
        picked = random.random(len(columns)) < share
        picked[random.integers(len(columns))] = True
        masked = columns[picked].copy()
        masked[:, family] = np.nan
        parts.append(masked)
        rows.append(every[picked])
        part_weights.append(weights[picked] * 0.5)
    return np.vstack(parts), np.concatenate(rows), np.concatenate(part_weights)


def families_of(names: Sequence[str]) -> list[NDArray[np.intp]]:
    """The columns of each signal family among columns of these names; one that is no feature is a family of its own."""
    by_family = ([i for i, name in enumerate(names) if _FAMILIES.get(name) is family] for family in Family)
    others = ([i] for i, name in enumerate(names) if name not in _FAMILIES)
    return [np.array(columns, dtype=np.intp) for columns in (*by_family, *others) if columns]


_FAMILIES: Final = {feature.name: feature.family for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Setup:
    """What a fit gets apart from its rows.

    `positives` counts those of the whole data, so that a fold with fewer has the same settings. A learner fits the
    rows of `training.fit.forest.with_masked_copies` with `seed` and `mask_share`, which the bundle states. `columns`
    are the names of the columns, in order. `forest` are those of the forest's settings that a person gave. `offset`, of
    shape (n,), has the log-odds that the text gives each row, for a learner in `TAKE_OFFSET`: its own are added to
    them.
    """

    columns: tuple[str, ...]
    positives: int
    seed: int
    threads: int
    mask_share: float
    forest: Mapping[str, Any] = field(default_factory=dict)
    offset: Floats | None = None


class Fit(Protocol):
    """Fits a learner to rows (n, columns of the join), labels and weights (n,); equal arguments give equal learners."""

    def __call__(self, columns: Floats, labels: Labels, weights: Floats, setup: Setup) -> Learner: ...


def fit_of(name: str) -> Fit:
    """The fit of a learner. Raises ValueError (there is no such learner, or it is compared only)."""
    if name not in FITS:
        from training.evaluate.compared import COMPARED  # noqa: PLC0415  # only a refusal reads it, and it takes a second

        if name in COMPARED:
            raise ValueError(f"{name} cannot be proposed, only compared: a bundle cannot hold it (docs/learners.md).")
        raise ValueError(f"There is no learner {name}; the known ones are {', '.join(FITS)}.")
    return FITS[name]


def _fit_by_setup(columns: Floats, labels: Labels, weights: Floats, setup: Setup) -> Forest:
    return fit_forest(
        columns,
        labels,
        weights,
        settings=replace(forest_settings(setup.positives), **setup.forest),
        names=setup.columns,
        seed=setup.seed,
        threads=setup.threads,
        mask_share=setup.mask_share,
        offset=setup.offset,
    )


FITS: Final[dict[str, Fit]] = {Forest.name: _fit_by_setup}
# The learners whose fit starts from the log-odds of the text; the others are summed with it.
TAKE_OFFSET: Final = frozenset({Forest.name})
