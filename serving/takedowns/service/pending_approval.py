"""The grounds on which a removal needs approval: gathered for the rule, stored with their alert, and settled."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.facts import Facts
from models.messages.english import in_english
from models.policies.version import policy_version
from models.verdict import Side
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.second_person import accounts_of_same_person, are_independent, handed_over_at
from serving.accounts.store import origins, people
from serving.audit.store import audit
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import exchange_rates, kill_switches
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy, BurstPolicy, StepUpPolicy, TellingPolicy
from serving.takedowns.rules import budgets
from serving.takedowns.rules.budgets import Spending
from serving.takedowns.rules.bursts import (
    BY_SECOND_PERSON,
    OF_ANALYST,
    OF_BRAND,
    Pace,
    PendingCause,
    PendingReason,
    RemovalRequest,
    Sales,
    begins_alarm,
    pending_reasons,
)
from serving.takedowns.service.budgets import LeftRemoval, PacerCap, Spender, paces_of, seller_pace, spending_of
from serving.takedowns.service.telling import is_unreachable, mail_alarm, mail_voters
from serving.takedowns.store import alerts, removal_notices
from serving.takedowns.store import approvals as holds_db
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.alerts import Alert
from serving.takedowns.store.approvals import BatchKey, Pacer, by_analysts, by_brand, by_person_of_brand, of_seller
from serving.takedowns.store.budgets import by_analyst
from serving.takedowns.store.removal_notices import Remover

_ALARM: Final = "burst_caps"
_DOLLAR: Final = "USD"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation that requests a removal: its case, its side, and the person.

    `stepped_up_at` is when the person confirmed the report with a second factor; None without. `new_device` is set
    where they act from a device on its first day. `report_id` is the brand's report of the listing, None without.
    """

    case: Case
    side: Side
    user_id: str
    stepped_up_at: datetime | None = None
    new_device: bool = False
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierRemovals:
    """What is foreseen before a removal: those that leave, of its person and brand and of its seller."""

    by_person: int = 0
    of_seller: int = 0


@dataclass(frozen=True, slots=True)
class RequestedRemoval:
    """A removal that is requested or foreseen: the brand, the seller and the seller's sales, and the person with their
    side. `stepped_up_at` as for a confirmation. `opened_by` is the analyst who opened the case by choice.
    """

    marketplace_id: str
    brand_id: str | None
    seller: str | None
    sales: Sales
    side: Side
    user_id: str
    before: EarlierRemovals = EarlierRemovals()
    stepped_up_at: datetime | None = None
    opened_by: str | None = None
    new_device: bool = False


@dataclass(frozen=True, slots=True)
class PendingGrounds:
    """The holds of a removal, and the person, brand or seller that each cause is about.

    `begins_alarm` is whether an alarm begins with it: of the brand `alarmed`, or of an analyst where that is None.
    """

    reasons: tuple[PendingReason, ...]
    subjects: dict[PendingCause, str]
    begins_alarm: bool
    alarmed: str | None
    confirmation: Confirmation
    left_removal: LeftRemoval

    def with_reason(self, reason: PendingReason) -> "PendingGrounds":
        """The same with one more hold, which is about the marketplace as a whole."""
        return replace(self, reasons=(*self.reasons, reason), subjects={**self.subjects, reason.cause: ""})


def pending_grounds(
    runtime: Runtime, connection: Connection, confirmation: Confirmation, at: datetime
) -> PendingGrounds:
    """The grounds on which a confirmation's removal needs approval; no holds where it may be sent.

    The caller holds the head of the audit log, so that the second of two concurrent confirmations sees the first.
    """
    marketplace_id, brand_id = confirmation.case.marketplace_id, confirmation.case.brand_id
    facts = scores.scored_facts(connection, marketplace_id, confirmation.case.score_id)
    seller = facts.listing.seller.external_id
    requested = RequestedRemoval(
        marketplace_id,
        brand_id,
        seller,
        sales_of(connection, facts, at),
        confirmation.side,
        confirmation.user_id,
        stepped_up_at=confirmation.stepped_up_at,
        opened_by=confirmation.case.opened_by,
        new_device=confirmation.new_device,
    )
    circumstances = gather_circumstances(runtime, connection, requested, at)
    reasons = circumstances.pending_reasons(runtime)
    of_seller_alone = {PendingCause.SELLER_SHARE, PendingCause.HIGH_IMPACT}
    subjects = (
        dict.fromkeys(PendingCause, "")
        | dict.fromkeys(OF_BRAND, brand_id or "")
        | dict.fromkeys(OF_ANALYST | BY_SECOND_PERSON, confirmation.user_id)
        | dict.fromkeys(of_seller_alone, seller or "")
    )
    alarmed = brand_id if confirmation.side is Side.BRAND else None
    begins = begins_alarm(reasons, confirmation.side)
    return PendingGrounds(reasons, subjects, begins, alarmed, confirmation, circumstances.left_removal)


