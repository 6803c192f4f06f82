"""What other thresholds would give: precision, recall and load, estimated for all listings.

A form of two thresholds, answered by the page. With script the figures follow while a threshold is moved.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from serving.web.wording import words

_HUNDREDTHS: Final = re.compile(r"0?\.[0-9]{1,2}")
_LOWEST, _HIGHEST = 1, 99
_EVERY: Final = 5  # Hundredths between the rows of the table.
_PER: Final = 1_000  # Listings to which the load refers where the number of a day is unknown.


@dataclass(frozen=True, slots=True)
class ThresholdPart:
    """The form, its figures, and the whole curve.

    `curve` has the share flagged, the share flagged and counterfeit, and the recall for each hundredth, as the script
    reads them. `volume` is the number of listings to which a load refers, and `unit` says in words which.
    """

    ask: str
    analyst: str
    is_models_own: bool
    lanes: tuple[SimpleNamespace, ...]
    table: tuple[SimpleNamespace, ...]
    curve: str
    volume: float
    unit: str


def threshold_part(
    report: Mapping[str, Any], query_params: Mapping[str, str], listings_a_day: float | None
) -> ThresholdPart | None:
    """The part for a report, with the thresholds of the address or else the model's own; None of an older report.

    What is typed and is no threshold is passed over. The threshold of analysts is at most that of brands.
    """
    curve = report.get("operating_curve")
    if not curve:
        return None
    own = {name: _hundredths(report["thresholds"][name]) for name in ("ask_brand_from", "analyst_from")}
    ask = _typed_hundredths(query_params.get("ask", ""), own["ask_brand_from"])
    analyst = min(ask, _typed_hundredths(query_params.get("analyst", ""), own["analyst_from"]))
    points = {_hundredths(point["threshold"]): _curve_point(point) for point in curve}
    volume = _PER if listings_a_day is None else listings_a_day
    both, top = points[analyst], points[ask]
    return ThresholdPart(
        ask=f"{ask / 100:.2f}",
        analyst=f"{analyst / 100:.2f}",
        is_models_own=(ask, analyst) == (own["ask_brand_from"], min(own.values())),
        lanes=(
            _lane_figures("ask", "Ask brand", top, volume),
            _lane_figures("analyst", "Analyst review", tuple(a - b for a, b in zip(both, top, strict=True)), volume),
            _lane_figures("both", "Both together", both, volume),
        ),
        table=tuple(_threshold_row(at, points[at], volume) for at in range(_EVERY, 100, _EVERY)),
        curve=";".join(",".join(f"{figure:.5f}" for figure in points[at]) for at in range(_LOWEST, _HIGHEST + 1)),
        volume=round(volume, 1),
        unit=f"listings of {_PER:,}" if listings_a_day is None else "listings per day",
    )


def _typed_hundredths(text: str, own: int) -> int:
    return _hundredths(float(text)) if _HUNDREDTHS.fullmatch(text) else own


def _hundredths(threshold: float) -> int:
    return min(_HIGHEST, max(_LOWEST, round(100 * threshold)))


def _curve_point(point: Mapping[str, Any]) -> tuple[float, float, float]:
    """The share flagged, the share flagged and counterfeit, and the recall."""
    flagged = point["flagged"] or 0.0
    return flagged, flagged * (point["precision"] or 0.0), point["recall"] or 0.0


def _lane_figures(key: str, name: str, point: Sequence[float], volume: float) -> SimpleNamespace:
    row = _threshold_row(0, point, volume)
    return SimpleNamespace(key=key, name=name, load=row.load, precision=row.precision, recall=row.recall)


def _threshold_row(at: int, point: Sequence[float], volume: float) -> SimpleNamespace:
    flagged, hits, recall = point
    precision = hits / flagged if flagged > 0 else None
    return SimpleNamespace(
        threshold=f"{at / 100:.2f}",
        load=f"{flagged * volume:,.1f}",
        precision=words.figure(precision, 2),
        recall=f"{recall:.2f}",
    )
