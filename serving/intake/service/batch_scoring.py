"""Scores and routes of a batch: all rows are scored together, and routed in rounds, one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from features.facts import Facts
from models.bundle import Bundle
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.sellers import SellerListPolicy
from models.routing import Lane
from models.seller_lists import Entry
from serving.intake.service.batch_cases import BatchCases, QuestionsLeft
from serving.intake.service.intake_steps import Step
from serving.intake.service.relists import relists_among
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.on_trial import BothScored, Trials, challenger_decides
from serving.scoring.service.scoring import BatchScores, Questions, Scored, ToScore
from serving.sellers.service.seller_listing import matches


@dataclass(frozen=True, slots=True)
class BatchScored:
    """The score and route of each changed row by position, and both models' while one is on trial.

    `relisted` are the rows that repeat a removed listing.
    """

    scored: Mapping[int, Scored]
    tried: Mapping[int, BothScored]
    relisted: frozenset[int]


def score_batch(
    runtime: Runtime,
    marketplace_id: str,
    rounds: Sequence[Sequence[Step]],
    facts: Mapping[int, Facts],
    brands: Mapping[int, str | None],
    *,
    cases: BatchCases,
    questions: Questions,
    entries: Mapping[str, Entry],
    now: datetime,
) -> BatchScored:
    """Score and route the changed rows of each round.

    `brands` are the brands of the rows' cases, by position. `entries` are those of their sellers on lists.
    """
    repeats = relists_among(runtime, marketplace_id, rounds, facts, brands, now)
    on_lists = matches(entries, facts, now, runtime.policies[SellerListPolicy])
    trial = runtime.services[Trials].of(marketplace_id)
    champion = _scores(runtime, facts, questions, runtime.services[LiveModels].of(marketplace_id))
    challenger = None if trial is None else _scores(runtime, facts, questions, trial.bundle)
    decides = {i for i, one in facts.items() if trial is not None and challenger_decides(trial.trial, one.listing)}
    left = QuestionsLeft(questions.left, now)
    for round_ in rounds:
        rows = {
            step.position: ToScore(
                facts[step.position],
                step.draw,
                already_open=step.is_version and cases.is_open(step),
                relist=repeats[step.position].reason if step.position in repeats else None,
                listed=on_lists.get(step.position),
            )
            for step in round_
        }
        now_left = dict(left.left)
        routes = champion.route(rows, now_left)
        if challenger is not None:
            routes |= {i: one for i, one in challenger.route(rows, now_left).items() if i in decides}
        for step in round_:
            lane = routes[step.position].lane
            if cases.opens(step, lane) and lane is Lane.ASK_BRAND:
                left.ask(brands[step.position], step.as_of)
    scored = champion.scored()
    if trial is None or challenger is None:
        return BatchScored(scored, {}, frozenset(repeats))
    others = challenger.scored()
    tried = {i: BothScored(trial.trial.trial_id, scored[i], others[i], i in decides) for i in facts}
    return BatchScored({i: one.decided for i, one in tried.items()}, tried, frozenset(repeats))


def _scores(runtime: Runtime, facts: Mapping[int, Facts], questions: Questions, model: Bundle | None) -> BatchScores:
    return BatchScores(
        facts,
        model=model,
        questions=questions,
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
    )
