"""The models on trial in memory."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from models.bundle import Bundle
from models.errors import BundleRefused
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import decides
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import Questions, Scored, ToScore, score_and_route
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A model on trial, loaded."""

    trial: Trial
    bundle: Bundle


@dataclass(slots=True)
class Trials:
    """The model on trial of each marketplace in memory, followed from the database."""

    _held: dict[str, OnTrial] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, marketplace_id: str) -> OnTrial | None:
        """The model on trial, if there is one."""
        return self._held.get(marketplace_id)

    def follow(self, found: Sequence[Trial], bundles: BundleStore) -> None:
        """Hold these trials and no others; a bundle that does not load is no trial, and intake goes on without it."""
        with self._lock:
            kept: dict[str, OnTrial] = {}
            for one in found:
                before = self._held.get(one.marketplace_id)
                try:
                    same = before is not None and before.bundle.digest == one.digest
                    bundle = before.bundle if before and same else bundles.load(one.digest)
                except BundleRefused:
                    continue
                kept[one.marketplace_id] = OnTrial(one, bundle)
            self._held = kept


def follow_trials(runtime: Runtime) -> None:
    """Try the models that the database names, beside the champions."""
    with runtime.store.read() as connection:
        found = trials.open_trials(connection)
    runtime.services[Trials].follow(found, runtime.services[BundleStore])


@dataclass(frozen=True, slots=True)
class BothScored:
    """One listing version as both models see it; the challenger decides about some sellers."""

    trial_id: str
    champion: Scored
    challenger: Scored
    challenger_decides: bool

    @property
    def decided(self) -> Scored:
        """The score and route that count."""
        return self.challenger if self.challenger_decides else self.champion


def score_beside(
    on_trial: OnTrial,
    rows: Sequence[ToScore],
    champion: Sequence[Scored],
    *,
    questions: Questions,
    routing: RoutingPolicy,
    scorecard: ScorecardPolicy,
    threads: int,
) -> list[BothScored]:
    """The model on trial on the same rows, with the same draws; a listing without a seller counts as its own seller."""
    scored = score_and_route(
        rows, model=on_trial.bundle, questions=questions, routing=routing, scorecard=scorecard, threads=threads
    )
    found = on_trial.trial
    return [
        BothScored(
            found.trial_id,
            one,
            other,
            decides(found.trial_id, row.facts.listing.seller.external_id or row.facts.listing.external_id, found.share),
        )
        for row, one, other in zip(rows, champion, scored, strict=True)
    ]
