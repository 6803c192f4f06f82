"""Folds without a seller on both sides, and the split by time for judging a candidate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise, product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from models.arrays import Rows
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.soundness import refuse_too_few

# With three time folds, a fit knows on average a third of the rows since the champion. More folds take longer and bring
# at most half.
TIME_FOLDS: Final = 3
# A seller of one time fold is not judged in the next, so that fewer have more counterfeits to judge.
_FEWEST_TIME_FOLDS: Final = 2
# The newest rows say most about the listings to come; a marketplace with few counterfeits judges by more of its rows.
JUDGED_SHARES: Final = tuple(twentieths / 20 for twentieths in range(5, 18))
_NEXT: Final = timedelta.resolution


def seller_groups(sellers: Sequence[str | None]) -> NDArray[np.intp]:
    """A number per seller, shape (n,); each row without a seller is a group of its own.

    Where `sellers` are clusters of linked accounts, each cluster is one seller.
    """
    numbers: dict[str, int] = {}
    groups = [
        len(sellers) + i if seller is None else numbers.setdefault(seller, len(numbers))
        for i, seller in enumerate(sellers)
    ]
    return np.array(groups, dtype=np.intp)


def grouped_folds(
    labels: NDArray[np.int8], groups: NDArray[np.intp], *, folds: int, seed: int
) -> Iterator[tuple[Rows, Rows]]:
    """(training rows, test rows) of each fold, shuffled by seed, with about equal shares of positives.

    Raises ValueError (one class only, or fewer sellers of either class than folds).
    """
    for label, name in ((1, "counterfeit"), (0, "genuine")):
        sellers = len(np.unique(groups[labels == label]))
        if sellers < folds:
            raise ValueError(f"{sellers} sellers have {name} rows; {folds} folds by seller need at least {folds}")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros(len(labels)), labels, groups)


@dataclass(frozen=True, slots=True)
class TimeFold:
    """Rows to fit on, and later rows of other sellers to judge on."""

    fit: Rows
    judge: Rows
    cut: datetime


@dataclass(frozen=True, slots=True)
class LaterSplit:
    """Consecutive time folds, each judged by a fit on all earlier rows.

    `champion_learnt` is the number of rows to judge on that the champion may have learnt. Unless it is zero, the
    champion is not comparable on these rows.
    """

    time_folds: tuple[TimeFold, ...]
    champion_learnt: int = 0

    @property
    def cut(self) -> datetime:
        """The start of the first time fold; every fit includes all rows before it."""
        return self.time_folds[0].cut

    @property
    def judge(self) -> Rows:
        """All rows to judge on, in the order of the time folds."""
        return np.concatenate([time_fold.judge for time_fold in self.time_folds])


def learnt_until(
    times: Sequence[datetime], matured: Sequence[datetime], champion_as_of: datetime | None
) -> datetime | None:
    """The time of the latest listing on which a champion of this age may have been trained; None if there is none.

    A champion knows only labels that were mature at its time. A label takes two weeks or more to mature, so the
    champion does not know the last weeks before its own time. A champion of unknown age may know all. `matured` are the
    maturity times of the rows' labels.
    """
    known = (t for t, ripe in zip(times, matured, strict=True) if champion_as_of is None or ripe <= champion_as_of)
    return max(known, default=None)


def split_for_judging(
    times: Sequence[datetime],
    groups: NDArray[np.intp],
    labels: NDArray[np.int8],
    *,
    champion_learnt_until: datetime | None,
    fewest_positives: int,
    fewest_positive_sellers: int,
) -> LaterSplit:
    """The split by the smallest of `JUDGED_SHARES` with enough counterfeits of enough sellers to judge by.

    It has three time folds, or two where no share is enough so. A champion that was trained on the judged rows looks
    better than it is, so no candidate would ever pass. Only rows that the champion does not know are judged, if they
    are enough; otherwise the candidate is judged alone. Where nothing is enough, the split with the most counterfeits
    is used, and the gates say how many are missing.
    """
    usual = [split_later_unseen(times, groups, share=share) for share in JUDGED_SHARES]
    can_fit = [split for split in usual if _can_be_fitted(split.time_folds[0].fit, labels, groups)] or usual[:1]
    known = champion_learnt_until
    for folds, share in product((TIME_FOLDS, _FEWEST_TIME_FOLDS), JUDGED_SHARES[: len(can_fit)]):
        fair = split_later_unseen(times, groups, share=share, after=known, time_folds=folds)
        positives = fair.judge[labels[fair.judge] == 1]
        if len(positives) >= fewest_positives and len(np.unique(groups[positives])) >= fewest_positive_sellers:
            return fair
    most = max(can_fit, key=lambda split: int(labels[split.judge].sum()))
    return replace(most, champion_learnt=sum(known is not None and times[i] <= known for i in most.judge.tolist()))


def _can_be_fitted(rows: Rows, labels: NDArray[np.int8], groups: NDArray[np.intp]) -> bool:
    try:
        refuse_too_few(labels[rows], groups[rows])
    except SnapshotRefused:
        return False
    return True


def split_later_unseen(
    times: Sequence[datetime],
    groups: NDArray[np.intp],
    *,
    share: float,
    after: datetime | None = None,
    time_folds: int = TIME_FOLDS,
) -> LaterSplit:
    """The last `share` of the rows by time, all later than `after` if given, in `time_folds` equal time folds.

    A fit on all earlier rows judges each time fold (prequential, Dawid 1984). A single fit on the rows before the first
    fold would only know the rows of a champion of that time, but the newer rows are the candidate's advantage. Rows of
    sellers known before a time fold are not judged in it, because that would flatter the candidate. A time fold without
    rows to judge is left out, unless it is the first.

    Raises ValueError (there are no rows).
    """
    if not times:
        raise ValueError("there are no rows to split")
    order = np.array(sorted(range(len(times)), key=lambda i: (times[i], i)), dtype=np.intp)
    cut = times[order[int(len(order) * (1 - share))]]
    if after is not None:
        cut = max(cut, after + _NEXT)
    later = [times[i] for i in order if times[i] >= cut]
    starts = sorted({later[len(later) * k // time_folds] for k in range(time_folds)}) if later else [cut]
    folds = [_time_fold(times, groups, cut, until) for cut, until in pairwise([cut, *starts[1:], None])]
    return LaterSplit(tuple(fold for i, fold in enumerate(folds) if i == 0 or len(fold.judge)))


def _time_fold(times: Sequence[datetime], groups: NDArray[np.intp], cut: datetime, until: datetime | None) -> TimeFold:
    early = np.array([t < cut for t in times], dtype=bool)
    known = set(groups[early].tolist())
    unseen = np.array([g not in known for g in groups.tolist()], dtype=bool)
    within = ~early & np.array([until is None or t < until for t in times], dtype=bool)
    return TimeFold(np.flatnonzero(early), np.flatnonzero(within & unseen), cut)
