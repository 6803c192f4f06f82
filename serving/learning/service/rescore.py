"""The output of another model for past listings: stored facts, scored and routed again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from models.bundle import Bundle
from models.errors import require
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.learning import LabelPolicy
from models.routing import Lane
from serving.learning.service.labelling import mature_labels
from serving.learning.service.promote import CHALLENGER, challenger
from serving.learning.store import learning, monitoring
from serving.learning.store.learning import Model
from serving.learning.store.monitoring import EarlierScore
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.clock import Window
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import QuestionBudget, ReferenceContextCache, ScoringInput, score_and_route

CHAMPION: Final = "champion"
_BATCH: Final = 500
# Lanes in which a person reviews because of the score; audit samples and thin evidence do not depend on the model.
_FLAGGED: Final = frozenset({Lane.ANALYST, Lane.ASK_BRAND})


@dataclass(frozen=True, slots=True)
class RescoredVersion:
    """One version with its original score and the other model's. `counterfeit` is its label now, None without one."""

    version_id: str
    external_id: str
    scored_at: datetime
    probability_before: float | None
    lane_before: Lane
    probability: float | None
    lane: Lane
    stands_for: float
    counterfeit: bool | None


def rescore(
    runtime: Runtime,
    marketplace: Marketplace,
    model: Bundle,
    *,
    since: datetime,
    most: int,
    progress: Callable[[int], None] = lambda _: None,
) -> list[RescoredVersion]:
    """Score and route every version first scored since a moment again, or `most` of them spread over the time.

    Nothing is stored. Each version keeps its random draw. Brands take part as they do now, without daily limits.
    """
    now = runtime.clock.now()
    rescores: list[RescoredVersion] = []
    with runtime.store.read() as connection:
        labels = mature_labels(connection, marketplace.marketplace_id, runtime.policies[LabelPolicy], now)
        questions = QuestionBudget(runtime.services[ReferenceContextCache].of(connection, marketplace, now).taking_part)
        rows = monitoring.earlier_scores(connection, marketplace.marketplace_id, Window(since, now), most)
        for batch in _batches(rows):
            scored = score_and_route(
                [ScoringInput(row.facts, row.draw, already_open=False) for row in batch],
                model=model,
                questions=questions,
                routing=runtime.policies[RoutingPolicy],
                scorecard=runtime.policies[ScorecardPolicy],
                threads=runtime.settings.model_threads,
            )
            rescores += [
                RescoredVersion(
                    row.version_id,
                    row.external_id,
                    row.scored_at,
                    row.probability,
                    row.lane,
                    outcome.score.probability,
                    outcome.route.lane,
                    1 / row.inclusion_probability,
                    labels.get(row.version_id),
                )
                for row, outcome in zip(batch, scored, strict=True)
            ]
            progress(len(rescores))
    return rescores


def model_named(runtime: Runtime, marketplace: Marketplace, name: str) -> Model:
    """The model with a digest or a prefix, or the 'challenger' or 'champion'.

    Raises NotFound, Conflict (there is none, or the prefix is ambiguous).
    """
    if name == CHALLENGER:
        return require(challenger(runtime, marketplace), "There is no challenger; retrain first.")
    marketplace_id = marketplace.marketplace_id
    with runtime.store.read() as connection:
        digest = require(
            learning.champions(connection).get(marketplace_id) if name == CHAMPION else name,
            "There is no champion yet; the starter scorecard scores.",
        )
        return learning.get_model(connection, marketplace_id, digest)


def _batches(rows: Iterator[EarlierScore]) -> Iterator[list[EarlierScore]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def rescoring_summary(rows: Iterable[RescoredVersion]) -> dict[str, Any]:
    """The number of versions that change lanes, and of labelled versions that each model flags.

    Labelled versions count by their weight, so that the few from the random audit sample represent all unreviewed
    listings. A flag on a listing that the other model never sent to a person counts neither for nor against a model.
    """
    rescores = list(rows)
    moves = Counter((row.lane_before, row.lane) for row in rescores)
    return {
        "versions": len(rescores),
        "moves": [
            {"before": before.value, "after": after.value, "versions": n}
            for (before, after), n in sorted(moves.items())
        ],
        "labelled": sum(row.counterfeit is not None for row in rescores),
        "before": _flagging_figures([(row.lane_before in _FLAGGED, row) for row in rescores]),
        "after": _flagging_figures([(row.lane in _FLAGGED, row) for row in rescores]),
    }


def _flagging_figures(rows: list[tuple[bool, RescoredVersion]]) -> dict[str, Any]:
    """Flagged versions, and the weighted precision and recall of flagging; None where nothing is labelled."""
    flagged = [row for is_flagged, row in rows if is_flagged]
    labelled = [row for row in flagged if row.counterfeit is not None]
    hits = sum(row.stands_for for row in labelled if row.counterfeit)
    seen = sum(row.stands_for for row in labelled)
    everything = sum(row.stands_for for _, row in rows if row.counterfeit)
    return {
        "flagged": len(flagged),
        "labelled": len(labelled),
        "precision": hits / seen if seen else None,
        "recall": hits / everything if everything else None,
    }
