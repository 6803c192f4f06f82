"""Removals that the marketplace carried out, with the data of their public statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select

from models.case import BLIND_LANES, CaseLane
from models.routing import Lane
from models.verdict import Evidence, ReasonCode, Side
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing_version, score
from serving.notices.rules.notices import ReporterKind, source_of
from serving.notices.store import notices
from serving.platform.database.scope import same
from serving.takedowns.rules.public_statement import RESTRICTS, Influence, Restriction, Source
from serving.takedowns.tables import action
from serving.webhooks.rules.action import INVERSE, ActionKind

Cursor = tuple[datetime, str]
_RESTRICTING: Final = [kind.value for kind in RESTRICTS]
_LIFTING: Final = [INVERSE[kind].value for kind in RESTRICTS]
# The lane of the random audit sample; a model or rule selected the listings of all other lanes.
_DRAWN: Final = Lane.AUDIT.value


def restrictions_carried_out(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime, after: Cursor | None, most: int
) -> tuple[list[Restriction], Cursor | None]:
    """Restrictions acknowledged in [since, until), in that order, and the cursor of the next page, None at the end.

    Each is in its current state: a restriction that has been lifted since has the day of that.
    """
    rows = _select_rows(
        connection,
        marketplace_id,
        (action.c.acknowledged_at >= since, action.c.acknowledged_at < until, *_behind_cursor(action.c, after)),
        most,
    )
    restrictions = [restriction for restriction, _ in _with_lifting_times(connection, marketplace_id, rows)]
    return restrictions, (rows[-1]["acknowledged_at"], rows[-1]["action_id"]) if len(rows) == most else None


def restrictions_lifted(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> list[Restriction]:
    """Restrictions acknowledged before `since` and lifted in [since, until); earlier reports need an amendment."""
    lifting = action.alias("lifting")
    listings = select(lifting.c.listing_id).where(
        lifting.c.marketplace_id == marketplace_id,
        lifting.c.kind.in_(_LIFTING),
        lifting.c.acknowledged_at >= since,
        lifting.c.acknowledged_at < until,
    )
    conditions = (action.c.acknowledged_at < since, action.c.listing_id.in_(listings))
    restrictions = _with_lifting_times(
        connection, marketplace_id, _select_rows(connection, marketplace_id, conditions, None)
    )
    return [restriction for restriction, ended in restrictions if ended is not None and since <= ended < until]


def outstanding_count(connection: Connection, marketplace_id: str) -> int:
    """The number of decided removals without an acknowledgement; they have no statement yet."""
    query = select(func.count()).where(
        action.c.marketplace_id == marketplace_id,
        action.c.kind.in_(_RESTRICTING),
        action.c.acknowledged_at.is_(None),
        action.c.state != "withdrawn",
    )
    return int(connection.execute(query).scalar_one())


def _behind_cursor(columns: Any, after: Cursor | None) -> tuple[Any, ...]:
    if after is None:
        return ()
    at, action_id = after
    return (or_(columns.acknowledged_at > at, and_(columns.acknowledged_at == at, columns.action_id > action_id)),)


def _select_rows(
    connection: Connection, marketplace_id: str, conditions: tuple[Any, ...], most: int | None
) -> list[Mapping[str, Any]]:
    query = (
        select(
            action.c.action_id,
            action.c.listing_id,
            action.c.kind,
            action.c.sequence,
            action.c.acknowledged_at,
            verdict.c.reason_code,
            verdict.c.side,
            verdict.c.evidence,
            verdict.c.lane,
            verdict.c.case_id,
            verdict.c.reported,
            review_case.c.report_id,
            review_case.c.score_masked,
            listing_version.c.content,
            listing_version.c.occurred_at,
            score.c.lane.label("routed"),
        )
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .join(score, same(score, review_case, "score_id"))
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.kind.in_(_RESTRICTING),
            action.c.acknowledged_at.is_not(None),
            *conditions,
        )
        .order_by(action.c.acknowledged_at, action.c.action_id)
        .limit(most)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _with_lifting_times(
    connection: Connection, marketplace_id: str, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Restriction, datetime | None]]:
    """Each restriction with the time when it was lifted, None while it applies."""
    lifted = _lifting_actions(connection, marketplace_id, {row["listing_id"] for row in rows})
    led = notices.cases_opened_by_notice(connection, marketplace_id, {row["case_id"] for row in rows})
    restrictions = []
    for row in rows:
        ended = next((at for number, at in lifted.get(row["listing_id"], []) if number > row["sequence"]), None)
        restrictions.append((_read_restriction(row, ended, led.get(row["case_id"])), ended))
    return restrictions


def _lifting_actions(
    connection: Connection, marketplace_id: str, listing_ids: set[str]
) -> dict[str, list[tuple[int, datetime]]]:
    """(sequence, time) of each action that lifted a restriction, by listing, in order."""
    query = (
        select(action.c.listing_id, action.c.sequence, action.c.acknowledged_at)
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.listing_id.in_(listing_ids),
            action.c.kind.in_(_LIFTING),
            action.c.acknowledged_at.is_not(None),
        )
        .order_by(action.c.sequence)
    )
    times_by_listing: dict[str, list[tuple[int, datetime]]] = {}
    for row in connection.execute(query):
        times_by_listing.setdefault(row.listing_id, []).append((row.sequence, row.acknowledged_at))
    return times_by_listing


def _read_restriction(row: Mapping[str, Any], ended: datetime | None, notifier: ReporterKind | None) -> Restriction:
    content: Mapping[str, Any] = row["content"]
    # As in the statement to the seller: a report is a notice, even of a listing whose case was open.
    reported = row["report_id"] is not None or row["reported"]
    unaided = CaseLane(row["lane"]) in BLIND_LANES or row["score_masked"]
    return Restriction(
        action_id=row["action_id"],
        kind=ActionKind(row["kind"]),
        content_on=row["occurred_at"].date(),
        applied_on=row["acknowledged_at"].date(),
        reason_code=ReasonCode(row["reason_code"] or ReasonCode.TRADEMARK_COUNTERFEIT),
        side=Side(row["side"]),
        evidence=Evidence(row["evidence"]),
        found_by_model=notifier is None and not reported and row["routed"] != _DRAWN,
        source=Source.NOTICE if reported else source_of(notifier),
        influence=Influence.NONE if unaided else Influence.PARTIALLY,
        gtin=content.get("gtin"),
        language=content.get("language"),
        reversed_on=None if ended is None else ended.date(),
    )
