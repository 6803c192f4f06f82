"""From facts to score to route, with the champion, or with the starter scorecard before there is a champion.

The explanation of a stored score. A listing that stays published keeps none, so it is computed when it is read.
"""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from features.compute import ComputedFeatures, compute, input_fingerprint
from features.facts import Facts
from features.listing import Listing
from features.message import Message
from features.price_lists import PriceLists
from features.references import References
from models.bundle import Bundle
from models.errors import BundleRefused, Unavailable
from models.evidence import hard_evidence, named_evidence
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.priority import expected_harm
from models.routing import AskingState, Lane, Route, Situation, route
from models.score import TITLE, Score, ScoreKind, remainder_reason
from models.scorecard import score_by_points
from models.second_scores import second_scores
from models.seller_lists import ListMatch
from serving.brands.store import brands, price_lists
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import does_challenger_decide
from serving.scoring.service.bundles import BundleStore, LiveModels
from serving.scoring.store import breakers, reference_changes, references, trials
from serving.scoring.store.reference_changes import Marks
from serving.scoring.store.trials import Trial


@dataclass(frozen=True, slots=True)
class ScoringInput:
    """Facts with the other inputs of routing: the version's draw, whether the listing has an open case, and the relist
    match.

    `listed` is the seller's entry in the marketplace's lists of sellers.
    """

    facts: Facts
    draw: float
    already_open: bool
    relist: Message | None = None
    listed: ListMatch | None = None


@dataclass(frozen=True, slots=True)
class QuestionBudget:
    """The brands that can be asked, with their remaining questions of the day; `paused` stops all questions."""

    takes_part: frozenset[str]
    paused: bool = False
    remaining: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoredVersion:
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
        questions: QuestionBudget,
        routing: RoutingPolicy,
        scorecard: ScorecardPolicy,
        threads: int = 1,
        encoded: NDArray[np.float64] | None = None,
    ) -> None:
        self._model, self._routing, self._threads = model, routing, threads
        self.questions = questions
        self._computed = {i: compute(row_facts) for i, row_facts in facts.items()}
        self._routes: dict[int, Route] = {}
        computed = list(self._computed.values())
        if model is None:
            fingerprint = input_fingerprint()
            scores = [score_by_points(vector, policy=scorecard, fingerprint=fingerprint) for vector in computed]
        elif encoded is not None:
            scores = second_scores(model, computed, encoded, threads=threads)
        else:
            scores = model.score_many(computed, with_reasons=False, threads=threads)
        self._scores = dict(zip(self._computed, scores, strict=True))

    def route(self, rows: Mapping[int, ScoringInput], questions_left: Mapping[str, int]) -> dict[int, Route]:
        """The routes of a group, by number, with the brands' remaining questions."""
        situations = {i: _situation(row, self._computed[i], self.questions) for i, row in rows.items()}

        def routed(i: int, situation: Situation) -> Route:
            thresholds = self._model.thresholds if self._model else None
            return route(self._scores[i], situation, draw=rows[i].draw, policy=self._routing, thresholds=thresholds)

        routes = {i: routed(i, situation) for i, situation in situations.items()}
        for i in self._too_many(rows, routes, questions_left):
            routes[i] = routed(i, replace(situations[i], asking=AskingState.USED_UP))
        self._routes |= routes
        return routes

    def _too_many(
        self, rows: Mapping[int, ScoringInput], routes: Mapping[int, Route], questions_left: Mapping[str, int]
    ) -> list[int]:
        """The questions beyond each brand's daily limit, by number; those with the least expected harm are dropped."""
        rows_by_brand: dict[str, list[int]] = {}
        for i, row_route in routes.items():
            brand_id = rows[i].facts.brand.brand_id
            if row_route.lane is Lane.ASK_BRAND and brand_id is not None and brand_id in questions_left:
                rows_by_brand.setdefault(brand_id, []).append(i)

        def harm(i: int) -> float:
            facts = rows[i].facts
            return expected_harm(self._scores[i], price=base_price(facts), sold_7d=facts.listing.sales.d7)

        return [
            i
            for brand_id, numbers in rows_by_brand.items()
            for i in sorted(numbers, key=harm, reverse=True)[questions_left[brand_id] :]
        ]

    def scored(self) -> dict[int, ScoredVersion]:
        """The scores with their routes. Those of a model have reasons only where a listing is sent to a person."""
        scores = dict(self._scores)
        if self._model is not None:
            for i, score in scores.items():
                if score.reasons and self._routes[i].lane is Lane.NO_ACTION:  # Second scores come with theirs.
                    scores[i] = replace(score, reasons=(), evidence=())
            shown = [i for i in scores if self._routes[i].lane is not Lane.NO_ACTION and not scores[i].reasons]
            explained = self._model.score_many([self._computed[i] for i in shown], threads=self._threads)
            for i, explanation in zip(shown, explained, strict=True):
                scores[i] = replace(scores[i], reasons=explanation.reasons, evidence=explanation.evidence)
        return {i: ScoredVersion(score, self._routes[i]) for i, score in scores.items()}


