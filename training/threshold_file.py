"""Readers of a file of scores and labels for `touchstone thresholds`; every invalid row is an error."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.workload import expected_harms
from training.adapters.files import RawRow, read_rows


@dataclass(frozen=True, slots=True)
class ScoredListings:
    """Labels (1 is counterfeit), scores and sellers (numbered from 0), shape (n,) each."""

    labels: NDArray[np.int8]
    scores: NDArray[np.float64]
    sellers: NDArray[np.intp]


def read_scored_listings(path: Path, *, score: str, label: str, group: str) -> ScoredListings:
    """All rows of a file; a threshold from only a part of them would not hold for the whole.

    Raises ValueError (the file is unreadable or empty, a column is missing, a score is not finite, a label is neither 0
    nor 1, a seller is unknown, or there is only one class or one seller).
    """
    labels: list[float] = []
    scores: list[float] = []
    sellers: list[str] = []
    for row in read_rows(path):
        if row.problem is not None:
            raise ValueError(f"{path.name}, row {row.number}: {row.problem.sentence}")
        for column in (score, label, group):
            if column not in row.cells:
                raise ValueError(f"{path.name}: there is no column '{column}'.")
        scores.append(_read_number(path, row, score, "a finite number"))
        labels.append(_read_number(path, row, label, "0 or 1"))
        if labels[-1] not in {0.0, 1.0}:
            raise ValueError(_refusal_sentence(path, row, label, "0 or 1"))
        seller = row.cells[group]
        if seller is None or str(seller).strip() in {"", "nan", "NaN"}:
            raise ValueError(_refusal_sentence(path, row, group, "the name of a seller"))
        sellers.append(str(seller))
    if not labels:
        raise ValueError(f"{path.name}: there are no rows.")
    if len(set(labels)) < 2:
        raise ValueError(f"{path.name}: all labels are {labels[0]:.0f}; listings of both kinds are needed.")
    if len(set(sellers)) < 2:
        raise ValueError(f"{path.name}: all listings are of one seller; nothing can be said of others.")
    numbered = np.unique(np.array(sellers), return_inverse=True)[1]
    return ScoredListings(np.array(labels, dtype=np.int8), np.array(scores), numbered.astype(np.intp))


@dataclass(frozen=True, slots=True)
class ReviewableListings:
    """The score, or the expected harm, and the team of each listing, shape (n,)."""

    scores: NDArray[np.float64]
    teams: NDArray[np.str_]


def read_reviewable(
    path: Path, *, score: str, team: str | None = None, exposure: str | None = None, risk: str | None = None
) -> ReviewableListings:
    """All rows of a file as work for teams: by score, or by expected harm if an exposure or a risk column is given.

    Without a team column, all rows belong to the team "all". Without its column, an exposure or a risk is 1.

    Raises ValueError (a column is missing or not a number, or `expected_harms` rejects a value).
    """
    scores: list[float] = []
    exposures: list[float] = []
    risks: list[float] = []
    teams: list[str] = []
    for row in read_rows(path):
        for column in (team, exposure, risk):
            if column is not None and column not in row.cells:
                raise ValueError(f"{path.name}: there is no column '{column}'.")
        scores.append(_read_number(path, row, score, "a finite number"))
        exposures.append(1.0 if exposure is None else _read_number(path, row, exposure, "a finite number"))
        risks.append(1.0 if risk is None else _read_number(path, row, risk, "a finite number"))
        name = "all" if team is None else row.cells[team]
        if name is None or not str(name).strip():
            raise ValueError(_refusal_sentence(path, row, str(team), "the name of a team"))
        teams.append(str(name))
    values = np.array(scores)
    if exposure is not None or risk is not None:
        values = expected_harms(values, np.array(exposures), np.array(risks))
    return ReviewableListings(values, np.array(teams))


def _read_number(path: Path, row: RawRow, column: str, expected: str) -> float:
    try:
        number = float(str(row.cells[column]) if not isinstance(row.cells[column], bool) else "nan")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(_refusal_sentence(path, row, column, expected))
    return number


def _refusal_sentence(path: Path, row: RawRow, column: str, expected: str) -> str:
    return f"{path.name}, row {row.number}: column '{column}' is not {expected}."
