"""The rows behind the figures of brands' reports, and a brand's statements against sellers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from models.case import CaseState
from models.verdict import Judgement, ReasonCode, Side
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.brands.rules.rights import RightKind
from serving.brands.tables import brand_right
from serving.cases.store.verdicts import NOT_WITHDRAWN
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing_version
from serving.notices.store import notices
from serving.platform.database.scope import columns, inside, same
from serving.reports.rules.good_faith import Accusation, Finder, ReportedListing, finder_of
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.tables import report, report_outcome
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState

_EXAMINED = [outcome.value for outcome in (ListingResult.SCHEDULED, ListingResult.PENDING_APPROVAL, ListingResult.CASE)]


@dataclass(frozen=True, slots=True)
class Scope:
    """A marketplace, one of its brands or all (None), and the period [since, until)."""

    marketplace_id: str
    brand_id: str | None
    since: datetime
    until: datetime


def reported_listings(connection: Connection, scope: Scope) -> list[ReportedListing]:
    """The listings reported in a period, each as it stands now."""
    rows = connection.execute(_select_steps(scope)).all()
    report_ids = _select_reports(scope)
    removals = _last_removals(connection, scope.marketplace_id, report_ids)
    judged = _ending_judgements(connection, scope.marketplace_id, report_ids)
    steps: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        steps.setdefault((row.report_id, row.number), []).append(row)
    return [_reported_listing(step, removals, judged) for step in steps.values()]


def of_report(connection: Connection, marketplace_id: str, report_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last removal, and the analyst's judgement that ended it, of each case of a report."""
    report_ids = select(report.c.report_id).where(inside(report, marketplace_id, report_id=report_id))
    return (
        _last_removals(connection, marketplace_id, report_ids),
        _ending_judgements(connection, marketplace_id, report_ids),
    )


def _select_reports(scope: Scope) -> Select[Any]:
    conditions = [inside(report, scope.marketplace_id), report.c.known_at >= scope.since]
    conditions.append(report.c.known_at < scope.until)
    if scope.brand_id is not None:
        conditions.append(report.c.brand_id == scope.brand_id)
    return select(report.c.report_id).where(*conditions)


def _select_steps(scope: Scope) -> Select[Any]:
    return (
        select(
            report.c.report_id,
            report.c.right_id,
            report.c.reason_code,
            report.c.known_at.label("reported_at"),
            brand_right.c.kind,
            report_outcome.c.number,
            report_outcome.c.result,
            report_outcome.c.code,
            report_outcome.c.case_id,
            report_outcome.c.known_at,
        )
        .select_from(report)
        .join(brand_right, same(brand_right, report, "right_id"))
        .join(report_outcome, same(report_outcome, report, "report_id"))
        .where(inside(report, scope.marketplace_id), report.c.report_id.in_(_select_reports(scope)))
        .order_by(report.c.known_at, report.c.report_id, report_outcome.c.number, report_outcome.c.step)
    )


def _select_cases(marketplace_id: str, report_ids: Select[Any]) -> Select[Any]:
    return select(report_outcome.c.case_id).where(
        inside(report_outcome, marketplace_id), report_outcome.c.report_id.in_(report_ids)
    )


def _last_removals(connection: Connection, marketplace_id: str, report_ids: Select[Any]) -> dict[str, Any]:
    """The last removal of each case of these reports, with the objection to it and its overturn in force."""
    query = (
        select(
            verdict.c.case_id,
            *columns(action, "state", "created_at", "acknowledged_at"),
            *columns(overturn, "overturn_id", "overturned_at", "cause"),
            *(appeal.c.state.label("appeal_state"), appeal.c.known_at.label("appealed_at"), appeal.c.decided_at),
            *(
                counter_notice.c.state.label("counter_state"),
                *columns(counter_notice, "first_answered_at", "closed_at"),
            ),
        )
        .select_from(action)
        .join(verdict, same(verdict, action, "verdict_id"))
        .outerjoin(overturn, and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None)))
        .outerjoin(appeal, same(appeal, action, "action_id"))
        .outerjoin(counter_notice, same(counter_notice, action, "action_id"))
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            verdict.c.case_id.in_(_select_cases(marketplace_id, report_ids)),
        )
        .order_by(action.c.sequence)
    )
    return {row.case_id: row for row in connection.execute(query)}


