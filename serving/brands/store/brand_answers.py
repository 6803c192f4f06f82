"""A brand's answers and their outcomes, for the brand itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, false, func, or_, select

from models.labels import AppealState
from models.verdict import Judgement, ReasonCode, Side
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.brands.rules.brand_record import AnswerFacts
from serving.brands.tables import brand
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing, listing_version
from serving.marketplaces.tables import marketplace
from serving.platform.database.scope import Pair, columns, inside, same
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState

_REMOVE: Final = ActionKind.REMOVE.value
# An undo, and the retraction of a report.
_UNDOES: Final = (Judgement.WITHDRAWN.value, Judgement.GENUINE.value)


@dataclass(frozen=True, slots=True)
class BrandAnswer:
    """One answer, with the listing's version on which it was given."""

    marketplace: str
    brand: str
    external_id: str
    version: int
    content: Mapping[str, Any]
    seller_external_id: str | None
    reason_code: ReasonCode | None
    answered: AnswerFacts
    appealed_at: datetime | None
    appeal_decided_at: datetime | None


def answers_of(connection: Connection, pairs: Collection[Pair]) -> list[BrandAnswer]:
    """The answers of these brands' users, oldest first; an empty set of pairs matches no row."""
    later = verdict.alias("later")
    own = (
        select(action.c.action_id)
        .where(same(action, verdict, "verdict_id"), action.c.kind == _REMOVE)
        .correlate(verdict)
        .scalar_subquery()
    )
    # A verdict on a listing whose removal is already requested is attached to that removal.
    joined = (
        select(func.max(action.c.action_id))
        .where(
            same(action, verdict, "listing_id"),
            action.c.kind == _REMOVE,
            action.c.created_at <= verdict.c.known_at,
            action.c.state != ActionState.WITHDRAWN.value,
            or_(action.c.acknowledged_at.is_(None), action.c.acknowledged_at >= verdict.c.known_at),
        )
        .correlate(verdict)
        .scalar_subquery()
    )
    # The question comes with its case, or later, after an analyst who looked first puts it to the brand.
    earlier = verdict.alias("earlier")
    passed_on = (
        select(func.max(earlier.c.known_at))
        .where(
            same(earlier, verdict, "case_id"),
            earlier.c.known_at < verdict.c.known_at,
            earlier.c.side == Side.ANALYST.value,
            earlier.c.judgement != Judgement.WITHDRAWN.value,
        )
        .correlate(verdict)
        .scalar_subquery()
    )
    of_pairs = (inside(verdict, place, brand_id=brand_id) for place, brand_id in sorted(pairs))
    query = (
        select(
            marketplace.c.name.label("marketplace"),
            brand.c.name.label("brand"),
            listing.c.external_id,
            *columns(listing_version, "number", "content", "seller_external_id"),
            *columns(verdict, "judgement", "reason_code", "known_at"),
            later.c.verdict_id.label("undone_by"),
            action.c.state,
            action.c.acknowledged_at,
            appeal.c.state.label("appeal_state"),
            appeal.c.known_at.label("appealed_at"),
            appeal.c.decided_at,
            counter_notice.c.state.label("counter_state"),
            counter_notice.c.first_answered_at,
            counter_notice.c.closed_at,
            overturn.c.cause,
            func.coalesce(passed_on, review_case.c.opened_at, type_=review_case.c.opened_at.type).label("asked_at"),
        )
        .join(marketplace, marketplace.c.marketplace_id == verdict.c.marketplace_id)
        .join(brand, brand.c.brand_id == verdict.c.brand_id)
        .join(listing, same(listing, verdict, "listing_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .outerjoin(
            later,
            and_(later.c.marketplace_id == verdict.c.marketplace_id, later.c.supersedes_id == verdict.c.verdict_id),
        )
        .outerjoin(
            action,
            and_(
                action.c.marketplace_id == verdict.c.marketplace_id,
                verdict.c.judgement == Judgement.COUNTERFEIT.value,
                action.c.action_id == func.coalesce(own, joined),
            ),
        )
        .outerjoin(appeal, same(appeal, action, "action_id"))
        .outerjoin(counter_notice, same(counter_notice, action, "action_id"))
        .outerjoin(overturn, and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None)))
        .where(
            verdict.c.side == Side.BRAND.value,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            # An answer that a newer one replaces is shown by the newer one.
            or_(later.c.verdict_id.is_(None), later.c.judgement.in_(_UNDOES)),
            or_(false(), *of_pairs),
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )
    return [_answer(row) for row in connection.execute(query).mappings()]


def about_sellers(
    connection: Connection, pairs: Collection[Pair], sellers: Collection[str]
) -> dict[tuple[str, str, str], dict[Judgement, int]]:
    """Answers in force of these brands' users about these sellers, by (marketplace, brand, seller)."""
    if not sellers:
        return {}
    key = (verdict.c.marketplace_id, verdict.c.brand_id, listing_version.c.seller_external_id)
    of_pairs = (inside(verdict, place, brand_id=brand_id) for place, brand_id in sorted(pairs))
    query = (
        select(*key, verdict.c.judgement, func.count().label("n"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(
            verdict.c.side == Side.BRAND.value,
            or_(false(), *of_pairs),
            listing_version.c.seller_external_id.in_(set(sellers)),
            STANDS,
        )
        .group_by(*key, verdict.c.judgement)
    )
    counts_by_seller: dict[tuple[str, str, str], dict[Judgement, int]] = {}
    for place, brand_id, seller, judgement, number in connection.execute(query):
        counts_by_seller.setdefault((place, brand_id, seller), {})[Judgement(judgement)] = number
    return counts_by_seller


def _answer(row: RowMapping) -> BrandAnswer:
    answered = AnswerFacts(
        Judgement(row["judgement"]),
        row["known_at"],
        row["undone_by"] is not None,
        ActionState(row["state"]) if row["state"] else None,
        row["acknowledged_at"],
        _appeal_state(row),
        _counter_notice_state(row),
        objected=row["appealed_at"] is not None or row["first_answered_at"] is not None,
        asked_at=row["asked_at"],
    )
    objected = [at for at in (row["appealed_at"], row["first_answered_at"]) if at is not None]
    return BrandAnswer(
        row["marketplace"],
        row["brand"],
        row["external_id"],
        row["number"],
        row["content"],
        row["seller_external_id"],
        ReasonCode(row["reason_code"]) if row["reason_code"] else None,
        answered,
        min(objected) if objected else None,
        row["decided_at"] if row["appeal_state"] else row["closed_at"] if objected else None,
    )


def _appeal_state(row: RowMapping) -> AppealState:
    if row["appeal_state"]:
        return AppealState(row["appeal_state"])
    return AppealState.UNANSWERED if row["cause"] == OverturnCause.SILENCE.value else AppealState.NONE


def _counter_notice_state(row: RowMapping) -> CounterNoticeState | None:
    """The state of a counter-notice. One that silence ended, or an open one without an answer, does not count."""
    if row["counter_state"] is None:
        return None
    state = CounterNoticeState(row["counter_state"])
    return state if row["first_answered_at"] is not None or state is CounterNoticeState.UPHELD else None