def score_and_route(
    rows: Sequence[ScoringInput],
    *,
    model: Bundle | None,
    questions: QuestionBudget,
    routing: RoutingPolicy,
    scorecard: ScorecardPolicy,
    threads: int = 1,
) -> list[ScoredVersion]:
    """Scores and routes in the order of the rows, which are routed together."""
    batch = BatchScores(
        {i: row.facts for i, row in enumerate(rows)},
        model=model,
        questions=questions,
        routing=routing,
        scorecard=scorecard,
        threads=threads,
    )
    batch.route(dict(enumerate(rows)), questions.remaining)
    return list(batch.scored().values())


def _situation(row: ScoringInput, computed: ComputedFeatures, questions: QuestionBudget) -> Situation:
    brand, seller, reading = row.facts.brand, row.facts.seller, computed.evidence.reading
    return Situation(
        authorised=seller.authorised,
        brand_id=brand.brand_id,
        brand_name=brand.name,
        brand_candidates=len(brand.candidates),
        brand_takes_part=brand.brand_id in questions.takes_part,
        families=computed.families_known(),
        description_length=len(reading.description),
        seller_known_days=seller.known_days,
        seller_judged=seller.outcomes.counterfeit + seller.outcomes.genuine if seller.outcomes else 0,
        already_open=row.already_open,
        relist=row.relist,
        listed=row.listed,
        evidence=named_evidence(computed.evidence, computed.vector),
        asking=AskingState.PAUSED if questions.paused else AskingState.OPEN,
    )


def base_price(facts: Facts) -> float | None:
    """The price in the base currency; None where it is unknown."""
    return None if facts.price.log_price is None else math.exp(facts.price.log_price)


_MOST_OFF: Final = 1e-6  # Beyond rounding, in log-odds: the parts would not add up to the value that people see.


def explain_score(runtime: Runtime, score: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """A stored score with reasons and evidence, computed from its facts by its model where it was stored without.

    `why_none` is a sentence where the reasons cannot be computed. Of a second score they are those of the first answer,
    and what the title changed. Loading a model takes a moment, so no view of the database should be open meanwhile.
    """
    if score["reasons"] or score["kind"] == ScoreKind.SCORECARD.value:
        return {**score, "why_none": None}
    row = compute(facts)
    evidence = hard_evidence(row.evidence, row.vector)
    try:
        (again,) = runtime.services[LiveModels].with_digest(score["scorer"]).score_many([row])
    except (BundleRefused, Unavailable) as refused:
        return {**score, "evidence": evidence, "why_none": refused.sentence}
    reasons, why_none, change = again.reasons, None, score["value"] - again.value
    if score["encoder"] is not None:
        reasons = (*reasons, remainder_reason(TITLE, change))
    elif abs(change) > _MOST_OFF:
        reasons, why_none = (), "Its facts have another value in this version of the service."
    return {**score, "reasons": reasons, "evidence": evidence, "why_none": why_none}


@dataclass(frozen=True, slots=True)
class ModelOnTrial:
    """A model on trial, loaded."""

    trial: Trial
    bundle: Bundle


@dataclass(slots=True)
class Trials:
    """The model on trial of each marketplace in memory, as the database names it."""

    _loaded: dict[str, ModelOnTrial] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, marketplace_id: str) -> ModelOnTrial | None:
        """The model on trial, if there is one."""
        return self._loaded.get(marketplace_id)

    def follow(self, open_trials: Sequence[Trial], bundles: BundleStore) -> None:
        """Keep exactly these trials; a trial whose bundle does not load is left out, and intake goes on without it."""
        with self._lock:
            on_trial: dict[str, ModelOnTrial] = {}
            for trial in open_trials:
                before = self._loaded.get(trial.marketplace_id)
                try:
                    same = before is not None and before.bundle.digest == trial.digest
                    bundle = before.bundle if before and same else bundles.load(trial.digest)
                except (BundleRefused, Unavailable):
                    continue
                on_trial[trial.marketplace_id] = ModelOnTrial(trial, bundle)
            self._loaded = on_trial


