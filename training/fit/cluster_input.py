"""The input of a fit, computed on a cluster: this process sends the facts in parts, and fits on one machine."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from features.facts import Facts, facts_from_json
from training.cluster import ClusterFailed, cluster_at
from training.fit.fit_input import FitInput

PART_ROWS: Final = 1_000


class FitInputWork:
    """The work of computing the input of a fit, which needs nothing but the facts."""

    def open(self) -> "FitInputWork":
        """The same work in this process."""
        return self

    def compute(self, facts: Sequence[bytes]) -> bytes:
        """The input of some rows, whose facts are JSON: to write it takes a ninth of the time of a pickle."""
        return FitInput.of([facts_from_json(row) for row in facts]).to_bytes()

    def close(self) -> None:
        """It holds nothing."""


def fit_input_at(address: str, facts: Sequence[Facts], progress: Callable[[float], None]) -> FitInput:
    """The input of these rows from a cluster, equal to `FitInput.of` to the last bit.

    Raises ClusterFailed (as `cluster_at`, or a worker gave something else).
    """
    parts: dict[int, FitInput] = {}

    def keep(start: int, rows: int, content: bytes) -> None:
        try:
            parts[start] = FitInput.from_bytes(content, rows)
        except (ValueError, EOFError):
            raise ClusterFailed("A worker of the cluster gave something else than the input of its rows.") from None
        progress(min(len(parts) * PART_ROWS / len(facts), 1.0))

    with cluster_at(address, FitInputWork(), then="Run the same command again.") as cluster:
        for start in range(0, len(facts), PART_ROWS):
            part = [row.to_json() for row in facts[start : start + PART_ROWS]]
            cluster.begin(part, partial(keep, start, len(part)))
        cluster.wait_for_all()
    return FitInput.joined([parts[start] for start in sorted(parts)])