def _ending_judgements(connection: Connection, marketplace_id: str, report_ids: Select[Any]) -> dict[str, Any]:
    """The analyst's judgement, with its time, that ended each decided case of these reports."""
    query = (
        select(verdict.c.case_id, verdict.c.side, verdict.c.judgement, verdict.c.known_at)
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(
            inside(verdict, marketplace_id),
            review_case.c.state == CaseState.DECIDED.value,
            verdict.c.case_id.in_(_select_cases(marketplace_id, report_ids)),
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )
    last = {row.case_id: row for row in connection.execute(query)}
    return {
        case_id: row
        for case_id, row in last.items()
        if row.side == Side.ANALYST.value and row.judgement != Judgement.WITHDRAWN.value
    }


def _reported_listing(steps: list[Any], removals: dict[str, Any], judged: dict[str, Any]) -> ReportedListing:
    last = steps[-1]
    # Nothing is recorded about a listing while its report waits for a second factor.
    examined = next((step for step in steps if step.result in _EXAMINED and step.code != Code.STEP_UP.value), None)
    removal, judgement = removals.get(last.case_id), judged.get(last.case_id)
    decision = None if removal is None else removal.created_at
    if decision is None and judgement is not None:
        decision = judgement.known_at
    return ReportedListing(
        right_id=last.right_id,
        kind=RightKind(last.kind),
        reason_code=ReasonCode(last.reason_code),
        reported_at=last.reported_at,
        last=ListingResult(last.result),
        code=Code(last.code),
        examined_at=None if examined is None else examined.known_at,
        at_once=examined is not None and examined.result == ListingResult.SCHEDULED.value,
        removal=None if removal is None else ActionState(removal.state),
        removed_at=None if removal is None else removal.acknowledged_at,
        overturned=removal is not None and removal.overturn_id is not None,
        judgement=None if judgement is None else Judgement(judgement.judgement),
        decided_at=decision,
        report_id=last.report_id,
    )


def removals_by_finder(connection: Connection, scope: Scope) -> Counter[Finder]:
    """The removals acknowledged in a period that stand, by who found the listing.

    A report that came before the case counts as its origin, also where it waited for the listing to come in.
    """
    first = (
        select(report_outcome.c.report_id)
        .join(report, same(report, report_outcome, "report_id"))
        .where(same(report_outcome, review_case, "case_id"), report.c.known_at <= review_case.c.opened_at)
        .exists()
    )
    query = (
        select(verdict.c.case_id, first.label("reported"))
        .select_from(action)
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .outerjoin(overturn, and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None)))
        .where(
            inside(action, scope.marketplace_id, kind=ActionKind.REMOVE.value, state=ActionState.ACKNOWLEDGED.value),
            action.c.acknowledged_at >= scope.since,
            action.c.acknowledged_at < scope.until,
            overturn.c.overturn_id.is_(None),
            *[] if scope.brand_id is None else [review_case.c.brand_id == scope.brand_id],
        )
    )
    rows = connection.execute(query).all()
    led = notices.cases_opened_by_notice(connection, scope.marketplace_id, {row.case_id for row in rows})
    return Counter(finder_of(report=row.reported, notice=row.case_id in led) for row in rows)


def brands_with_many(
    connection: Connection, marketplace_id: str, brand_ids: set[str], *, since: datetime, least: int
) -> list[str]:
    """The brands among these that accused at least so many listings of one seller since a moment."""
    query = (
        _select_accusations(marketplace_id, verdict.c.brand_id, verdict.c.brand_id.in_(brand_ids), since)
        .group_by(verdict.c.brand_id, listing_version.c.seller_external_id)
        .having(func.count(verdict.c.listing_id.distinct()) >= least)
    )
    return sorted({row.brand_id for row in connection.execute(query)})


def accusations(connection: Connection, marketplace_id: str, brand_id: str, *, since: datetime) -> list[Accusation]:
    """The accusations of a brand since a moment that it did not withdraw."""
    columns = (listing_version.c.seller_external_id, verdict.c.listing_id, verdict.c.known_at)
    query = _select_accusations(marketplace_id, columns, verdict.c.brand_id == brand_id, since)
    return [Accusation(*row) for row in connection.execute(query)]


def _select_accusations(marketplace_id: str, columns: Any, brands: Any, since: datetime) -> Select[Any]:
    column_list = columns if isinstance(columns, tuple) else (columns,)
    return (
        select(*column_list)
        .select_from(verdict)
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(
            inside(verdict, marketplace_id, side=Side.BRAND.value, judgement=Judgement.COUNTERFEIT.value),
            brands,
            verdict.c.known_at > since,
            listing_version.c.seller_external_id.is_not(None),
            NOT_WITHDRAWN,
        )
    )
