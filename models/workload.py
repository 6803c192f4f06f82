"""Thresholds by capacity: a team's reviews a day go to the most probable or the most harmful listings."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats


@dataclass(frozen=True, slots=True)
class Workload:
    """Reviewing from `threshold` on (inclusive) brings `daily` listings a day; None where the top is too many."""

    threshold: float | None
    daily: float


def expected_harms(probabilities: Floats, exposures: Floats, risks: Floats) -> Floats:
    """Probability of a counterfeit times exposure times consumer risk, shape (n,) each.

    Exposure is the number of people reached (views, sales), in any unit that all rows share. Risk weighs the kind of
    goods: 1 is ordinary, more where a copy may hurt. A threshold on the product, found by `thresholds_by_capacity`,
    directs a team's capacity to the most harmful listings.

    Raises ValueError (a probability outside 0 to 1, or an exposure or a risk below zero).
    """
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("Expected harm needs probabilities, between 0 and 1.")
    if (exposures < 0).any() or (risks < 0).any():
        raise ValueError("Neither exposure nor risk can be below zero.")
    harms: Floats = probabilities * exposures * risks
    return harms


def thresholds_by_capacity(
    scores: Floats, teams: NDArray[np.str_], *, days: float, capacity: Mapping[str, float]
) -> dict[str, Workload]:
    """The lowest threshold of each team at which the expected daily volume is within what it can review a day.

    The listings of `days` days stand for those to come. Equal scores are reviewed together or not at all, so that the
    volume may stay below the capacity. A team without a capacity is left out.

    Parameters
    ----------
    scores, teams
        Shape (n,): finite numbers, the higher the sooner, and who would review, such as a brand and a team.
    days
        Days in which these listings came; above zero.
    capacity
        Reviews a day, by team.
    """
    workloads: dict[str, Workload] = {}
    for team, daily in capacity.items():
        own = np.sort(scores[teams == team])[::-1]
        ends = np.flatnonzero(np.diff(own, append=-np.inf) != 0)
        within = ends[ends + 1 <= daily * days + 1e-9]
        last = int(within[-1]) if len(within) else None
        workloads[team] = Workload(None, 0.0) if last is None else Workload(float(own[last]), (last + 1) / days)
    return workloads
