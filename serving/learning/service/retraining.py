"""Trainings that the service starts by itself. The candidate waits for people like any other."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.policies.learning import LabelPolicy
from serving.audit.store import audit
from serving.learning.policy import RetrainingPolicy
from serving.learning.rules.drift_alarm import quiet_features
from serving.learning.rules.retraining import Decision, Situation, decide, persistent_drift
from serving.learning.service.labelling import mature_labels
from serving.learning.service.learn import queue_training
from serving.learning.service.monitoring import red_features_now
from serving.learning.store import monitoring, retraining
from serving.learning.store.retraining import BY_ITSELF, Attempts
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches, marketplaces
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from training.snapshots.soundness import FEWEST_NEGATIVES, FEWEST_POSITIVES


def retrain_by_itself(runtime: Runtime) -> int:
    """Decide about each marketplace whose last decision is an hour old; returns how many trainings were started."""
    now, every = runtime.clock.now(), runtime.policies[RetrainingPolicy].look_every
    with runtime.store.read() as connection:
        due = [
            marketplace.marketplace_id
            for marketplace in marketplaces.all_marketplaces(connection)
            if (last := retraining.last_decision(connection, marketplace.marketplace_id)) is None
            or now - last[0] >= every
        ]
    return sum(decide_for(runtime, marketplace_id).starts for marketplace_id in due)


def decide_for(runtime: Runtime, marketplace_id: str) -> Decision:
    """Decide about one marketplace, keep the decision, and leave a training job if it says so.

    Labels are counted before the transaction that writes, because that reads every verdict. The rest is read in it, so
    that a training that somebody requested meanwhile is seen.
    """
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        labels = _label_counts(
            runtime, connection, marketplace_id, retraining.attempts(connection, marketplace_id), now
        )
    with runtime.store.write() as connection:
        audit.lock(connection)
        earlier = retraining.attempts(connection, marketplace_id)
        decision = decide(
            _situation(runtime, connection, marketplace_id, earlier, labels, now), runtime.policies[RetrainingPolicy]
        )
        retraining.save_decision(connection, marketplace_id, decision_as_json(decision), now)
        if decision.starts:
            cause = {"cause": decision.code.value, "new_labels": decision.new_labels, "moved": list(decision.moved)}
            job_id = queue_training(runtime, connection, marketplace_id, by=BY_ITSELF, cause=cause)
    if decision.starts:
        log.info("training.started_by_itself", marketplace_id=marketplace_id, job_id=job_id, cause=decision.code.value)
    return decision


@dataclass(frozen=True, slots=True)
class _Labels:
    """The mature labels now: whether a training accepts their number, and how they differ from earlier ones."""

    enough: bool
    new: int
    changed: bool


def _label_counts(
    runtime: Runtime, connection: Connection, marketplace_id: str, earlier: Attempts, now: datetime
) -> _Labels:
    policy = runtime.policies[LabelPolicy]
    if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RETRAINING):
        return _Labels(enough=False, new=0, changed=False)
    labels = mature_labels(connection, marketplace_id, policy, now)
    learnt: Mapping[str, bool] = {}
    if earlier.done is not None:
        learnt = mature_labels(connection, marketplace_id, policy, earlier.done.as_of)
    tried = learnt
    if earlier.last is not None and not earlier.last.done:
        tried = mature_labels(connection, marketplace_id, policy, earlier.last.as_of)
    positives = sum(labels.values())
    return _Labels(
        enough=positives >= FEWEST_POSITIVES and len(labels) - positives >= FEWEST_NEGATIVES,
        new=sum(learnt.get(version_id) is not label for version_id, label in labels.items()),
        changed=labels != tried,
    )


def _situation(
    runtime: Runtime, connection: Connection, marketplace_id: str, earlier: Attempts, labels: _Labels, now: datetime
) -> Situation:
    policy = runtime.policies[RetrainingPolicy]
    since = earlier.done.as_of if earlier.done is not None else None
    reports = [
        report
        for made_at, report in monitoring.drift_reports(connection, marketplace_id, policy.drift_reports)
        if since is None or made_at > since
    ]
    return Situation(
        now=now,
        on=kill_switches.is_on(connection, marketplace_id, AutomaticRule.RETRAINING),
        under_way=earlier.under_way,
        enough=labels.enough,
        changed=labels.changed,
        new_labels=labels.new,
        started_by_itself_at=earlier.started_by_itself_at,
        trained_at=since,
        failures=earlier.failures,
        failed_at=earlier.last.ended_at if earlier.last is not None and not earlier.last.done else None,
        moved=persistent_drift(
            reports, policy, quiet=quiet_features(red_features_now(runtime, connection, marketplace_id))
        ),
    )


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """The decision for JSON."""
    moments = {
        name: None if moment is None else moment.isoformat()
        for name, moment in (("scheduled_at", decision.scheduled_at), ("not_before", decision.not_before))
    }
    return {**asdict(decision), "code": decision.code.value, "moved": list(decision.moved), **moments}
