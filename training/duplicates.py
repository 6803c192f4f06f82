"""Which rows say the same thing of the same seller, so that fifty copies of one listing count as one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from features.fold import skeleton
from features.minhash import Signature, band_keys, signature_of, similarities, text_of
from features.near_duplicates import NEAR


def near_duplicates(facts: Sequence[Facts], clusters: Sequence[str | None]) -> NDArray[np.intp]:
    """A number per group of near-duplicates within one seller cluster, shape (n,).

    Rows are in one group when a chain of texts, each near the next (`features.near_duplicates.NEAR`), joins
    them. A text too short for a signature joins only its equals. Rows without a known seller are compared with each
    other: nothing says that they are of different sellers, and a text that they share does say something.

    Notes
    -----
    Different sellers with one text are not joined here: shops copy makers. Accounts that are known to be one seller
    share a cluster, and are.
    """
    groups = np.arange(len(facts), dtype=np.intp)
    texts = [skeleton(text_of(one.listing)) for one in facts]
    signatures = [signature_of(one.listing) for one in facts]
    met: dict[tuple[str | None, object], list[int]] = {}
    # In the order of their texts, so that the order of the rows decides nothing. A row that joins one that is there
    # speaks through it: a flood of copies costs no more than one.
    for row in sorted(range(len(facts)), key=lambda i: texts[i]):
        for key in _keys(texts[row], signatures[row]):
            others = met.setdefault((clusters[row], key), [])
            if not any(_join(groups, signatures, row, other) for other in others):
                others.append(row)
    return np.array([_first(groups, row) for row in range(len(facts))], dtype=np.intp)


def _keys(text: str, signature: Signature | None) -> Sequence[object]:
    """Under which rows may meet: like texts share one of sixteen keys with a chance of 87 % and more."""
    if signature is None:
        return [text]
    return [(band, int(key)) for band, key in enumerate(band_keys(signature))]


def _join(groups: NDArray[np.intp], signatures: Sequence[Signature | None], row: int, other: int) -> bool:
    """Whether the row is near the other one; if so, their groups become one."""
    one, two = signatures[row], signatures[other]
    near = one is None or two is None or similarities(one, two[None, :])[0] >= NEAR
    if near:
        ours, theirs = _first(groups, row), _first(groups, other)
        groups[max(ours, theirs)] = min(ours, theirs)
    return near


def _first(groups: NDArray[np.intp], row: int) -> int:
    """The first row of a row's group, which names it."""
    while groups[row] != row:
        groups[row] = groups[groups[row]]
        row = int(groups[row])
    return row
