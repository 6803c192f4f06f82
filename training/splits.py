"""Folds in which no seller stands on both sides, and the split by time that a promotion is judged on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

Rows = NDArray[np.intp]

# A candidate that is judged in three fits knows on average a third of what came in since the champion; more fits would
# take longer and tell little more: with many, half of it.
TIME_FOLDS: Final = 3
_NEXT: Final = timedelta.resolution


def seller_groups(sellers: Sequence[str | None]) -> NDArray[np.intp]:
    """A number per seller, shape (n,); a row without a seller is a group of its own, never one shared 'unknown'."""
    numbers: dict[str, int] = {}
    groups = [
        len(sellers) + i if seller is None else numbers.setdefault(seller, len(numbers))
        for i, seller in enumerate(sellers)
    ]
    return np.array(groups, dtype=np.intp)


def grouped_folds(
    labels: NDArray[np.int8], groups: NDArray[np.intp], *, folds: int, seed: int
) -> Iterator[tuple[Rows, Rows]]:
    """(training rows, test rows) of each fold, shuffled by seed, the share of positives kept about equal.

    Raises
    ------
    ValueError
        One class only, or fewer sellers of either class than folds.
    """
    for value, name in ((1, "counterfeit"), (0, "genuine")):
        sellers = len(np.unique(groups[labels == value]))
        if sellers < folds:
            raise ValueError(f"{sellers} sellers have {name} rows; {folds} folds by seller need at least {folds}")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros(len(labels)), labels, groups)


@dataclass(frozen=True, slots=True)
class TimeFold:
    """Rows to fit on and rows to judge on: later in time, of sellers that the fit never saw."""

    fit: Rows
    judge: Rows
    cut: datetime


@dataclass(frozen=True, slots=True)
class LaterSplit:
    """Stretches of time one after another, each judged by what is known before it.

    `champion_saw` is whether the champion may have been trained on some of the rows to judge on.
    """

    time_folds: tuple[TimeFold, ...]
    champion_saw: bool = False

    @property
    def cut(self) -> datetime:
        """When the first of them begins: every fit contains the data known by then."""
        return self.time_folds[0].cut

    @property
    def judge(self) -> Rows:
        """All rows to judge on, stretch by stretch."""
        return np.concatenate([one.judge for one in self.time_folds])


def learnt_until(
    times: Sequence[datetime], matured: Sequence[datetime], champion_as_of: datetime | None
) -> datetime | None:
    """When the latest listing came in that a champion trained as of a moment may have learnt, None if it learnt none.

    Of what came in before that moment it knows only what was ripe: a label waits for two weeks and more, so the last
    weeks before it were unknown to the champion as well. `matured` says when each row's label began to teach.
    """
    if champion_as_of is None:
        return None
    return max((t for t, ripe in zip(times, matured, strict=True) if ripe <= champion_as_of), default=None)


def split_for_judging(
    times: Sequence[datetime],
    groups: NDArray[np.intp],
    labels: NDArray[np.int8],
    *,
    share: float,
    champion_learnt_until: datetime | None,
    fewest_positives: int,
) -> LaterSplit:
    """The last `share` of the rows, or only those later than what the champion has learnt where they are enough.

    A champion that has learnt the rows on which both are judged looks better than it is, and no candidate that has
    not would ever pass. Where too little has come in since, the last `share` is taken and said to be so: it can only
    make the gates stricter.
    """
    usual = split_later_unseen(times, groups, share=share)
    if champion_learnt_until is None or champion_learnt_until < usual.cut:
        return usual
    fair = split_later_unseen(times, groups, share=share, after=champion_learnt_until)
    if int(labels[fair.judge].sum()) >= fewest_positives:
        return fair
    return replace(usual, champion_saw=True)


def split_later_unseen(
    times: Sequence[datetime],
    groups: NDArray[np.intp],
    *,
    share: float,
    after: datetime | None = None,
    time_folds: int = TIME_FOLDS,
) -> LaterSplit:
    """The last `share` of the rows by time, all later than a moment if one is given, in so many equal stretches.

    Each stretch is judged by a fit on all rows before it, less the sellers known by then (prequential, Dawid 1984).
    Judged by one fit on what came before the first, a candidate would know no more than a champion that was trained
    then: it would be compared without what it has learnt since, which is what it is for. Rows of sellers known before a
    stretch are not judged in it, because that would flatter. A stretch with nothing to judge is left out, unless it is
    the first.

    Raises
    ------
    ValueError
        There are no rows.
    """
    if not times:
        raise ValueError("there are no rows to split")
    order = np.array(sorted(range(len(times)), key=lambda i: (times[i], i)), dtype=np.intp)
    cut = times[order[int(len(order) * (1 - share))]]
    if after is not None:
        cut = max(cut, after + _NEXT)
    later = [times[i] for i in order if times[i] >= cut]
    starts = sorted({later[len(later) * k // time_folds] for k in range(time_folds)}) if later else [cut]
    found = [_stretch(times, groups, cut, until) for cut, until in pairwise([cut, *starts[1:], None])]
    return LaterSplit(tuple(one for i, one in enumerate(found) if i == 0 or len(one.judge)))


def _stretch(times: Sequence[datetime], groups: NDArray[np.intp], cut: datetime, until: datetime | None) -> TimeFold:
    early = np.array([t < cut for t in times], dtype=bool)
    known = set(groups[early].tolist())
    unseen = np.array([g not in known for g in groups.tolist()], dtype=bool)
    within = ~early & np.array([until is None or t < until for t in times], dtype=bool)
    return TimeFold(np.flatnonzero(early), np.flatnonzero(within & unseen), cut)