def follow_trials(runtime: Runtime) -> None:
    """Load the models on trial that the database names."""
    with runtime.store.read() as connection:
        open_trials = trials.open_trials(connection)
    runtime.services[Trials].follow(open_trials, runtime.services[BundleStore])


@dataclass(frozen=True, slots=True)
class TrialScores:
    """One listing version as both models score it; the challenger decides about some sellers."""

    trial_id: str
    champion: ScoredVersion
    challenger: ScoredVersion
    challenger_decides: bool

    @property
    def decided(self) -> ScoredVersion:
        """The score and route that take effect."""
        return self.challenger if self.challenger_decides else self.champion


def challenger_decides(trial: Trial, listing: Listing) -> bool:
    """Whether the model on trial decides about a listing's seller; a listing without one is its own seller."""
    return does_challenger_decide(trial.trial_id, listing.seller.external_id or listing.external_id, trial.share)


# What holds from a moment on without a change, such as a rate of a new day, is noticed after so long.
_REFERENCE_CONTEXT_LAST_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ReferenceContext:
    """The references of a marketplace's listings, its brands that answer questions, and their daily limits."""

    references: References
    taking_part: frozenset[str]
    daily_questions: Mapping[str, int]
    questions_paused: bool


@dataclass(slots=True)
class ReferenceContextCache:
    """The reference context of each marketplace, read every few seconds, and at once after a change by any process."""

    _contexts: dict[str, tuple[float, Marks, ReferenceContext]] = field(default_factory=dict)
    # Price lists are long and change rarely, so they have their own cache, by last change and day.
    _lists: dict[str, tuple[tuple[datetime | None, date], PriceLists]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> ReferenceContext:
        """The reference context of a marketplace with every change that the transaction sees."""
        marks = reference_changes.reference_marks(connection)
        cached_context = self._contexts.get(marketplace.marketplace_id)
        if (
            cached_context is None
            or cached_context[1] != marks
            or time.monotonic() - cached_context[0] > _REFERENCE_CONTEXT_LAST_SECONDS
        ):
            enrolled = brands.enrolments(connection, marketplace.marketplace_id)
            context = ReferenceContext(
                references.load_references(
                    connection, marketplace, as_of, self._price_lists(connection, marketplace, as_of)
                ),
                frozenset(brand_id for brand_id, brand in enrolled.items() if brand.takes_part),
                {
                    brand_id: brand.daily_questions
                    for brand_id, brand in enrolled.items()
                    if brand.daily_questions is not None
                },
                breakers.breaker_of(connection, marketplace.marketplace_id).opened_at is not None,
            )
            with self._lock:
                cached_context = self._contexts[marketplace.marketplace_id] = (time.monotonic(), marks, context)
        return cached_context[2]

    def _price_lists(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> PriceLists:
        marketplace_id = marketplace.marketplace_id
        stamp = price_lists.last_changed_at(connection, marketplace_id), as_of.date()
        cached_lists = self._lists.get(marketplace_id)
        if cached_lists is None or cached_lists[0] != stamp:
            cached_lists = self._lists[marketplace_id] = (stamp, price_lists.load(connection, marketplace_id, as_of))
        return cached_lists[1]

    def forget(self) -> None:
        """Read the context again at the next use."""
        with self._lock:
            self._contexts.clear()
