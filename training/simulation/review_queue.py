"""A review queue of fixed capacity: the listings with the highest scores, and a random sample of the rest."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from features.compute import ComputedFeatures, input_fingerprint
from models.bundle import Bundle
from models.exploration import chance_of_review, is_new_seller
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD
from models.routing import Route, Situation, Thresholds, is_thin, route
from models.score import Score
from models.scorecard import score_by_points

# Share of all listings, as in training.evaluate.operating: the capacity of a team of three for 2,000 listings a week.
REVIEW_SHARE: Final = 0.12
_NOTHING_DRAWN: Final = replace(
    DEFAULT_ROUTING, audit_share=0.0, audit_least_share=0.0, audit_most_share=0.0, whitelist_audit_share=0.0
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A scored listing: its features, its score and the other inputs of routing; `draw` is on [0, 1)."""

    computed: ComputedFeatures
    score: Score
    situation: Situation
    draw: float


def score_arrivals(
    rows: Sequence[ComputedFeatures], draws: Sequence[float], champion: Bundle | None, takes_part: Callable[[str], bool]
) -> list[Arrival]:
    """The listings scored by the champion, or by the starter scorecard before the first champion."""
    if champion is None:
        fingerprint = input_fingerprint()
        scores = [score_by_points(row, policy=DEFAULT_SCORECARD, fingerprint=fingerprint) for row in rows]
    else:
        scores = champion.score_many(rows, with_reasons=False)
    return [
        Arrival(row, score, _situation(row, takes_part), draw)
        for row, score, draw in zip(rows, scores, draws, strict=True)
    ]


def _situation(row: ComputedFeatures, takes_part: Callable[[str], bool]) -> Situation:
    brand, seller, reading = row.facts.brand, row.facts.seller, row.evidence.reading
    return Situation(
        authorised=seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id is not None and takes_part(brand.brand_id),
        families=row.families_known(),
        description_length=len(reading.description),
        seller_known_days=seller.known_days,
        seller_judged=seller.outcomes.counterfeit + seller.outcomes.genuine if seller.outcomes else 0,
    )


def route_arrivals(
    arrivals: Sequence[Arrival], budget: float, *, champion: Bundle | None, explores: bool
) -> list[Route]:
    """The route of each listing, with about `budget` reviews in total.

    Flagging does not depend on the sampling draws. The number of flagged listings leaves room for the expected sample
    of the others. An unflagged listing therefore has exactly its stored sampling probability, and the mean number of
    reviews is `budget`. The caller carries over the surplus or deficit.
    """
    thin = [i for i, arrival in enumerate(arrivals) if _is_thin(arrival)]
    others = [i for i, arrival in enumerate(arrivals) if not _is_thin(arrival)]
    others.sort(key=lambda i: (arrivals[i].situation.authorised, -arrivals[i].score.value, _listing_name(arrivals[i])))
    eligible = sum(not arrivals[i].situation.authorised for i in others)

    def line(flagged: int) -> float:
        least = arrivals[others[flagged - 1]].score.probability if flagged else None
        return 1.0 if least is None else least

    def spent(flagged: int) -> float:
        drawn = sum(_audit_chance(arrivals[i], line(flagged)) for i in others[flagged:]) if explores else 0.0
        return len(thin) + flagged + drawn

    flagged = max(0, bisect_right(range(eligible + 1), budget, key=spent) - 1)
    looks = {*thin, *others[:flagged]}
    return [
        _route_arrival(arrival, champion, look=i in looks, line=line(flagged), explores=explores)
        for i, arrival in enumerate(arrivals)
    ]


def _audit_chance(arrival: Arrival, line: float) -> float:
    """The sampling probability that routing stores for a listing below the threshold."""
    situation = arrival.situation
    if situation.authorised:
        return DEFAULT_ROUTING.whitelist_audit_share
    if arrival.score.probability is None:
        return DEFAULT_ROUTING.audit_share
    new_seller = is_new_seller(situation.seller_known_days, situation.seller_judged, DEFAULT_ROUTING)
    return chance_of_review(arrival.score.probability, line, is_new_seller=new_seller, policy=DEFAULT_ROUTING)


def _listing_name(arrival: Arrival) -> str:
    return arrival.computed.facts.listing.external_id


def _is_thin(arrival: Arrival) -> bool:
    if arrival.situation.authorised:
        return False
    situation = arrival.situation
    return is_thin(DEFAULT_ROUTING, description=situation.description_length, families=lambda: situation.families)


def _route_arrival(arrival: Arrival, champion: Bundle | None, *, look: bool, line: float, explores: bool) -> Route:
    """The route by the service's own rule, with `line` in place of the analyst threshold."""
    ask_from = champion.thresholds.ask_brand_from if champion else DEFAULT_ROUTING.ask_brand_from
    just_above = math.nextafter(arrival.score.probability or 0.0, math.inf)
    below = max(just_above, line)
    thresholds = Thresholds(ask_from, 0.0) if look else Thresholds(below, below)
    points = -math.inf if look else math.inf
    policy = replace(DEFAULT_ROUTING if explores else _NOTHING_DRAWN, analyst_from_points=points)
    return route(arrival.score, arrival.situation, draw=arrival.draw, policy=policy, thresholds=thresholds)
