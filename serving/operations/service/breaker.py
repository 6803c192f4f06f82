"""Operation of the circuit breaker: the sweep checks it, a rule opens it, a person closes it with a reason."""

from dataclasses import asdict
from datetime import timedelta

from models.errors import Conflict, Invalid
from models.messages.english import in_english
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.clock import Window
from serving.platform.runtime import Runtime
from serving.scoring.policy import BreakerPolicy
from serving.scoring.rules.breaker import why_tripped
from serving.scoring.service.bundles import LiveModels
from serving.scoring.store import breakers
from serving.scoring.store.breakers import Breaker


def check_breakers(runtime: Runtime) -> int:
    """Compare the volume of alerts with the base rate where a model scores; returns how many breakers opened.

    While a breaker is open, brands get no questions from the model; these cases go to analysts.
    """
    policy, now, opened = runtime.policies[BreakerPolicy], runtime.clock.now(), 0
    with runtime.store.read() as connection:
        marketplace_ids = [marketplace.marketplace_id for marketplace in marketplaces.all_marketplaces(connection)]
        due = [
            (marketplace_id, breaker)
            for marketplace_id in marketplace_ids
            if runtime.services[LiveModels].loaded(marketplace_id) is not None
            and (breaker := breakers.breaker_of(connection, marketplace_id)).opened_at is None
            and (breaker.checked_at is None or now - breaker.checked_at >= timedelta(minutes=policy.check_minutes))
        ]
    for marketplace_id, breaker in due:
        opened += _check_breaker(runtime, marketplace_id, breaker)
    if opened:
        runtime.forget()
    return opened


def _check_breaker(runtime: Runtime, marketplace_id: str, breaker: Breaker) -> bool:
    policy, now = runtime.policies[BreakerPolicy], runtime.clock.now()
    start = now - timedelta(hours=policy.window_hours)
    # A volume that a person has reviewed and accepted counts as usual from then on.
    recent = Window(max(start, breaker.counted_from or start), now)
    usual = Window(recent.start - timedelta(days=policy.usual_days), recent.start)
    with runtime.store.read() as connection:
        now_flagged, usually = (
            breakers.score_volume(connection, marketplace_id, window, policy.per_seller) for window in (recent, usual)
        )
    surge = why_tripped(now_flagged, usually, policy)
    reason = None if surge is None else in_english(surge)
    with runtime.store.write() as connection:
        breakers.record_check(connection, marketplace_id, now)
        if reason is None or not breakers.open_breaker(connection, marketplace_id, reason, now):
            return False
        audit.record(connection, now, marketplace_id, "sweep", "breaker.opened", marketplace_id, reason=reason)
        about = {"what": "questions_paused", "hours": policy.window_hours, **asdict(now_flagged)}
        queue_to_roles(runtime, connection, MailKind.QUESTIONS_PAUSED, marketplace_id, about)
    return True


def close_breaker(runtime: Runtime, marketplace: Marketplace, *, by: str, reason: str) -> None:
    """Close the breaker, so that the model asks brands again.

    Raises Invalid (no reason is given) or Conflict (the breaker is already closed).
    """
    if not reason.strip():
        raise Invalid("Give the result of the review of the alert volume.")
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        if not breakers.close_breaker(connection, marketplace.marketplace_id, now):
            raise Conflict("The breaker is already closed; the model asks brands.")
        audit.record(
            connection,
            now,
            marketplace.marketplace_id,
            by,
            "breaker.closed",
            marketplace.marketplace_id,
            reason=reason.strip()[:500],
        )
    runtime.forget()
