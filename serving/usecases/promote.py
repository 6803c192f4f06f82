"""Which model is the champion: a person's decision, recorded, in force at once, taken back by one command."""

from models.errors import Conflict, Invalid, NotFound
from serving import jobs
from serving.db import audit, learning
from serving.db.marketplaces import Marketplace
from serving.runtime import Runtime
from serving.usecases.learn import registry_arguments
from serving.usecases.training_child import run_child

CHALLENGER = "challenger"


def promote(runtime: Runtime, marketplace: Marketplace, *, digest: str, by: str, reason: str = "") -> str:
    """Make a model the champion; returns its digest. `digest` may be its beginning, or 'challenger' for the newest.

    Raises
    ------
    Invalid
        A gate is not passed and no reason is given for accepting that.
    NotFound, Conflict
        There is no such model; it is the champion already.
    """
    here = marketplace.marketplace_id
    with runtime.store.read() as connection:
        found = (
            challenger(runtime, marketplace) if digest == CHALLENGER else learning.get_model(connection, here, digest)
        )
    if found is None:
        raise NotFound("There is no challenger; retrain first.")
    failed = [gate["name"].replace("_", " ") for gate in found.report["gates"] if not gate["passed"]]
    if failed and not reason.strip():
        raise Invalid(f"Not passed: {', '.join(failed)}. To promote it all the same, give a reason.")
    runtime.bundles.load(found.digest)
    _appoint(runtime, here, found.digest, "promote", by, reason.strip())
    return found.digest


def rollback(runtime: Runtime, marketplace: Marketplace, *, by: str, reason: str = "") -> str:
    """Bring the champion before the present one back; returns its digest.

    Raises
    ------
    Conflict
        There was none.
    """
    here = marketplace.marketplace_id
    with runtime.store.read() as connection:
        past = learning.promotions(connection, here)
    earlier = [one.digest for one in past if one.digest != past[0].digest] if past else []
    if not earlier:
        raise Conflict("There is no earlier champion to go back to.")
    runtime.bundles.load(earlier[0])
    _appoint(runtime, here, earlier[0], "rollback", by, reason.strip())
    return earlier[0]


def challenger(runtime: Runtime, marketplace: Marketplace) -> learning.Model | None:
    """The newest model, unless it is or was the champion."""
    with runtime.store.read() as connection:
        newest = learning.models(connection, marketplace.marketplace_id, 1)
        past = {one.digest for one in learning.promotions(connection, marketplace.marketplace_id)}
    return newest[0] if newest and newest[0].digest not in past else None


def _appoint(runtime: Runtime, marketplace_id: str, digest: str, kind: str, by: str, reason: str) -> None:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        past = learning.promotions(connection, marketplace_id)
        if past and past[0].digest == digest:
            raise Conflict("This model is the champion already.")
        row = {
            "marketplace_id": marketplace_id,
            "promotion_id": runtime.ids.new("pro"),
            "digest": digest,
            "kind": kind,
            "promoted_by": by,
            "note": reason[:500],
            "promoted_at": now,
        }
        learning.add_promotion(connection, row)
        audit.record(
            connection,
            at=now,
            marketplace_id=marketplace_id,
            actor=by,
            act=f"model.{kind}",
            subject=digest,
            payload={"reason": reason, "before": past[0].digest if past else None},
        )
        job_id = f"publish:{row['promotion_id']}"
        runtime.jobs.enqueue(connection, jobs.PUBLISH, jobs.TRAINING, job_id, marketplace_id, digest)
    runtime.follow_champions()


def publish_champion(runtime: Runtime, marketplace_id: str, digest: str) -> str:
    """Point the registry's alias at the champion; one that was replaced in the meantime is left to its successor."""
    with runtime.store.read() as connection:
        if learning.champions(connection).get(marketplace_id) != digest:
            return "replaced"
    arguments = ["publish", "--digest", digest, *registry_arguments(runtime, marketplace_id)]
    timeout = runtime.settings.training_timeout_seconds
    done = run_child(arguments, cache=runtime.home.cache, timeout_seconds=timeout, progress=lambda _line: None)
    return str(done["version"])
