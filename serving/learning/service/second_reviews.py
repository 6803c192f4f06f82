"""Doubtful labels go to a second reviewer, who sees neither score nor first answer; some are of known class.

Gold items come from the golden set, after many answers, and look like any other. Their result counts only in the
agreement that the reviewer alone sees: it affects no label, no standing and no listing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from models.case import CaseLane, CaseState
from models.labels import WANTS_A_SECOND, Label
from models.policies.learning import LabelPolicy, SecondReviewPolicy
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.learning.service.labelling import label_of
from serving.learning.store import golden, second_reviews, verdict_history
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from training.gates.golden import GoldenItem


def open_second_reviews(
    runtime: Runtime, marketplace_id: str, job_id: str, suspects: Sequence[Mapping[str, Any]] = ()
) -> int:
    """Store the doubtful labels of a training and open cases on the most doubtful; returns how many were opened.

    Unconfirmed positives of the random audit sample come first, because they give no label until a second reviewer
    confirms them. A version gets one second review, even if another training doubts it. A version that has changed
    since the training is skipped: its label has changed, or an appeal suspends it. A repeated call for the same
    training adds only the missing cases.
    """
    now, policy = runtime.clock.now(), runtime.policies[SecondReviewPolicy]
    with runtime.store.write() as connection:
        case_by_version = second_reviews.doubts_of_job(connection, marketplace_id, job_id)
        doubts = [
            doubt
            for doubt in _doubts(runtime, connection, marketplace_id, suspects, now)
            if doubt["version_id"] not in case_by_version
        ]
        versions = [doubt["version_id"] for doubt in doubts]
        judged_by = cases.first_of_versions(connection, marketplace_id, versions)
        taken = second_reviews.versions_with_review(connection, marketplace_id, versions)
        room = policy.most_cases - sum(case_id is not None for case_id in case_by_version.values())
        opened = [version_id for version_id in versions if version_id not in taken][: max(room, 0)]
        ids = {version_id: runtime.ids.new("cas") for version_id in opened}
        due_at = now + timedelta(days=policy.due_within_days)
        cases.add_cases(
            connection,
            [second_review_case(judged_by[version_id], ids[version_id], now, due_at) for version_id in opened],
        )
        cases.add_events(
            connection,
            [
                second_review_event(runtime, judged_by[version_id], ids[version_id], "training", now)
                for version_id in opened
            ],
        )
        rows = [
            {
                "marketplace_id": marketplace_id,
                "second_review_id": runtime.ids.new("sec"),
                "job_id": job_id,
                "listing_id": judged_by[doubt["version_id"]].listing_id,
                "case_id": ids.get(doubt["version_id"]),
                "found_at": now,
                **doubt,
            }
            for doubt in doubts
        ]
        second_reviews.add_doubts(connection, rows)
    return len(opened)


def _doubts(
    runtime: Runtime, connection: Connection, marketplace_id: str, suspects: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Unconfirmed positives, oldest first, the golden set's labels, then suspects whose label has not changed."""
    versions = verdict_history.of_marketplace(connection, marketplace_id, now)
    labels = {
        version_id: label_of(history, now, runtime.policies[LabelPolicy]) for version_id, history in versions.items()
    }
    once = [("alone", version_id, 1) for version_id, label in labels.items() if label is WANTS_A_SECOND]
    if golden_set := golden.golden_set_of(connection, marketplace_id, now):
        waiting = ((gold.version_id, gold.label) for gold in golden_set.items if not gold.verdicts)
        once += [("golden", version_id, label) for version_id, label in waiting if version_id in labels]
    doubted = []
    for suspect in suspects:
        label = labels.get(suspect["version_id"])
        if isinstance(label, Label) and label.target == suspect["label"]:
            names = ("version_id", "label", "probability", "doubt")
            doubted.append({"why": "doubted", **{name: suspect[name] for name in names}})
    return [
        *({"version_id": v, "why": why, "label": y, "probability": None, "doubt": None} for why, v, y in once),
        *doubted,
    ]


def second_review_case(first: Case, case_id: str, now: datetime, due_at: datetime) -> dict[str, Any]:
    """The version as scored when it was first judged; a second review has no urgency and follows no other case."""
    return {
        "marketplace_id": first.marketplace_id,
        "case_id": case_id,
        "listing_id": first.listing_id,
        "version_id": first.version_id,
        "score_id": first.score_id,
        "brand_id": first.brand_id,
        "mark": first.mark,
        "mark_owner": first.mark_owner,
        "lane": CaseLane.SECOND_REVIEW.value,
        "state": CaseState.OPEN.value,
        "priority": 0.0,
        "opened_at": now,
        "due_at": due_at,
    }


def second_review_event(runtime: Runtime, first: Case, case_id: str, actor: str, now: datetime) -> dict[str, Any]:
    """The first entry of the case's history."""
    return {
        "marketplace_id": first.marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": case_id,
        "what": "Opened for a second review by somebody who has not judged the listing.",
        "actor": actor,
        "known_at": now,
    }


def open_gold_items(runtime: Runtime) -> int:
    """Open one in each marketplace with enough answers since the last one; returns how many were opened."""
    with runtime.store.read() as connection:
        due = [
            marketplace.marketplace_id
            for marketplace in marketplaces.all_marketplaces(connection)
            if _is_due(runtime, connection, marketplace.marketplace_id)
        ]
    return sum(_open_gold_item(runtime, marketplace_id) for marketplace_id in due)


def _is_due(runtime: Runtime, connection: Connection, marketplace_id: str) -> bool:
    stored = golden.in_force(connection, marketplace_id, runtime.clock.now())
    if stored is None:
        return False
    since, state = second_reviews.last_gold_item(connection, marketplace_id) or (stored.frozen_at, CaseState.DECIDED)
    rare = runtime.policies[SecondReviewPolicy].gold_item_one_in
    people = second_reviews.active_analysts(connection, marketplace_id)
    return state is not CaseState.OPEN and second_reviews.gold_answers_since(connection, people, since, rare) >= rare


def _open_gold_item(runtime: Runtime, marketplace_id: str) -> bool:
    now, policy = runtime.clock.now(), runtime.policies[SecondReviewPolicy]
    with runtime.store.write() as connection:
        if not _is_due(runtime, connection, marketplace_id):
            return False
        gold = _draw_gold_item(runtime, connection, marketplace_id)
        first = cases.first_of_versions(connection, marketplace_id, [gold.version_id]) if gold is not None else {}
        if gold is None or gold.version_id not in first:
            return False
        case_id, judged = runtime.ids.new("cas"), first[gold.version_id]
        row = second_review_case(judged, case_id, now, now + timedelta(days=policy.due_within_days))
        cases.add_cases(connection, [{**row, "gold_item": gold.label}])
        cases.add_events(connection, [second_review_event(runtime, judged, case_id, "training", now)])
    return True


def _draw_gold_item(runtime: Runtime, connection: Connection, marketplace_id: str) -> GoldenItem | None:
    """A listing of the golden set that has not been used, and that at least one analyst has not judged."""
    golden_set = golden.golden_set_of(connection, marketplace_id, runtime.clock.now())
    taken = second_reviews.gold_items_taken(connection, marketplace_id)
    people = second_reviews.active_analysts(connection, marketplace_id)
    known_items = () if golden_set is None else golden_set.judged_twice().items
    unused_items = [gold for gold in known_items if gold.version_id not in taken]
    begin = int(runtime.draw() * len(unused_items))
    for gold in (*unused_items[begin:], *unused_items[:begin]):
        if people - second_reviews.judges_of_listing(connection, marketplace_id, gold.listing_id):
            return gold
    return None
