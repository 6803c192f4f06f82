"""Gold items: after many answers, one second review is a listing of known class that looks like any other.

It comes from the golden set. The result counts only in the agreement that its reviewer alone sees: it affects no
label, no standing and no listing.
"""

from datetime import timedelta

from sqlalchemy import Connection

from models.case import CaseState
from models.policies.learning import SecondLookPolicy
from serving.cases.store import cases
from serving.learning.service.golden import golden_set_of
from serving.learning.service.second_reviews import look_case, look_event
from serving.learning.store import gold_items, golden
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from training.golden import GoldenItem


def open_gold_items(runtime: Runtime) -> int:
    """Open one in each marketplace with enough answers since the last one; returns how many were opened."""
    with runtime.store.read() as connection:
        due = [
            one.marketplace_id
            for one in marketplaces.everyone(connection)
            if _is_due(runtime, connection, one.marketplace_id)
        ]
    return sum(_open_one(runtime, here) for here in due)


def _is_due(runtime: Runtime, connection: Connection, here: str) -> bool:
    stored = golden.in_force(connection, here, runtime.clock.now())
    if stored is None:
        return False
    since, state = gold_items.last(connection, here) or (stored.frozen_at, CaseState.DECIDED)
    rare = runtime.policies[SecondLookPolicy].known_answer_one_in
    people = gold_items.analysts(connection, here)
    return state is not CaseState.OPEN and gold_items.answers_since(connection, people, since, rare) >= rare


def _open_one(runtime: Runtime, here: str) -> bool:
    now, policy = runtime.clock.now(), runtime.policies[SecondLookPolicy]
    with runtime.store.write() as connection:
        if not _is_due(runtime, connection, here):
            return False
        item = _drawn(runtime, connection, here)
        first = cases.first_of_versions(connection, here, [item.version_id]) if item is not None else {}
        if item is None or item.version_id not in first:
            return False
        case_id, judged = runtime.ids.new("cas"), first[item.version_id]
        row = look_case(judged, case_id, now, now + timedelta(days=policy.due_within_days))
        cases.add_cases(connection, [{**row, "gold_item": item.label}])
        cases.add_events(connection, [look_event(runtime, judged, case_id, "training", now)])
    return True


def _drawn(runtime: Runtime, connection: Connection, here: str) -> GoldenItem | None:
    """A listing of the golden set that has not been used, and that at least one analyst has not judged."""
    kept = golden_set_of(connection, here, runtime.clock.now())
    taken, people = gold_items.taken(connection, here), gold_items.analysts(connection, here)
    left = [] if kept is None else [item for item in kept.items if item.version_id not in taken]
    begin = int(runtime.draw() * len(left))
    for item in (*left[begin:], *left[:begin]):
        if people - gold_items.judges(connection, here, item.listing_id):
            return item
    return None
