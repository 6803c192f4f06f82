"""Facts to score to route with what is in force: the champion, or the starter scorecard before there is one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from features.compute import Computed, compute, input_fingerprint
from features.facts import Facts
from models.bundle import Bundle
from models.policies.routing import RoutingPolicy
from models.policies.scorecard import ScorecardPolicy
from models.routing import Lane, Route, Situation, route
from models.score import Score
from models.scorecard import score_by_points


@dataclass(frozen=True, slots=True)
class ToScore:
    """Facts with what routing needs besides: the draw of the version, and whether a case on it is open."""

    facts: Facts
    draw: float
    already_open: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """One listing version's score and route."""

    score: Score
    route: Route


def score_and_route(
    rows: Sequence[ToScore],
    *,
    model: Bundle | None,
    takes_part: Callable[[str], bool],
    routing: RoutingPolicy,
    scorecard: ScorecardPolicy,
    threads: int = 1,
) -> list[Scored]:
    """Scores and routes in order. A model's reasons are worked out for listings that go to a person, and only these."""
    computed = [compute(row.facts) for row in rows]
    if model is None:
        fingerprint = input_fingerprint()
        scores = [score_by_points(one, policy=scorecard, fingerprint=fingerprint) for one in computed]
    else:
        scores = model.score_many(computed, with_reasons=False, threads=threads)
    routes = [
        route(
            score,
            _situation(row, one, takes_part),
            draw=row.draw,
            policy=routing,
            thresholds=model.thresholds if model else None,
        )
        for row, one, score in zip(rows, computed, scores, strict=True)
    ]
    if model is not None:
        shown = [i for i, one in enumerate(routes) if one.lane is not Lane.RELEASE]
        for i, explained in zip(shown, model.score_many([computed[i] for i in shown], threads=threads), strict=True):
            scores[i] = replace(scores[i], reasons=explained.reasons)
    return [Scored(score, one) for score, one in zip(scores, routes, strict=True)]


def _situation(row: ToScore, computed: Computed, takes_part: Callable[[str], bool]) -> Situation:
    brand, reading = row.facts.brand, computed.evidence.reading
    return Situation(
        authorised=row.facts.seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id is not None and takes_part(brand.brand_id),
        families=computed.families_known(),
        text_length=len(reading.title) + len(reading.description),
        already_open=row.already_open,
    )


def base_price(facts: Facts) -> float | None:
    """The price in the base currency; None where it is unknown."""
    return None if facts.price.log_price is None else math.exp(facts.price.log_price)
