"""The limits that a confirmation or a report of a person meets now, by the functions that decide about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from models.errors import NotFound, require
from models.verdict import ReasonCode, Side
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import Proof, is_fresh
from serving.accounts.store import people
from serving.brands.rules.certification import new_invitee_objection
from serving.brands.service import certification
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import Owner
from serving.reports.rules.step_up import why_no_step_up
from serving.reports.service.examining import Examination
from serving.reports.service.stepping_up import circumstances as step_up_circumstances
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Effect, daily_of
from serving.standing.service import current_standing, effects_now
from serving.takedowns.policy import BudgetPolicy, BurstPolicy, StepUpPolicy
from serving.takedowns.rules import budgets
from serving.takedowns.rules.budgets import Limit
from serving.takedowns.rules.bursts import OF_BRAND, Caps, PendingCause, PendingReason, Sales, hourly_caps
from serving.takedowns.service.pending_approval import RequestedRemoval, gather_circumstances, sales_of

# How many of these are used says how many are left.
_COUNTED: Final = OF_BRAND | {PendingCause.SELLER_SHARE}

# The same for listings that are not known and those of other brands.
_NO_LISTING: Final = "The brand has no such listing."


@dataclass(frozen=True, slots=True)
class Quota:
    """The immediate removals of a brand's day: how many are left, and when the next day begins."""

    remaining: int
    renewed_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that a confirmation by a person meets now.

    `listing` is the one asked about, under the marketplace's id; None where none was. Without
    one, `caps.seller` is None, and `holds` are those of every removal. `quota` is None where the day has no limit, and
    `refused` has why the person cannot confirm at all. `budgets` are those of a day and a week, without the
    marketplace's. `proved` is whether a second factor was just proved in the session; without, no reader is told how
    many are left: a thief would stop just before the alarm. `step_up` has why a large report cannot be confirmed with a
    second factor; empty where it can.
    """

    marketplace_id: str
    brand_id: str
    effect: Effect
    quota: Quota | None
    caps: Caps
    pending_reasons: tuple[PendingReason, ...]
    refused: tuple[Message, ...]
    step_up: tuple[Message, ...]
    listing: str | None
    at: datetime
    budgets: tuple[Limit, ...]
    proved: bool

    @property
    def leave_now(self) -> int | None:
        """How many listings of different sellers leave now without approval and without an analyst; None: not told."""
        if self.refused or self.shown_reasons or not self.effect.at_once:
            return 0
        if not self.proved:
            return None
        limits_left = [
            limit.remaining for limit in (self.caps.user, self.caps.brand, *self.budgets) if limit is not None
        ]
        return min([*limits_left, *([] if self.quota is None else [self.quota.remaining])], default=0)

    @property
    def tells_left(self) -> bool:
        """Whether a page says how many are left: to a thief nothing, and of what cannot remove at once none is left."""
        return self.proved and self.effect.at_once and not self.refused

    @property
    def shown_reasons(self) -> tuple[PendingReason, ...]:
        """The holds; without a fresh proof only those that do not tell how much is used."""
        return (
            self.pending_reasons
            if self.proved
            else tuple(reason for reason in self.pending_reasons if reason.cause not in _COUNTED)
        )


def limits_of(
    runtime: Runtime, person: Person, pair: tuple[str, str], listing: str | None = None, *, proof: Proof | None = None
) -> Limits:
    """The limits now; `pair` is (marketplace, brand). `listing` is an address or id as in a report.

    `proof` is the last one of the session; a recovery code is none of a factor, and a key has none.

    Raises NotFound (the person does not represent the brand there, or the listing is not known as the brand's).
    """
    if pair not in person.brands(Permission.ANSWER_QUESTIONS):
        raise NotFound("There is no such brand.")
    marketplace_id, brand_id = pair
    with runtime.store.read() as connection:
        now = runtime.clock.now()
        standing = current_standing(runtime, connection, *pair, now)
        effects = effects_now(runtime, connection, standing, pair, ReasonCode.TRADEMARK_COUNTERFEIT, now)
        seller, sales, external_id = None, Sales(), None
        examination = Examination(runtime, connection, marketplace_id, brand_id, now)
        if listing:
            known = require(examination.look_up(listing, locked=False), _NO_LISTING)
            examined = examination.examine(known)
            if examined.situation.owner is not Owner.OWN:
                raise NotFound(_NO_LISTING)
            seller, sales = examined.facts.listing.seller.external_id, sales_of(connection, examined.facts, now)
            external_id = known.external_id
        requested = RequestedRemoval(marketplace_id, brand_id, seller, sales, Side.BRAND, person.user_id)
        decides = gather_circumstances(runtime, connection, requested, now, shown=True)
        refused = why_no_step_up(
            step_up_circumstances(runtime, connection, person, pair),
            runtime.wall.now(),
            runtime.policies[SecondFactorPolicy],
        )
        spent = budgets.limits(decides.spending, runtime.policies[BudgetPolicy])
        fresh = is_fresh(proof, runtime.wall.now(), runtime.policies[SecondFactorPolicy])
        return Limits(
            marketplace_id,
            brand_id,
            effects(0),
            _remaining_quota(effects, runtime.policies[ReportPolicy].most_listings, now)
            if daily_of(standing.level, runtime.policies[StandingPolicy]) is not None
            else None,
            hourly_caps(decides.request, runtime.policies[BurstPolicy], runtime.policies[StepUpPolicy]),
            decides.pending_reasons(runtime),
            _refusals(runtime, connection, person, pair, now),
            refused,
            external_id,
            now,
            tuple(limit for limit in spent if limit.cause is not PendingCause.MARKETPLACE_DAY),
            fresh and proof is not None and proof.factor_id is not None,
        )


def _remaining_quota(effects: Callable[[int], Effect], most: int, now: datetime) -> Quota | None:
    """The number of immediate removals after which the next one is none, up to those of a report."""
    removals_left = next((ahead for ahead in range(most + 1) if not effects(ahead).at_once), None)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return None if removals_left is None else Quota(removals_left, tomorrow)


def _refusals(
    runtime: Runtime, connection: Connection, person: Person, pair: tuple[str, str], now: datetime
) -> tuple[Message, ...]:
    gate = certification.gate_of(runtime, connection, person, now)
    wait = new_invitee_objection(people.confirms_from(connection, person.user_id, pair), now)
    return (*(() if gate.open else (gate.reason,)), *(() if wait is None else (wait,)))
