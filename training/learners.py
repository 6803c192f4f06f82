"""The fit of each learner of the numbers, by its name."""

from dataclasses import dataclass
from typing import Final, Protocol

from models.arrays import Floats, Labels
from models.classifier import Join, learner_columns
from models.forest import Forest
from models.learners import Learner
from training.fit_forest import ForestSettings, fit_forest, forest_settings


@dataclass(frozen=True, slots=True)
class Setup:
    """What a fit gets apart from its rows.

    `positives` counts those of the whole data, so that a fold with fewer has the same settings. A learner fits the
    rows of `training.fit_forest.with_masked_copies` with `seed` and `mask_share`, which the bundle states. `tried`
    names the columns after the features in an experiment. `forest` are the forest's settings, if a person gave some.
    `offset`, of shape (n,), has the log-odds that the text gives each row, for a learner in `TAKE_OFFSET`: its own are
    added to them.
    """

    join: Join
    positives: int
    seed: int
    threads: int
    mask_share: float
    tried: tuple[str, ...] = ()
    forest: ForestSettings | None = None
    offset: Floats | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return learner_columns(self.join, self.tried)


class Fit(Protocol):
    """Fits a learner to rows (n, columns of the join), labels and weights (n,); equal arguments give equal learners."""

    def __call__(self, columns: Floats, labels: Labels, weights: Floats, setup: Setup) -> Learner: ...


def fit_of(name: str) -> Fit:
    """The fit of a learner. Raises ValueError (there is no such learner)."""
    if name not in FITS:
        raise ValueError(f"There is no learner {name}; the known ones are {', '.join(FITS)}.")
    return FITS[name]


def _fit_forest(columns: Floats, labels: Labels, weights: Floats, setup: Setup) -> Forest:
    return fit_forest(
        columns,
        labels,
        weights,
        settings=setup.forest or forest_settings(setup.positives),
        names=setup.columns,
        seed=setup.seed,
        threads=setup.threads,
        mask_share=setup.mask_share,
        offset=setup.offset,
    )


FITS: Final[dict[str, Fit]] = {Forest.name: _fit_forest}
# The learners whose fit starts from the log-odds of the text; the others are summed with it.
TAKE_OFFSET: Final = frozenset({Forest.name})
