"""A desk of fixed size: of what came in, the worst-looking go to people, and chance chooses among the rest."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from features.compute import Computed, input_fingerprint
from models.bundle import Bundle
from models.exploration import chance_of_review
from models.policies.routing import DEFAULT_ROUTING
from models.policies.scorecard import DEFAULT_SCORECARD
from models.routing import Route, Situation, Thresholds, route
from models.score import Score
from models.scorecard import score_by_points

# Of all listings, as training.operating allows analysts: what a team of three can do for 2,000 a week.
REVIEW_SHARE: Final = 0.12
_NOTHING_FLAGGED: Final = Thresholds(ask_brand_from=2.0, analyst_from=2.0)
_NOTHING_DRAWN: Final = replace(
    DEFAULT_ROUTING, audit_share=0.0, audit_least_share=0.0, audit_doubt_share=0.0, whitelist_audit_share=0.0
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A listing as it was scored: its numbers, its score, and what routing knows besides; `draw` is on [0, 1)."""

    computed: Computed
    score: Score
    situation: Situation
    draw: float


def scored(
    rows: Sequence[Computed], draws: Sequence[float], champion: Bundle | None, takes_part: Callable[[str], bool]
) -> list[Arrival]:
    """The listings scored by the champion, or by the starter scorecard before there is one."""
    if champion is None:
        fingerprint = input_fingerprint()
        scores = [score_by_points(row, policy=DEFAULT_SCORECARD, fingerprint=fingerprint) for row in rows]
    else:
        scores = champion.score_many(rows, with_reasons=False)
    return [
        Arrival(row, score, _situation(row, takes_part), draw)
        for row, score, draw in zip(rows, scores, draws, strict=True)
    ]


def _situation(row: Computed, takes_part: Callable[[str], bool]) -> Situation:
    brand, reading = row.facts.brand, row.evidence.reading
    return Situation(
        authorised=row.facts.seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id is not None and takes_part(brand.brand_id),
        families=row.families_known(),
        text_length=len(reading.title) + len(reading.description),
    )


def share_out(found: Sequence[Arrival], budget: float, *, champion: Bundle | None, explores: bool) -> list[Route]:
    """The route of each listing, so that about `budget` reviews are spent.

    What is flagged is decided before any draw is looked at: as many of the worst-looking as leave room for the draws
    that are to be expected among the others. So a listing that is not flagged has exactly the chance that is stored
    with it, and `budget` is spent in the mean; the caller carries over what is left or owed.
    """
    chances = [_chance(one) if explores else 0.0 for one in found]
    flagged = [_is_thin(one) for one in found]
    left = budget - sum(1.0 if thin else chance for thin, chance in zip(flagged, chances, strict=True))
    eligible = [i for i, one in enumerate(found) if not flagged[i] and not one.situation.authorised]
    for i in sorted(eligible, key=lambda i: (-found[i].score.value, found[i].computed.facts.listing.external_id)):
        left -= 1 - chances[i]
        if left < 0:
            break
        flagged[i] = True
    ask_from = champion.thresholds.ask_brand_from if champion else DEFAULT_ROUTING.ask_brand_from
    return [
        _route(one, Thresholds(ask_from, 0.0) if look else _NOTHING_FLAGGED, explores=explores)
        for one, look in zip(found, flagged, strict=True)
    ]


def _chance(one: Arrival) -> float:
    if one.situation.authorised:
        return DEFAULT_ROUTING.whitelist_audit_share
    return chance_of_review(one.score.probability, DEFAULT_ROUTING)


def _is_thin(one: Arrival) -> bool:
    if one.situation.authorised:
        return False
    return (
        one.situation.families < DEFAULT_ROUTING.fewest_families
        and one.situation.text_length < DEFAULT_ROUTING.shortest_text
    )


def _route(one: Arrival, thresholds: Thresholds, *, explores: bool) -> Route:
    """By the service's own rule; the desk's room takes the place of the threshold from which analysts look."""
    flagged = thresholds is not _NOTHING_FLAGGED
    points = -math.inf if flagged else math.inf
    policy = replace(DEFAULT_ROUTING if explores else _NOTHING_DRAWN, analyst_from_points=points)
    return route(one.score, one.situation, draw=one.draw, policy=policy, thresholds=thresholds)
