"""A score for pages: a probability with its thresholds, or uncalibrated points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.policies.deciding import RoutingPolicy
from models.score import ScoreKind
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.web import charts
from serving.web.charts import ScoreBar
from serving.web.wording import words

_POINTS_SHOWN: Final = 100.0
_NEAR: Final = 0.75  # Closer notches would overlap on a case's bar.


@dataclass(frozen=True, slots=True)
class ShownScore:
    """A score in words with its bar, its unit, and the scorer's name."""

    text: str
    bar: ScoreBar
    calibrated: bool
    unit: str
    scorer: str


def shown_score(
    runtime: Runtime, marketplace_id: str, row: Mapping[str, Any], *, width: int, scorer: str = ""
) -> ShownScore:
    """The score in a stored row (`score_kind`, `score_value`, `probability`), with the current thresholds."""
    policy = runtime.policies[RoutingPolicy]
    if row["score_kind"] == ScoreKind.SCORECARD.value or row["probability"] is None:
        points = float(row["score_value"])
        notches = [(f"review {policy.analyst_from_points:.0f}", policy.analyst_from_points)]
        bar = charts.score_bar(points, notches, most=_POINTS_SHOWN, width=width)
        return ShownScore(f"{points:.0f}", bar, False, "points", "Starter scorecard")
    model = runtime.services[LiveModels].loaded(marketplace_id)
    ask_from = model.thresholds.ask_brand_from if model else policy.ask_brand_from
    analyst_from = model.thresholds.analyst_from if model else policy.analyst_from
    probability = float(row["probability"])
    bar = charts.score_bar(probability, _threshold_notches(analyst_from, ask_from), most=1.0, width=width)
    return ShownScore(f"{probability:.2f}", bar, True, "probability", f"Model {scorer[:10]}")


def _threshold_notches(analyst_from: float, ask_from: float) -> list[tuple[str, float]]:
    """The thresholds of analyst review and of questions to brands; close notches share one text."""
    if ask_from - analyst_from < _NEAR:
        return [("", analyst_from), (f"review {analyst_from:.2f}, ask {ask_from:.2f}", ask_from)]
    return [(f"review {analyst_from:.2f}", analyst_from), (f"ask {ask_from:.2f}", ask_from)]


def queue_score_columns(score: Mapping[str, Any], priority: float) -> dict[str, Any]:
    """A stored score under the column names of a queue row."""
    return {
        "priority": priority,
        "score_kind": score["kind"],
        "score_value": score["value"],
        "probability": score["probability"],
    }


def harm_in_words(row: Mapping[str, Any], *, currency: str, price_known: bool) -> str:
    """The expected weekly harm to buyers; for points it is only an order of magnitude."""
    if not price_known:
        return "no price"
    amount = float(row["priority"])
    # Three digits; the probability and the sales figures justify no further ones.
    digits = -1 if amount >= 1000 else 0 if amount >= 10 else 2
    text = words.rough_amount(round(amount, digits), currency)
    return text if row["probability"] is not None else f"~{text}"
