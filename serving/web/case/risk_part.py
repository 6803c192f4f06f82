"""The risk of the seller's listings relative to other sellers, from the last computation; for analysts only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.messages.english import in_english
from serving.platform.runtime import Runtime
from serving.sellers.service.seller_risk import risk_of
from serving.web import charts
from serving.web.charts import ScoreBar

_WIDTH: Final = 96  # Leaves room for the sentence on the line of a telephone.


@dataclass(frozen=True, slots=True)
class RiskPart:
    """The seller's percentile and the counts behind it; `bar` is None without a percentile."""

    as_of: datetime | None
    bar: ScoreBar | None
    standing: str
    counts: tuple[str, ...]


def risk_part(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str | None) -> RiskPart:
    """The part of a seller; None is a seller whom the listing does not name."""
    found = risk_of(runtime, connection, marketplace_id, seller)
    percentile = found.risk.percentile if found.risk else None
    standing, *counts = map(in_english, found.reasons)
    return RiskPart(
        as_of=found.kept.as_of if found.kept else None,
        bar=charts.percentile_bar(percentile, _WIDTH) if percentile is not None else None,
        standing=standing,
        counts=tuple(counts),
    )
