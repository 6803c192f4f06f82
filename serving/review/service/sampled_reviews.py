"""Blind second reviews of sampled confirmations: the analyst sees neither the brand's answer nor the score."""

from datetime import timedelta
from typing import Final

from models.policies.deciding import EnforcementPolicy
from models.policies.learning import SecondLookPolicy
from serving.cases.store import cases
from serving.learning.service.second_reviews import look_case, look_event
from serving.learning.store import second_reviews
from serving.platform.runtime import Runtime
from serving.standing.store import standings

_MOST_AT_ONCE: Final = 200


def open_sampled_reviews(runtime: Runtime) -> int:
    """Open the second reviews of sampled confirmations that can no longer be undone; returns how many.

    A version has at most one second review: one that a training requested serves both purposes.
    """
    now = runtime.clock.now()
    before = now - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    due_at = now + timedelta(days=runtime.policies[SecondLookPolicy].due_within_days)
    opened = 0
    with runtime.store.read() as connection:
        sampled = standings.due_for_review(connection, before=before, most=_MOST_AT_ONCE)
    for one in sampled:
        with runtime.store.write() as connection:
            if not standings.claim_review(connection, one):
                continue
            case_id = second_reviews.case_of(connection, one.marketplace_id, one.version_id)
            if case_id is None:
                case_id = runtime.ids.new("cas")
                first = cases.get(connection, one.marketplace_id, one.case_id)
                cases.add_cases(connection, [look_case(first, case_id, now, due_at)])
                cases.add_events(connection, [look_event(runtime, first, case_id, "standing", now)])
                opened += 1
            standings.review_opened(connection, one, case_id)
    return opened
