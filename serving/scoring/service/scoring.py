"""From facts to score to route, with the champion, or with the starter scorecard before there is a champion."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from features.compute import Computed, compute, input_fingerprint
from features.facts import Facts
from features.message import Message
from models.bundle import Bundle
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.priority import expected_harm
from models.routing import Asking, Lane, Route, Situation, route
from models.score import Score
from models.scorecard import score_by_points
from models.second_scores import second_scores
from models.seller_lists import Listed


@dataclass(frozen=True, slots=True)
class ToScore:
    """Facts with the other inputs of routing: the version's draw, whether the listing has an open case, and the relist
    match.

    `listed` is the seller's entry in the marketplace's lists of sellers.
    """

    facts: Facts
    draw: float
    already_open: bool
    relist: Message | None = None
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """The brands that can be asked, with their remaining questions of the day; `paused` stops all questions."""

    takes_part: frozenset[str]
    paused: bool = False
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """One listing version's score and route."""

    score: Score
    route: Route


class BatchScores:
    """The scores of numbered listings by one model, or by the scorecard without one.

    Listings are routed in groups, because a route can depend on the cases and questions of the groups before; the last
    route of a listing holds. `questions` are those of the groups to come. With
    `encoded`, an encoder's numbers of the listings' titles in order, shape (n, d), the scores are second scores.
    """

    def __init__(
        self,
        facts: Mapping[int, Facts],
        *,
        model: Bundle | None,
        questions: Questions,
        routing: RoutingPolicy,
        scorecard: ScorecardPolicy,
        threads: int = 1,
        encoded: NDArray[np.float64] | None = None,
    ) -> None:
        self._model, self._routing, self._threads = model, routing, threads
        self.questions = questions
        self._computed = {i: compute(one) for i, one in facts.items()}
        self._routes: dict[int, Route] = {}
        computed = list(self._computed.values())
        if model is None:
            fingerprint = input_fingerprint()
            scores = [score_by_points(one, policy=scorecard, fingerprint=fingerprint) for one in computed]
        elif encoded is not None:
            scores = second_scores(model, computed, encoded, threads=threads)
        else:
            scores = model.score_many(computed, with_reasons=False, threads=threads)
        self._scores = dict(zip(self._computed, scores, strict=True))

    def route(self, rows: Mapping[int, ToScore], left: Mapping[str, int]) -> dict[int, Route]:
        """The routes of a group, by number, with the brands' remaining questions."""
        situations = {i: _situation(row, self._computed[i], self.questions) for i, row in rows.items()}

        def routed(i: int, situation: Situation) -> Route:
            thresholds = self._model.thresholds if self._model else None
            return route(self._scores[i], situation, draw=rows[i].draw, policy=self._routing, thresholds=thresholds)

        routes = {i: routed(i, situation) for i, situation in situations.items()}
        for i in self._too_many(rows, routes, left):
            routes[i] = routed(i, replace(situations[i], asking=Asking.USED_UP))
        self._routes |= routes
        return routes

    def _too_many(self, rows: Mapping[int, ToScore], routes: Mapping[int, Route], left: Mapping[str, int]) -> list[int]:
        """The questions beyond each brand's daily limit, by number; those with the least expected harm are dropped."""
        asked: dict[str, list[int]] = {}
        for i, one in routes.items():
            brand_id = rows[i].facts.brand.brand_id
            if one.lane is Lane.ASK_BRAND and brand_id is not None and brand_id in left:
                asked.setdefault(brand_id, []).append(i)

        def harm(i: int) -> float:
            facts = rows[i].facts
            return expected_harm(self._scores[i], price=base_price(facts), sold_7d=facts.listing.sales.d7)

        return [i for brand_id, some in asked.items() for i in sorted(some, key=harm, reverse=True)[left[brand_id] :]]

    def scored(self) -> dict[int, Scored]:
        """The scores with their routes. Those of a model have reasons only where a listing is sent to a person."""
        scores = dict(self._scores)
        if self._model is not None:
            for i, one in scores.items():
                if one.reasons and self._routes[i].lane is Lane.NO_ACTION:  # Second scores come with theirs.
                    scores[i] = replace(one, reasons=(), evidence=())
            shown = [i for i in scores if self._routes[i].lane is not Lane.NO_ACTION and not scores[i].reasons]
            explained = self._model.score_many([self._computed[i] for i in shown], threads=self._threads)
            for i, one in zip(shown, explained, strict=True):
                scores[i] = replace(scores[i], reasons=one.reasons, evidence=one.evidence)
        return {i: Scored(score, self._routes[i]) for i, score in scores.items()}


def score_and_route(
    rows: Sequence[ToScore],
    *,
    model: Bundle | None,
    questions: Questions,
    routing: RoutingPolicy,
    scorecard: ScorecardPolicy,
    threads: int = 1,
) -> list[Scored]:
    """Scores and routes in the order of the rows, which are routed together."""
    batch = BatchScores(
        {i: row.facts for i, row in enumerate(rows)},
        model=model,
        questions=questions,
        routing=routing,
        scorecard=scorecard,
        threads=threads,
    )
    batch.route(dict(enumerate(rows)), questions.left)
    return list(batch.scored().values())


def _situation(row: ToScore, computed: Computed, questions: Questions) -> Situation:
    brand, seller, reading = row.facts.brand, row.facts.seller, computed.evidence.reading
    return Situation(
        authorised=seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id in questions.takes_part,
        families=computed.families_known(),
        text_length=len(reading.title) + len(reading.description),
        seller_known_days=seller.known_days,
        seller_judged=seller.outcomes.counterfeit + seller.outcomes.genuine if seller.outcomes else 0,
        already_open=row.already_open,
        relist=row.relist,
        listed=row.listed,
        asking=Asking.PAUSED if questions.paused else Asking.OPEN,
    )


def base_price(facts: Facts) -> float | None:
    """The price in the base currency; None where it is unknown."""
    return None if facts.price.log_price is None else math.exp(facts.price.log_price)