def pending_reasons_of(
    runtime: Runtime, connection: Connection, request: RequestedRemoval, at: datetime
) -> tuple[PendingReason, ...]:
    return gather_circumstances(runtime, connection, request, at).pending_reasons(runtime)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether a removal is on hold: its circumstances, and what counts against its budgets.

    `left_removal` is what a series notes should it leave.
    """

    request: RemovalRequest
    spending: Spending
    left_removal: LeftRemoval

    def pending_reasons(self, runtime: Runtime) -> tuple[PendingReason, ...]:
        """The holds, those of its budgets last."""
        of_bursts = pending_reasons(self.request, runtime.policies[BurstPolicy], runtime.policies[StepUpPolicy])
        return (*of_bursts, *budgets.pending_reasons(self.spending, runtime.policies[BudgetPolicy]))


def gather_circumstances(
    runtime: Runtime, connection: Connection, request: RequestedRemoval, at: datetime, *, shown: bool = False
) -> Circumstances:
    """What decides about a removal that is requested or foreseen; `shown` where its limits are shown to people."""
    marketplace_id, brand_id, before, seller = request.marketplace_id, request.brand_id, request.before, request.seller
    policy, of_brand = runtime.policies[BurstPolicy], brand_id if request.side is Side.BRAND else None
    roots, is_analyst = origins.roots(connection), request.side is Side.ANALYST
    same = accounts_of_same_person(roots, {request.user_id})
    hourly, daily = _pacers_of_user(request, same)

    since = request.stepped_up_at
    hour = at - timedelta(minutes=policy.window_minutes)
    caps = {PendingCause.USER_BURST: PacerCap(hourly, policy.per_user, before.by_person, hour)}
    if brand_id is not None:
        caps[PendingCause.BRAND_BURST] = PacerCap(by_brand(brand_id), policy.per_brand, before.by_person, hour)
    if seller is not None:
        caps[PendingCause.SELLER_SHARE] = PacerCap(of_seller(seller), policy.per_seller, before.of_seller, hour)
    if since is None:
        paces = paces_of(connection, marketplace_id, caps, policy, at)
    else:  # It meets the seller's share alone.
        paces = (
            {}
            if seller is None
            else {
                PendingCause.SELLER_SHARE: seller_pace(
                    connection, marketplace_id, seller, min(hour, since), before.of_seller
                )
            }
        )
    second = not is_analyst and are_independent(roots, request.user_id, request.opened_by or "")
    rule = AutomaticRule.ANALYST_REMOVALS if is_analyst else AutomaticRule.BRAND_REMOVALS
    is_routed = is_analyst and request.opened_by is None
    spender = Spender((marketplace_id, of_brand), frozenset(same), stepped_up=since is not None, routed=is_routed)
    spending = spending_of(
        runtime, connection, spender, daily, at, ahead=before.by_person, new_device=request.new_device, shown=shown
    )
    return Circumstances(
        RemovalRequest(
            side=request.side,
            user=paces.get(PendingCause.USER_BURST, Pace(0)),
            brand=paces.get(PendingCause.BRAND_BURST),
            seller=paces.get(PendingCause.SELLER_SHARE),
            sales=request.sales,
            switched_on=kill_switches.is_on(connection, marketplace_id, rule),
            stepped_up=since is not None,
            own_alarm=is_analyst and holds_db.is_pending_for_analysts(connection, marketplace_id, same, OF_ANALYST),
            chosen=request.opened_by is not None and not second,
            first_day=is_analyst and _is_first_day(runtime, connection, request, at),
            untold=_untold_removals(
                runtime, connection, Remover(marketplace_id, request.user_id, of_brand), spending, at
            ),
            stopped=removal_notices.is_stopped(connection, marketplace_id, request.user_id),
        ),
        spending,
        LeftRemoval(spender, seller),
    )


def _is_first_day(runtime: Runtime, connection: Connection, request: RequestedRemoval, at: datetime) -> bool:
    granted = people.analyst_since(connection, request.user_id, request.marketplace_id)
    since = handed_over_at(origins.history(connection, request.user_id), granted)
    hours = timedelta(hours=runtime.policies[InvitationPolicy].analyst_removes_after_hours)
    return since is not None and at < since + hours


def _untold_removals(
    runtime: Runtime, connection: Connection, remover: Remover, spending: Spending, at: datetime
) -> int | None:
    used = spending.brand.day if spending.stepped_up and spending.brand is not None else spending.person.day
    spent = used >= runtime.policies[TellingPolicy].untold_a_day
    return used if spent and is_unreachable(runtime, connection, remover, at) else None


def sales_of(connection: Connection, facts: Facts, at: datetime) -> Sales:
    """The sales of a listing's seller; the turnover in US dollars by the rates on file, unknown without one."""
    block, currency = facts.listing.seller, facts.listing.currency
    dollars = None
    if block.gmv_12m is not None and currency is not None:
        rates = exchange_rates.euros_at(connection, at.date())
        if currency == _DOLLAR:
            dollars = float(block.gmv_12m)
        elif currency in rates and _DOLLAR in rates:
            dollars = float(block.gmv_12m) * rates[currency] / rates[_DOLLAR]
    return Sales(facts.seller.sales.d90, block.sales_12m, dollars)


