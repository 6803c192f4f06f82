"""Removals that were drawn on a brand's confirmation go to an analyst who is told neither the answer nor the score."""

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


def open_blind_looks(runtime: Runtime) -> int:
    """Open the second reviews of sampled confirmations once these cannot be undone; returns how many.

    A version has one second review in total: one that a training requested serves both purposes.
    """
    now = runtime.clock.now()
    before = now - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    due_at = now + timedelta(days=runtime.policies[SecondLookPolicy].due_within_days)
    opened = 0
    with runtime.store.read() as connection:
        waiting = standings.waiting_for_a_look(connection, before=before, most=_MOST_AT_ONCE)
    for drawn in waiting:
        with runtime.store.write() as connection:
            if not standings.claim_look(connection, drawn):
                continue
            case_id = second_reviews.case_of(connection, drawn.marketplace_id, drawn.version_id)
            if case_id is None:
                case_id = runtime.ids.new("cas")
                first = cases.get(connection, drawn.marketplace_id, drawn.case_id)
                cases.add_cases(connection, [look_case(first, case_id, now, due_at)])
                cases.add_events(connection, [look_event(runtime, first, case_id, "standing", now)])
                opened += 1
            standings.look_opened(connection, drawn, case_id)
    return opened
