"""The operating points of a model's report in words: the two thresholds of routing with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.web.model.model_charts import wilson
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Figures above a threshold, on all labels and out of fold; the ends are of 95 % intervals.

    `a_day` is the daily number of live listings sent to people, empty if the model does not score them.
    """

    name: str
    threshold: str
    flagged: str
    precision: str
    recall: str
    precision_ends: str
    recall_ends: str
    a_day: str


def operating_rows(
    found: Mapping[str, Mapping[str, Any]], positives: int, a_day: Sequence[float]
) -> tuple[OperatingPoint, ...]:
    names = (("Ask brand", "ask_brand_from"), ("Analyst review", "analyst_from"))
    return tuple(
        _point(name, found[key], positives, f"{a_day[i]:,.1f}" if a_day else "") for i, (name, key) in enumerate(names)
    )


def _point(name: str, found: Mapping[str, Any], positives: int, a_day: str) -> OperatingPoint:
    precision, recall, flagged = found["precision"], found["recall"], found["flagged"]
    hits = None if precision is None else round(precision * flagged)
    return OperatingPoint(
        name,
        f"{found['threshold']:.2f}",
        f"{flagged:,}",
        words.figure(precision, 2),
        words.figure(recall, 2),
        "" if hits is None or not flagged else _ends(hits, flagged),
        "" if hits is None or recall is None or not positives else _ends(min(hits, positives), positives),
        a_day,
    )


def _ends(hits: int, number: int) -> str:
    low, high = wilson(hits, number)
    return f"{low:.2f} to {high:.2f}"
