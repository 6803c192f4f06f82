"""Scores, routes and cases of a batch: all rows are scored together and routed in rounds; relists are found before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection

from features.facts import Facts
from models.bundle import Bundle
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.sellers import SellerListPolicy
from models.routing import Lane
from models.seller_lists import SellerListEntry
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.matching import (
    Relist,
    WatchedRemoval,
    counterfeit_near_duplicates,
    find_relist,
    steps_to_linked_sellers,
)
from serving.listings.policy import RelistPolicy
from serving.listings.service.intake_steps import Step
from serving.listings.store import removed_listings as relists
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.scoring import (
    BatchScores,
    QuestionBudget,
    ScoredVersion,
    ScoringInput,
    Trials,
    TrialScores,
    challenger_decides,
)
from serving.sellers.service.seller_listing import matches_among


class BatchCases:
    """Which listings have an open case, as the rows of a batch open cases.

    `stored` are the open cases before the batch, by listing, and `versions` those that have had a case by then.
    """

    def __init__(self, stored: Mapping[str, Case], versions: Collection[str]) -> None:
        self.stored = stored
        self._open, self._versions = set(stored), versions

    @classmethod
    def read(cls, connection: Connection, marketplace_id: str, changed: Sequence[Step]) -> Self:
        """The cases of the listings of these rows."""
        known = {step.listing_id for step in changed if step.before}
        observed = {step.version_id for step in changed if not step.is_version}
        return cls(
            cases.open_cases(connection, marketplace_id, known),
            cases.versions_with_case(connection, marketplace_id, observed),
        )

    def is_open(self, step: Step) -> bool:
        """Whether the listing of a row has an open case before the row."""
        return step.listing_id in self._open

    def opens(self, step: Step, lane: Lane) -> bool:
        """Whether a row opens a case, which the next rows of its listing then find open.

        A new version under review stays under review. An observation opens no second case on a version.
        """
        if step.is_version:
            opens = lane is not Lane.NO_ACTION or self.is_open(step)
        else:
            opens = lane is not Lane.NO_ACTION and not self.is_open(step) and step.version_id not in self._versions
        if opens:
            self._open.add(step.listing_id)
        return opens


class QuestionsLeft:
    """The questions that each brand can still be asked today (UTC), as the rows of a batch ask them."""

    def __init__(self, questions_left: Mapping[str, int], now: datetime) -> None:
        self.remaining = dict(questions_left)
        self._midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def ask(self, brand_id: str | None, at: datetime) -> None:
        """Count a question; one of an earlier day, in a backfill, does not count."""
        if brand_id in self.remaining and at >= self._midnight:
            self.remaining[brand_id] = max(0, self.remaining[brand_id] - 1)


def relists_among(
    runtime: Runtime,
    marketplace_id: str,
    rounds: Sequence[Sequence[Step]],
    facts: Mapping[int, Facts],
    brands: Mapping[int, str | None],
    now: datetime,
) -> dict[int, Relist]:
    """The rows of a batch that repeat a removed listing, by position. Without an indication, nothing is read.

    A removed listing has the seller and the brand that the rounds before gave it; `brands` are those of the rows.
    """
    policy = runtime.policies[RelistPolicy]
    copies = {number: counterfeit_near_duplicates(row_facts) for number, row_facts in facts.items()}
    links = {number: steps_to_linked_sellers(row_facts, policy) for number, row_facts in facts.items()}
    suspects = {number for number in facts if copies[number] or links[number]}
    if not suspects:
        return {}
    earlier = {step.listing.external_id for round_ in rounds[:-1] for step in round_}
    with runtime.store.read() as connection:
        if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RELIST_WATCH):
            return {}
        removed = relists.find(
            connection,
            marketplace_id,
            listings=earlier | {name for number in suspects for name in copies[number]},
            sellers={name for number in suspects for name in links[number]},
            since=now - timedelta(days=policy.watched_days),
        )
    repeats: dict[int, Relist] = {}
    for round_ in rounds:
        for number in (step.position for step in round_ if step.position in suspects):
            if (repeat := find_relist(facts[number], removed, policy)) is not None:
                repeats[number] = repeat
        by_id = {step.listing.external_id: step for step in round_}
        removed = [_removed_after_step(removal, by_id.get(removal.external_id), brands) for removal in removed]
    return repeats


def _removed_after_step(removed: WatchedRemoval, step: Step | None, brands: Mapping[int, str | None]) -> WatchedRemoval:
    if step is None:
        return removed
    brand_id = brands[step.position] if step.is_version else removed.brand_id
    return replace(removed, seller=step.listing.seller.external_id, brand_id=brand_id)


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """The score and route of each changed row by position, and both models' while one is on trial.

    `relisted` are the rows that repeat a removed listing.
    """

    scored: Mapping[int, ScoredVersion]
    tried: Mapping[int, TrialScores]
    relisted: frozenset[int]


def score_batch(
    runtime: Runtime,
    marketplace_id: str,
    rounds: Sequence[Sequence[Step]],
    facts: Mapping[int, Facts],
    brands: Mapping[int, str | None],
    *,
    cases: BatchCases,
    questions: QuestionBudget,
    entries: Mapping[str, SellerListEntry],
    now: datetime,
) -> ScoredBatch:
    """Score and route the changed rows of each round.

    `brands` are the brands of the rows' cases, by position. `entries` are those of their sellers on lists.
    """
    repeats = relists_among(runtime, marketplace_id, rounds, facts, brands, now)
    on_lists = matches_among(entries, facts, now, runtime.policies[SellerListPolicy])
    trial = runtime.services[Trials].of(marketplace_id)
    champion = _batch_scores(runtime, facts, questions, runtime.services[LiveModels].of(marketplace_id))
    challenger = None if trial is None else _batch_scores(runtime, facts, questions, trial.bundle)
    decides = {
        i for i, row_facts in facts.items() if trial is not None and challenger_decides(trial.trial, row_facts.listing)
    }
    questions_left = QuestionsLeft(questions.remaining, now)
    for round_ in rounds:
        rows = {
            step.position: ScoringInput(
                facts[step.position],
                step.draw,
                already_open=step.is_version and cases.is_open(step),
                relist=repeats[step.position].reason if step.position in repeats else None,
                listed=on_lists.get(step.position),
            )
            for step in round_
        }
        now_left = dict(questions_left.remaining)
        routes = champion.route(rows, now_left)
        if challenger is not None:
            routes |= {i: route for i, route in challenger.route(rows, now_left).items() if i in decides}
        for step in round_:
            lane = routes[step.position].lane
            if cases.opens(step, lane) and lane is Lane.ASK_BRAND:
                questions_left.ask(brands[step.position], step.as_of)
    scored = champion.scored()
    if trial is None or challenger is None:
        return ScoredBatch(scored, {}, frozenset(repeats))
    others = challenger.scored()
    tried = {i: TrialScores(trial.trial.trial_id, scored[i], others[i], i in decides) for i in facts}
    return ScoredBatch({i: scores.decided for i, scores in tried.items()}, tried, frozenset(repeats))


def _batch_scores(
    runtime: Runtime, facts: Mapping[int, Facts], questions: QuestionBudget, model: Bundle | None
) -> BatchScores:
    return BatchScores(
        facts,
        model=model,
        questions=questions,
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
    )
