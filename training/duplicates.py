"""Groups of near-duplicate rows of one seller, so that fifty copies of a listing weigh as much as one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from features.fold import skeleton
from features.minhash import Signature, band_keys, signature_of, similarities, text_of
from features.near_duplicates import NEAR


def near_duplicates(facts: Sequence[Facts], clusters: Sequence[str | None]) -> NDArray[np.intp]:
    """A number per group of near-duplicates within one seller cluster, shape (n,).

    A chain of texts, each near the next (`features.near_duplicates.NEAR`), joins rows into one group. A text too short
    for a signature joins only equal texts. Rows without a known seller are compared with each other, because a shared
    text is evidence of one seller.

    Notes
    -----
    Rows of different clusters are never joined, because shops copy the texts of manufacturers. Accounts that are known
    to be one seller share a cluster.
    """
    groups = np.arange(len(facts), dtype=np.intp)
    texts = [skeleton(text_of(one.listing)) for one in facts]
    signatures = [signature_of(one.listing) for one in facts]
    met: dict[tuple[str | None, object], list[int]] = {}
    # Sorted by text, so that the row order does not matter. A row that joins a group is not added to the index: each
    # further copy costs one comparison.
    for row in sorted(range(len(facts)), key=lambda i: texts[i]):
        for key in _keys(texts[row], signatures[row]):
            others = met.setdefault((clusters[row], key), [])
            if not any(_join(groups, signatures, row, other) for other in others):
                others.append(row)
    return np.array([_first(groups, row) for row in range(len(facts))], dtype=np.intp)


def _keys(text: str, signature: Signature | None) -> Sequence[object]:
    """Index keys of a row; similar texts share one of sixteen keys with a probability of at least 87 %."""
    if signature is None:
        return [text]
    return [(band, int(key)) for band, key in enumerate(band_keys(signature))]


def _join(groups: NDArray[np.intp], signatures: Sequence[Signature | None], row: int, other: int) -> bool:
    """Whether the row is near the other row; if so, their groups are merged."""
    one, two = signatures[row], signatures[other]
    near = one is None or two is None or similarities(one, two[None, :])[0] >= NEAR
    if near:
        ours, theirs = _first(groups, row), _first(groups, other)
        groups[max(ours, theirs)] = min(ours, theirs)
    return near


def _first(groups: NDArray[np.intp], row: int) -> int:
    """The first row of a row's group, which identifies the group."""
    while groups[row] != row:
        groups[row] = groups[groups[row]]
        row = int(groups[row])
    return row
