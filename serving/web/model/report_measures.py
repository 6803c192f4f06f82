"""The measures of a model's report and its operating points, with their intervals and the chance level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from serving.web.model.model_charts import wilson
from serving.web.wording import words

MEASURES: Final = (
    ("Average precision", "ap", True),
    ("ROC-AUC", "roc_auc", True),
    ("Precision at 20", "precision_at_20", True),
    ("Brier score", "brier", False),
    ("Calibration error", "calibration_error", False),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of both models; `better` is whether ours is at least as good, None without a comparison.

    `chance` says whether the difference is significant, empty if that was not computed.
    """

    name: str
    ours: str
    theirs: str | None
    better: bool | None
    interval: str
    chance: str = ""


def measures_of(
    ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, judged: Mapping[str, Any]
) -> tuple[Measure, ...]:
    rows = []
    for name, key, more_is_better in MEASURES:
        mine, other = ours.get(key), theirs.get(key) if theirs else None
        better = None if mine is None or other is None else (mine >= other) is more_is_better or mine == other
        interval = ours.get("ap_interval") if key == "ap" else None
        rows.append(
            Measure(
                name, words.figure(mine), words.figure(other) if theirs else None, better, interval_in_words(interval)
            )
        )
    if "difference_interval" in judged:
        low, high = judged["difference_interval"]
        mine, other = ours["ap"], theirs["ap"] if theirs else None
        difference = "none" if mine is None or other is None else words.signed_figure(mine - other, 3)
        rows.insert(
            1,
            Measure(
                "Difference",
                difference,
                "",
                None,
                interval_in_words((low, high), sign=True),
                significance((low, high)),
            ),
        )
    if "random_slice" in ours:
        ends = judged.get("random_slice", {}).get("difference_interval")
        rows.append(
            _all_listings_measure(ours["random_slice"], theirs["random_slice"] if theirs else None, significance(ends))
        )
    if "only_text_and_price" in judged:
        bare = judged["only_text_and_price"]["ap"]
        rows.append(Measure("AP, text and price only", words.figure(bare), None, None, ""))
    return tuple(rows)


def significance(ends: Sequence[float | None] | None) -> str:
    """Whether a difference with this 95 % interval is significant."""
    low, high = ends or (None, None)
    if low is None or high is None:
        return ""
    return "not significant" if low <= 0 <= high else "significant"


def _all_listings_measure(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, chance: str) -> Measure:
    """Estimates for all listings, with each evaluated row weighted by its inverse sampling probability."""
    mine, other = ours["ap"], theirs["ap"] if theirs else None
    better = None if mine is None or other is None else mine >= other
    name = "AP, weighted to all listings"
    return Measure(
        name,
        words.figure(mine),
        words.figure(other) if theirs else None,
        better,
        interval_in_words(ours["ap_interval"]),
        chance,
    )


def interval_in_words(ends: tuple[float | None, float | None] | None, *, sign: bool = False) -> str:
    low, high = ends or (None, None)
    if low is None or high is None:
        return ""
    return f"{words.signed_figure(low, 3)} to {words.signed_figure(high, 3)}" if sign else f"{low:.3f} to {high:.3f}"


def operating_rows(
    points: Mapping[str, Mapping[str, Any]], positives: int, a_day: Sequence[float]
) -> tuple[SimpleNamespace, ...]:
    names = (("Ask brand", "ask_brand_from"), ("Analyst review", "analyst_from"))
    return tuple(
        _operating_row(name, points[key], positives, f"{a_day[i]:,.1f}" if a_day else "")
        for i, (name, key) in enumerate(names)
    )


def _operating_row(name: str, point: Mapping[str, Any], positives: int, a_day: str) -> SimpleNamespace:
    precision, recall, flagged = point["precision"], point["recall"], point["flagged"]
    hits = None if precision is None else round(precision * flagged)
    return SimpleNamespace(
        name=name,
        threshold=f"{point['threshold']:.2f}",
        flagged=f"{flagged:,}",
        precision=words.figure(precision, 2),
        recall=words.figure(recall, 2),
        precision_ends="" if hits is None or not flagged else _wilson_in_words(hits, flagged),
        recall_ends=""
        if hits is None or recall is None or not positives
        else _wilson_in_words(min(hits, positives), positives),
        a_day=a_day,
    )


def _wilson_in_words(hits: int, number: int) -> str:
    low, high = wilson(hits, number)
    return f"{low:.2f} to {high:.2f}"
