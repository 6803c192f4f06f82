"""Notices of a person's removals: who was told, whether the mail arrived, and whether somebody stopped them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from models.verdict import Side
from serving.cases.tables import verdict
from serving.listings.tables import listing
from serving.mail.rules.kinds import MailState
from serving.mail.tables import mail
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.series import read_once
from serving.platform.database.store import insert_or_ignore
from serving.takedowns.rules.telling import Reason
from serving.takedowns.tables import action, removal_notice
from serving.webhooks.rules.action import ActionKind, ActionState

_NOT_ARRIVED: Final = (MailState.KEPT.value, MailState.FAILED.value, MailState.DROPPED.value)


@dataclass(frozen=True, slots=True)
class Remover:
    """A person who removes at a marketplace, for a brand or as an analyst."""

    marketplace_id: str
    user_id: str
    brand_id: str | None


@dataclass(frozen=True, slots=True)
class RemovalNotice:
    """A notice as stored; `stopped_by` is the person who stopped the removals."""

    notice_id: str
    remover: Remover
    reason: Reason
    day: str
    recipients: tuple[str, ...]
    known_at: datetime
    stopped_by: str | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnRemoval:
    """A removal of a person's, as those who can stop it see it."""

    action_id: str
    external_id: str
    state: ActionState
    created_at: datetime
    new_device: bool


def add(connection: Connection, notice: RemovalNotice) -> bool:
    """Store a notice; False where the person's day has one of this reason."""
    row = {
        "marketplace_id": notice.remover.marketplace_id,
        "notice_id": notice.notice_id,
        "user_id": notice.remover.user_id,
        "brand_id": notice.remover.brand_id or "",
        "reason": notice.reason.value,
        "day": notice.day,
        "recipients": list(notice.recipients),
        "known_at": notice.known_at,
    }
    added = insert_or_ignore(connection, removal_notice).values(row).returning(removal_notice.c.notice_id)
    return connection.execute(added).first() is not None


def _read_notice(row: Row[Any]) -> RemovalNotice:
    remover = Remover(row.marketplace_id, row.user_id, row.brand_id or None)
    watchers = tuple(row.recipients)
    return RemovalNotice(
        row.notice_id, remover, Reason(row.reason), row.day, watchers, row.known_at, row.stopped_by, row.stopped_at
    )


def of_id(connection: Connection, notice_id: str) -> RemovalNotice | None:
    row = connection.execute(select(removal_notice).where(removal_notice.c.notice_id == notice_id)).one_or_none()
    return None if row is None else _read_notice(row)


def _of_remover(remover: Remover) -> ColumnElement[bool]:
    return inside(removal_notice, remover.marketplace_id, user_id=remover.user_id, brand_id=remover.brand_id or "")


@read_once(removal_notice)
def reasons_of_day(connection: Connection, remover: Remover, day: str) -> frozenset[Reason]:
    query = select(removal_notice.c.reason).where(_of_remover(remover), removal_notice.c.day == day)
    return frozenset(map(Reason, connection.execute(query).scalars()))


def unused_since(connection: Connection, at: datetime) -> list[RemovalNotice]:
    """The notices since a moment that nobody has used to stop removals, latest first."""
    recent = (removal_notice.c.known_at >= at, removal_notice.c.stopped_at.is_(None))
    return [
        _read_notice(row)
        for row in connection.execute(select(removal_notice).where(*recent).order_by(removal_notice.c.known_at.desc()))
    ]


def undelivered(connection: Connection, notice_ids: Collection[str], user_id: str | None = None) -> frozenset[str]:
    """Those of these notices whose mails did not arrive: none of them, or the one to a person."""
    query = select(mail.c.subject_id, func.count().label("n")).where(
        mail.c.subject_id.in_(set(notice_ids)), mail.c.state.not_in(_NOT_ARRIVED)
    )
    if user_id is not None:
        query = query.where(mail.c.user_id == user_id)
    arrived = {row.subject_id for row in connection.execute(query.group_by(mail.c.subject_id))}
    return frozenset(notice_ids) - arrived


def latest_notice_ids(connection: Connection, remover: Remover, at: datetime) -> list[str]:
    """The notices of a person's removals since a moment."""
    query = select(removal_notice.c.notice_id).where(_of_remover(remover), removal_notice.c.known_at >= at)
    return list(connection.execute(query).scalars())


def record_stop(connection: Connection, notice: RemovalNotice, user_id: str, at: datetime) -> None:
    """Store that a person has stopped the removals of a notice."""
    own = inside(removal_notice, notice.remover.marketplace_id, notice_id=notice.notice_id)
    connection.execute(update(removal_notice).where(own).values(stopped_by=user_id, stopped_at=at))


def _stop_in_force(marketplace_id: str) -> tuple[ColumnElement[bool], ...]:
    stopped, lifted = removal_notice.c.stopped_at.is_not(None), removal_notice.c.lifted_at.is_(None)
    return inside(removal_notice, marketplace_id), stopped, lifted


@read_once(removal_notice)
def is_stopped(connection: Connection, marketplace_id: str, user_id: str) -> bool:
    """Whether somebody has stopped a person's removals, and nobody has approved one since."""
    query = select(removal_notice.c.notice_id).where(
        *_stop_in_force(marketplace_id), removal_notice.c.user_id == user_id
    )
    return connection.execute(query.limit(1)).first() is not None


def lift_stop(connection: Connection, marketplace_id: str, user_ids: Collection[str], at: datetime) -> None:
    """End the stop of these people's removals."""
    own = update(removal_notice).where(*_stop_in_force(marketplace_id), removal_notice.c.user_id.in_(user_ids))
    connection.execute(own.values(lifted_at=at))


def _verdicts_of(remover: Remover) -> tuple[ColumnElement[bool], ...]:
    side = Side.ANALYST if remover.brand_id is None else Side.BRAND
    own = (verdict.c.user_id == remover.user_id, verdict.c.side == side.value)
    return own if remover.brand_id is None else (*own, verdict.c.brand_id == remover.brand_id)


def removals_of(connection: Connection, remover: Remover, after: datetime) -> list[OwnRemoval]:
    """A person's removals after a moment that were not withdrawn, the oldest first."""
    query = (
        select(action.c.action_id, listing.c.external_id, action.c.state, action.c.created_at, action.c.new_device)
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(listing, same(action, listing, "listing_id"))
        .where(
            inside(action, remover.marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.state != ActionState.WITHDRAWN.value,
            action.c.created_at > after,
            # A verdict is as old as its removal; its index by person finds the few of these days.
            verdict.c.known_at > after - timedelta(seconds=1),
            *_verdicts_of(remover),
        )
        .order_by(action.c.created_at, action.c.action_id)
    )
    return reader(OwnRemoval).all(connection, query)


def removers(connection: Connection, start: datetime, end: datetime) -> list[Remover]:
    """The people whose removals of a period were neither withdrawn nor are pending approval."""
    query = (
        select(action.c.marketplace_id, verdict.c.user_id, verdict.c.side, verdict.c.brand_id)
        .join(verdict, same(action, verdict, "verdict_id"))
        .where(
            action.c.kind == ActionKind.REMOVE.value,
            action.c.created_at > start,
            action.c.created_at <= end,
            action.c.state.not_in((ActionState.WITHDRAWN.value, ActionState.PENDING_APPROVAL.value)),
        )
        .distinct()
    )
    return sorted(
        {
            Remover(row.marketplace_id, row.user_id, row.brand_id if row.side == Side.BRAND.value else None)
            for row in connection.execute(query)
        },
        key=lambda remover: (remover.marketplace_id, remover.user_id, remover.brand_id or ""),
    )
