"""A simulation of the feedback loop: the same year runs in several arms, which are compared.

All data are simulated and marked as such. The marketplace is `training.simulation.synthetic`, and its people answer by
`training.simulation.simulated.answers`. The loop runs the service's own code: facts, features, routes, verdicts,
labels, training and gates.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from joblib import Parallel, delayed

from training.simulation.arms import ARMS, most_copied_brand
from training.simulation.figures import figures, finish_year, launch_year
from training.simulation.market import MONTH, Market
from training.simulation.review_queue import REVIEW_SHARE
from training.simulation.summary import summary
from training.simulation.synthetic import Settings
from training.simulation.unseen import BrandSlice

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
LISTINGS: Final = 10_000
MONTHS: Final = 12
# Listings of unsent sellers, as a multiple of the sent listings: about a hundred counterfeits of the most copied brand.
_UNSEEN: Final = 2
# Building a market with its first model takes as long as one or two arms. More arms per market leave processes idle.
_ARMS_TO_A_MARKET: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a run: each arm runs for every seed, on a marketplace of `listings` listings over `months` months.

    `review_share` is the share of listings that can be reviewed.
    """

    arms: tuple[str, ...] = tuple(ARMS)
    seeds: tuple[int, ...] = (1,)
    listings: int = LISTINGS
    months: int = MONTHS
    counterfeit_share: float = 0.05
    review_share: float = REVIEW_SHARE

    def settings(self, seed: int) -> Settings:
        return Settings(
            self.listings, seed, START, days=self.months * MONTH.days, counterfeit_share=self.counterfeit_share
        )


def simulate(plan: Plan, *, jobs: int = -1, progress: Callable[[float], None] = lambda _share: None) -> dict[str, Any]:
    """Run a plan on `jobs` processes; equal plans give equal results. Ready for JSON."""
    tasks = [(plan, seed, names) for seed in plan.seeds for names in _arm_groups(plan.arms)]
    runs: list[dict[str, Any]] = []
    parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator")
    for done in parallel(delayed(_run_arms)(*task) for task in tasks):
        runs.extend(done)
        progress(len(runs) / (len(plan.seeds) * len(plan.arms)))
    return {"simulated": True, "plan": asdict(plan), "runs": runs, "summary": summary(runs)}


def _arm_groups(arms: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [arms[start : start + _ARMS_TO_A_MARKET] for start in range(0, len(arms), _ARMS_TO_A_MARKET)]


def _run_arms(plan: Plan, seed: int, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The figures of arms that start from the same state: the seed's year up to its first model."""
    market = Market(plan.settings(seed))
    launched = launch_year(market, ARMS["exploration"], review_share=plan.review_share)
    slice_ = BrandSlice.unsent(market, most_copied_brand(market), _UNSEEN * plan.listings)
    return [{"seed": seed, **figures(finish_year(launched.fork(ARMS[name])), slice_)} for name in names]
