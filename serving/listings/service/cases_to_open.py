"""The cases that one write opens, and the earlier cases of their listings, which they follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from features.facts import Facts
from features.message import message
from models.case import CaseEvent, CaseLane, CaseState, lane_after_change, next_state
from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from models.priority import expected_harm
from models.routing import Lane
from serving.appeals.store import appeals
from serving.cases.matching import brand_from
from serving.cases.policy import MaskedScorePolicy
from serving.cases.rules.case_brand import KeptNaming, lane_after_naming
from serving.cases.rules.masked_score import masking_probability
from serving.cases.store import cases
from serving.cases.store.case_filters import filter_fields, has_filters
from serving.cases.store.cases import Case
from serving.listings.service.intake_steps import Step
from serving.notices.store import notices
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import ScoredVersion, base_price


@dataclass(frozen=True, slots=True)
class _OpenCase:
    """The open case of a listing: stored before the batch, or a row of it."""

    case_id: str
    lane: CaseLane
    priority: float
    row: dict[str, Any] | None = None


class CasesToOpen:
    """`stored` are the open cases, and `named` the brands that people named for listings, both by listing."""

    def __init__(
        self,
        runtime: Runtime,
        marketplace_id: str,
        taking_part: frozenset[str],
        stored: Mapping[str, Case],
        named: Mapping[str, KeptNaming],
    ) -> None:
        self._runtime, self._here, self._taking_part = runtime, marketplace_id, taking_part
        self._stored, self._named = stored, named
        self._open = {name: _OpenCase(case.case_id, case.lane, case.priority) for name, case in stored.items()}
        self._rows: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._stale: dict[str, datetime] = {}

    @property
    def need_what_is_stored(self) -> bool:
        """Whether something must be stored before the cases: what is read for them, or the end of an earlier case."""
        return bool(self._stale) or not all(map(has_filters, self._rows))

    def open(self, step: Step, score_id: str, facts: Facts, scored: ScoredVersion, *, relisted: bool) -> None:
        """Open a case where a person must decide; an open case on an earlier version becomes stale and is followed."""
        before, brand = self._open.get(step.listing_id), brand_from(facts, self._named.get(step.listing_id))
        routed = scored.route.lane
        if routed is Lane.NO_ACTION:
            routed = Lane.ANALYST  # The case was opened while the change was being scored.
        lane = CaseLane(routed.value)
        if before is not None:
            lane = lane_after_change(before.lane, lane)
            if before.row is None:
                self._stale[step.listing_id] = step.as_of
            else:
                change = {"state": next_state(CaseState.OPEN, CaseEvent.NEW_VERSION).value, "decided_at": step.as_of}
                before.row.update(change, revision=before.row["revision"] + 1)
        lane = lane_after_naming(lane, can_be_asked=brand.brand_id in self._taking_part)
        case_id = self._runtime.ids.new("cas")
        policy = self._runtime.policies[EnforcementPolicy]
        hours = policy.brand_answers_within_hours if lane is CaseLane.ASK_BRAND else policy.analyst_decides_within_hours
        share = masking_probability(lane, self._runtime.policies[MaskedScorePolicy])
        harm = expected_harm(scored.score, price=base_price(facts), sold_7d=step.listing.sales.d7)
        row = self._tenant(
            case_id=case_id,
            listing_id=step.listing_id,
            version_id=step.version_id,
            score_id=score_id,
            brand_id=brand.brand_id,
            mark=brand.mark,
            mark_owner=brand.owner,
            lane=lane.value,
            state=CaseState.OPEN.value,
            revision=1,
            # A waiting appellant or notifier does not wait longer because the seller changed the listing.
            priority=max(harm, before.priority) if before else harm,
            opened_at=step.as_of,
            due_at=step.as_of + timedelta(hours=hours),
            decided_at=None,
            follows_case_id=before.case_id if before else None,
            relisted=relisted,
            # Drawn only where it has an effect, so that other marketplaces keep their sequence of random numbers.
            score_masked=bool(share) and self._runtime.draw() < (share or 0.0),
            masked_share=share,
        )
        if step.is_version:  # An observation may name another seller than its version.
            row |= filter_fields(step.listing.seller.external_id, step.listing.language, scored.score)
        self._rows.append(row)
        self._open[step.listing_id] = _OpenCase(case_id, lane, row["priority"], row)
        what = " ".join(map(in_english, (message(f"opened.{lane.value}"), *scored.route.reasons)))[:200]
        event_id = self._runtime.ids.new("evt")
        self._events.append(
            self._tenant(event_id=event_id, case_id=case_id, what=what, actor="router", known_at=step.as_of)
        )

    def insert(self, connection: Connection) -> None:
        """Insert the cases; earlier ones become stale, and what waits for them waits for their followers."""
        for listing_id, at in self._stale.items():
            stale = self._stored[listing_id]
            cases.apply_event(connection, stale, CaseEvent.NEW_VERSION, {"decided_at": at}, holder=None, at=at)
        cases.add_cases(connection, self._rows)
        for listing_id in self._stale:
            case_id, following = self._stored[listing_id].case_id, self._open[listing_id].case_id
            appeals.move_to_case(connection, self._here, case_id, following)
            notices.move_to_case(connection, self._here, case_id, following)
        cases.add_events(connection, self._events)

    def _tenant(self, **values: Any) -> dict[str, Any]:
        return {"marketplace_id": self._here, **values}