def _pacers_of_user(request: RequestedRemoval, same: Collection[str]) -> tuple[Pacer, Pacer]:
    """The removals that count against the user's hour, and against their day and week.

    All accounts that count as the same person share them, for one brand or as analysts. The day and the week of an
    analyst have the cases by choice and the others each by themselves.
    """
    if request.side is Side.BRAND and request.brand_id is not None:
        pacer = by_person_of_brand(request.user_id, same, request.brand_id)
        return pacer, pacer
    return by_analysts(same), by_analyst(same, routed=request.opened_by is None)


def record_pending(
    runtime: Runtime, connection: Connection, action: StoredAction, grounds: PendingGrounds, at: datetime
) -> None:
    """Store the holds of a removal, and raise the alert of the first cause unless it is already open."""
    marketplace_id, first, version = (
        action.marketplace_id,
        grounds.reasons[0],
        policy_version(runtime.policies[BurstPolicy]),
    )
    batch_id, is_first = _join_batch(runtime, connection, grounds, at)
    holds_db.add_pending(
        connection, marketplace_id, action.action_id, batch_id, grounds.reasons, version=version, at=at
    )
    remover = Remover(marketplace_id, grounds.confirmation.user_id, grounds.alarmed)
    if grounds.begins_alarm and _is_first_after_burst(connection, remover, batch_id, first_of_batch=is_first):
        mail_alarm(runtime, connection, remover, action.action_id)
    if is_first:
        mail_voters(runtime, connection, batch_id, remover)
    subject = grounds.subjects[first.cause]
    alert = Alert(marketplace_id, runtime.ids.new("alr"), first.cause, subject, in_english(first.message), at)
    if not alerts.raise_alert(connection, alert):
        return
    audit.record(
        connection,
        at,
        marketplace_id,
        _ALARM,
        "alert.raised",
        alert.alert_id,
        cause=alert.cause.value,
        subject=alert.subject,
        action_id=action.action_id,
    )
    log.warning("alert.raised", marketplace_id=marketplace_id, cause=alert.cause.value, sentence=alert.sentence)


def _is_first_after_burst(connection: Connection, remover: Remover, batch_id: str, *, first_of_batch: bool) -> bool:
    """Whether nothing else is pending after a burst of a brand; an analyst's alarm begins only once by itself."""
    if remover.brand_id is None or not first_of_batch:
        return remover.brand_id is None
    batches = holds_db.pending_batches(connection, {remover.marketplace_id})
    return not any(
        batch.brand_id == remover.brand_id and batch.causes & OF_BRAND and batch.batch_id != batch_id
        for batch in batches
    )


def _join_batch(runtime: Runtime, connection: Connection, grounds: PendingGrounds, at: datetime) -> tuple[str, bool]:
    """The batch of a removal, and whether it is the first pending one there: then those who vote are told."""
    confirmation = grounds.confirmation
    case, report_id = confirmation.case, confirmation.report_id or ""
    key = BatchKey(
        case.marketplace_id,
        confirmation.user_id,
        case.brand_id or "",
        report_id,
        day="" if report_id else at.date().isoformat(),
    )
    causes = [reason.cause for reason in grounds.reasons]
    return holds_db.join_batch(connection, key, runtime.ids.new("apb"), case.mark, causes, at)


def settle_removal(connection: Connection, action: StoredAction, how: str, at: datetime) -> None:
    """Store the decision on a removal pending approval, and settle the alerts of causes without pending removals."""
    marketplace_id = action.marketplace_id
    holds_db.settle_removal(connection, marketplace_id, action.action_id, how, at)
    alerts.settle_causes(
        connection, marketplace_id, alerts.BY_HOLDS - holds_db.pending_causes(connection, marketplace_id), at
    )
