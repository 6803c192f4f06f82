"""The models on trial in memory."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from features.listing import Listing
from models.bundle import Bundle
from models.errors import BundleRefused, Unavailable
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import decides
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import Scored
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A model on trial, loaded."""

    trial: Trial
    bundle: Bundle


@dataclass(slots=True)
class Trials:
    """The model on trial of each marketplace in memory, as the database names it."""

    _kept: dict[str, OnTrial] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, marketplace_id: str) -> OnTrial | None:
        """The model on trial, if there is one."""
        return self._kept.get(marketplace_id)

    def follow(self, found: Sequence[Trial], bundles: BundleStore) -> None:
        """Keep exactly these trials; a trial whose bundle does not load is left out, and intake goes on without it."""
        with self._lock:
            kept: dict[str, OnTrial] = {}
            for one in found:
                before = self._kept.get(one.marketplace_id)
                try:
                    same = before is not None and before.bundle.digest == one.digest
                    bundle = before.bundle if before and same else bundles.load(one.digest)
                except (BundleRefused, Unavailable):
                    continue
                kept[one.marketplace_id] = OnTrial(one, bundle)
            self._kept = kept


def follow_trials(runtime: Runtime) -> None:
    """Load the models on trial that the database names."""
    with runtime.store.read() as connection:
        found = trials.open_trials(connection)
    runtime.services[Trials].follow(found, runtime.services[BundleStore])


@dataclass(frozen=True, slots=True)
class BothScored:
    """One listing version as both models score it; the challenger decides about some sellers."""

    trial_id: str
    champion: Scored
    challenger: Scored
    challenger_decides: bool

    @property
    def decided(self) -> Scored:
        """The score and route that take effect."""
        return self.challenger if self.challenger_decides else self.champion


def challenger_decides(trial: Trial, listing: Listing) -> bool:
    """Whether the model on trial decides about a listing's seller; a listing without one is its own seller."""
    return decides(trial.trial_id, listing.seller.external_id or listing.external_id, trial.share)
