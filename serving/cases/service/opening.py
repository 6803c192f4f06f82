"""Cases that an analyst opens on a listing that no route sent to a person."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from features.facts import Facts
from models.case import CaseLane, CaseState
from models.errors import Conflict
from models.policies.deciding import EnforcementPolicy
from models.priority import expected_harm
from models.score import Score, ScoreKind
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.cases.matching import brand_from
from serving.cases.store import case_brands, cases
from serving.listings.store import listings, scores
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import base_price
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionState

_GONE = frozenset({ActionState.SCHEDULED, ActionState.SENDING, ActionState.ACKNOWLEDGED})


def harm_of(row: Mapping[str, Any], facts: Facts) -> float:
    """The expected harm of leaving a listing up for a week, by its stored score, in the base currency."""
    return expected_harm(score_of(row), price=base_price(facts), sold_7d=facts.listing.sales.d7)


def score_of(row: Mapping[str, Any]) -> Score:
    """A stored score without its reasons."""
    return Score(ScoreKind(row["kind"]), row["value"], row["probability"], (), row["scorer"], row["fingerprint"])


def open_by_choice(runtime: Runtime, person: Person, listing_id: str) -> str:
    """Open a case on the newest version of a listing; returns the case's id, that of the open case if there is one.

    The person has seen the score, so it is not masked. A chosen listing is not a drawn one: the case is marked,
    and its label represents this listing alone.

    Raises NotFound (there is no such listing at a marketplace that this person reviews) or Conflict (the listing is
    removed, or its removal is under way).
    """
    now, by = runtime.clock.now(), person.actor
    with runtime.store.write() as connection:
        audit.lock(connection)  # Of two concurrent openings the second finds the first one's case.
        version = listings.newest_version(connection, listing_id, person.marketplaces(Permission.REVIEW_CASES))
        marketplace_id = version.marketplace_id
        waiting = cases.open_cases(connection, marketplace_id, [listing_id]).get(listing_id)
        if waiting is not None:
            return waiting.case_id
        if actions.removal_of_listing(connection, marketplace_id, listing_id, _GONE) is not None:
            raise Conflict("This listing is removed, or its removal is under way.")
        row = scores.latest_of_version(connection, marketplace_id, version.version_id)
        facts = scores.facts_of(connection, marketplace_id, row["facts_digest"])
        naming = case_brands.latest_of_listings(connection, marketplace_id, [listing_id]).get(listing_id)
        brand = brand_from(facts, naming)
        case_id = runtime.ids.new("cas")
        hours = runtime.policies[EnforcementPolicy].analyst_decides_within_hours
        cases.add_cases(
            connection,
            [
                {
                    "marketplace_id": marketplace_id,
                    "case_id": case_id,
                    "listing_id": listing_id,
                    "version_id": version.version_id,
                    "score_id": row["score_id"],
                    "brand_id": brand.brand_id,
                    "mark": brand.mark,
                    "mark_owner": brand.owner,
                    "lane": CaseLane.ANALYST.value,
                    "state": CaseState.OPEN.value,
                    "priority": harm_of(row, facts),
                    "opened_at": now,
                    "opened_by": person.user_id,
                    "due_at": now + timedelta(hours=hours),
                    "follows_case_id": None,
                }
            ],
        )
        event = {
            "marketplace_id": marketplace_id,
            "event_id": runtime.ids.new("evt"),
            "case_id": case_id,
            "what": "Opened by an analyst. No route had sent this listing to a person.",
            "actor": person.name,
            "known_at": now,
        }
        cases.add_events(connection, [event])
        audit.record(
            connection, now, marketplace_id, by, "case.opened", case_id, listing=listing_id, version=version.version_id
        )
    return case_id
