"""Trials of a challenger: started, given a share of sellers, compared, ended."""

from sqlalchemy import Connection

from models.errors import Conflict
from models.policies.learning import LabelPolicy
from serving.audit.store import audit
from serving.learning.policy import PromotionPolicy
from serving.learning.service.labelling import mature_labels
from serving.learning.service.promote import approval_status_of
from serving.learning.service.rescore import model_named
from serving.learning.store import learning
from serving.learning.store.learning import Model
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.row_reader import row_of
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import Comparison, TrialRow, check_share, compare, missing_approvals
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import follow_trials
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial


def start(runtime: Runtime, marketplace: Marketplace, *, name: str, share: float, by: str) -> Trial:
    """Have a model score live traffic beside the champion, and decide for a share of sellers.

    Raises Invalid, Forbidden (the share is not valid, or the model still needs approvals) or NotFound, Conflict (there
    is no such model; it is the champion; another is on trial).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    model = model_named(runtime, marketplace, name)
    runtime.services[BundleStore].load(model.digest)
    trial = Trial(marketplace_id, runtime.ids.new("tri"), model.digest, share, by, now)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if learning.champions(connection).get(marketplace_id) == model.digest:
            raise Conflict("This model is the champion already.")
        if trials.open_trials(connection, marketplace_id):
            raise Conflict("A model is on trial already; end that trial first.")
        _check_trial_share(runtime, connection, marketplace_id, model, share, by)
        trials.add_trial(connection, row_of(trial))
        _record(runtime, connection, trial, by, "trial.started", share)
    follow_trials(runtime)
    return trial


def change_share(runtime: Runtime, marketplace: Marketplace, *, share: float, by: str) -> Trial:
    """Set the share of sellers for which the model on trial decides.

    Raises Invalid, Forbidden, Conflict (as for `start`; or no model is on trial).
    """
    marketplace_id = marketplace.marketplace_id
    with runtime.store.write() as connection:
        audit.lock(connection)
        trial = _open_trial(connection, marketplace_id)
        _check_trial_share(
            runtime, connection, marketplace_id, learning.get_model(connection, marketplace_id, trial.digest), share, by
        )
        trials.change(connection, trial, share=share)
        _record(runtime, connection, trial, by, "trial.share", share)
    follow_trials(runtime)
    return trial


def end(runtime: Runtime, marketplace: Marketplace, *, by: str) -> Trial:
    """End the trial; the champion decides for all sellers again. One person is enough, because an undo must be fast.

    Raises Conflict (no model is on trial).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        trial = _open_trial(connection, marketplace.marketplace_id)
        trials.change(connection, trial, ended_at=runtime.clock.now())
        _record(runtime, connection, trial, by, "trial.ended", trial.share)
    follow_trials(runtime)
    return trial


def comparison_so_far(runtime: Runtime, connection: Connection, trial: Trial) -> Comparison:
    """A comparison of both models' flags since the trial began, by the labels of now."""
    now = runtime.clock.now()
    labels = mature_labels(connection, trial.marketplace_id, runtime.policies[LabelPolicy], now)
    rows = trials.scores(connection, trial.marketplace_id, trial.trial_id)
    return compare(TrialRow(champion, challenger, labels.get(version)) for version, champion, challenger in rows)


def _open_trial(connection: Connection, marketplace_id: str) -> Trial:
    open_trials = trials.open_trials(connection, marketplace_id)
    if not open_trials:
        raise Conflict("No model is on trial.")
    return open_trials[0]


def missing_approval_count(runtime: Runtime, connection: Connection, trial: Trial, by: str) -> int:
    """How many more people must approve the model on trial before this person may let it decide."""
    marketplace_id = trial.marketplace_id
    approved_by, needed = _approvals(
        runtime, connection, marketplace_id, learning.get_model(connection, marketplace_id, trial.digest)
    )
    return missing_approvals(by=by, approved_by=approved_by, needed=needed)


def _check_trial_share(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, share: float, by: str
) -> None:
    approved_by, needed = _approvals(runtime, connection, marketplace_id, model)
    check_share(share, by=by, approved_by=approved_by, needed=needed)


def _approvals(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model
) -> tuple[frozenset[str], int]:
    """Who approved the model, and how many must."""
    counted = approval_status_of(runtime, connection, marketplace_id, model).counted
    return frozenset(approval.by for approval in counted), runtime.policies[PromotionPolicy].approvals_needed


def _record(runtime: Runtime, connection: Connection, trial: Trial, by: str, act: str, share: float) -> None:
    audit.record(
        connection, runtime.clock.now(), trial.marketplace_id, by, act, trial.digest, trial=trial.trial_id, share=share
    )
