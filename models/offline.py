"""Scores and routes of listings outside the service, without its sampling, daily limits and lists of sellers."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from features.compute import ComputedFeatures, compute
from features.facts import Facts, assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.bundle import Bundle
from models.evidence import named_evidence
from models.exploration import at_odds
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ROUTING
from models.routing import Lane, Route, Situation, is_thin, low_score_message, route
from models.score import Score, findings

REFUSED: Final = "quarantined"
_NO_DRAW: Final = 1.0  # No listing is sampled for audit.


@dataclass(frozen=True, slots=True)
class OfflineAnswer:
    """The answer to one row. `probability` is None only for a row that validation rejects; its route is `REFUSED`."""

    probability: float | None
    route: str
    reasons: tuple[str, ...]


def answer_offline(
    bundle: Bundle, listings: Sequence[Listing], *, marketplace: str, as_of: datetime, with_reasons: bool = True
) -> list[OfflineAnswer]:
    """One answer a listing, in order, without history; brands in the bundle's register take part."""
    facts = [
        assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace=marketplace, as_of=as_of)
        for listing in listings
    ]
    return answer_facts(bundle, facts, with_reasons=with_reasons)


def answer_facts(
    bundle: Bundle, facts: Sequence[Facts], *, taking_part: Container[str] | None = None, with_reasons: bool = True
) -> list[OfflineAnswer]:
    """One answer to each facts, in order. `taking_part` are the brands that answer questions; by default every brand.

    A listing that would go to a person has the reasons of the model and of the route; any other has those of the route.
    Without reasons nothing is explained, which takes about half the time.
    """
    computed = [compute(listing_facts) for listing_facts in facts]
    thresholds = bundle.thresholds
    least = at_odds(min(thresholds.ask_brand_from, thresholds.analyst_from), DEFAULT_ROUTING.named_odds)
    answers: dict[int, OfflineAnswer] = {}
    for i, probability in enumerate(_probabilities(bundle, computed)):
        if probability < least and _score_decides(computed[i]):
            reasons = (in_english(low_score_message(probability, thresholds.analyst_from)),) if with_reasons else ()
            answers[i] = OfflineAnswer(probability, Lane.NO_ACTION.value, reasons)
    others = [i for i in range(len(computed)) if i not in answers]
    routed = _route_answers(bundle, [computed[i] for i in others], taking_part, with_reasons=with_reasons)
    answers |= zip(others, routed, strict=True)
    return [answers[i] for i in range(len(computed))]


def _probabilities(bundle: Bundle, computed: Sequence[ComputedFeatures]) -> list[float]:
    if not computed:
        return []
    matrix, listings = np.stack([row.vector for row in computed]), [row.facts.listing for row in computed]
    probabilities: list[float] = bundle.classifier.probabilities(matrix, listings).tolist()
    return probabilities


def _route_answers(
    bundle: Bundle, computed: Sequence[ComputedFeatures], taking_part: Container[str] | None, *, with_reasons: bool
) -> list[OfflineAnswer]:
    scores = bundle.score_many(computed, with_reasons=False)
    routes = [_route(row, score, bundle, taking_part) for row, score in zip(computed, scores, strict=True)]
    if not with_reasons:
        return [OfflineAnswer(s.probability, r.lane.value, ()) for s, r in zip(scores, routes, strict=True)]
    shown = [i for i, route in enumerate(routes) if route.lane is not Lane.NO_ACTION]
    explained = dict(zip(shown, bundle.score_many([computed[i] for i in shown]), strict=True))
    return [
        OfflineAnswer(
            score.probability, route.lane.value, (*_reason_sentences(explained.get(i)), *map(in_english, route.reasons))
        )
        for i, (score, route) in enumerate(zip(scores, routes, strict=True))
    ]


def _route(computed: ComputedFeatures, score: Score, bundle: Bundle, taking_part: Container[str] | None) -> Route:
    brand, seller, reading = computed.facts.brand, computed.facts.seller, computed.evidence.reading
    situation = Situation(
        authorised=seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id is not None and (taking_part is None or brand.brand_id in taking_part),
        families=computed.families_known(),
        description_length=len(reading.description),
        seller_known_days=seller.known_days,
        seller_judged=seller.outcomes.counterfeit + seller.outcomes.genuine if seller.outcomes else 0,
        evidence=named_evidence(computed.evidence, computed.vector),
    )
    return route(score, situation, draw=_NO_DRAW, policy=DEFAULT_ROUTING, thresholds=bundle.thresholds)


def _score_decides(computed: ComputedFeatures) -> bool:
    """Whether a low score releases a listing: nothing else that `models.routing.route` asks for decides before it."""
    description = len(computed.evidence.reading.description)
    thin = is_thin(DEFAULT_ROUTING, description=description, families=computed.families_known)
    return not thin and not computed.facts.seller.authorised


def _reason_sentences(score: Score | None) -> list[str]:
    if score is None:
        return []
    return list(map(in_english, findings(score.evidence, score.reasons, accusing=False)))
