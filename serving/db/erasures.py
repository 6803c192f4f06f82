"""What is kept of a seller, found and erased; and who asked for it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from models.action import ActionState
from models.erasure import PERSONAL_PARTS, Erasable, NotifiedOffer, Removal, names
from serving.db import contacts
from serving.db.store import add
from serving.db.tables import (
    action,
    appeal,
    audit_entry,
    audit_payload,
    counter_notice,
    counter_notice_step,
    erased_payload,
    erasure,
    evidence,
    evidence_part,
    listing,
    notice_item,
    quarantine,
    seller,
    seller_contact,
)

ERASED = "(erased)"
# Payloads that name a seller and stay: a list of authorised sellers names others, and evidence is proved by the log.
_STAYING_ACTS = ("brand.enrolled",)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Erasure:
    """A wish to have a seller forgotten. `due_at` is None where all is erased."""

    marketplace_id: str
    erasure_id: str
    seller: str
    asked_by: str
    asked_at: datetime
    due_at: datetime | None


def is_known(connection: Connection, marketplace_id: str, seller_id: str) -> bool:
    """Whether anything was ever said of a seller."""
    known = seller.c.marketplace_id == marketplace_id, seller.c.external_id == seller_id
    hashed = seller_contact.c.marketplace_id == marketplace_id, seller_contact.c.seller_external_id == seller_id
    return bool(connection.execute(select(or_(exists().where(*known), exists().where(*hashed)))).scalar())


def removals(connection: Connection, marketplace_id: str, seller_id: str) -> list[Removal]:
    """The removals of a seller's offers, oldest first."""
    about = (action.c.marketplace_id == appeal.c.marketplace_id) & (action.c.action_id == appeal.c.action_id)
    disputed = or_(
        exists().where(about, appeal.c.state == "open"),
        exists().where(
            counter_notice.c.marketplace_id == action.c.marketplace_id,
            counter_notice.c.action_id == action.c.action_id,
            counter_notice.c.closed_at.is_(None),
        ),
    )
    query = (
        select(action.c.action_id, action.c.state, action.c.acknowledged_at, disputed.label("disputed"))
        .join(
            listing,
            (listing.c.marketplace_id == action.c.marketplace_id) & (listing.c.listing_id == action.c.listing_id),
        )
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.kind == "remove",
            listing.c.seller_external_id == seller_id,
        )
        .order_by(action.c.created_at, action.c.action_id)
    )
    return [
        Removal(row.action_id, ActionState(row.state), row.acknowledged_at, bool(row.disputed))
        for row in connection.execute(query)
    ]


def notified(connection: Connection, marketplace_id: str, seller_id: str) -> list[NotifiedOffer]:
    """The offers of a seller of which a notice has kept evidence, oldest first."""
    query = (
        select(notice_item.c.item_id, notice_item.c.decided_at)
        .join(
            listing,
            (listing.c.marketplace_id == notice_item.c.marketplace_id)
            & (listing.c.listing_id == notice_item.c.listing_id),
        )
        .where(
            notice_item.c.marketplace_id == marketplace_id,
            notice_item.c.case_id.is_not(None),
            listing.c.seller_external_id == seller_id,
        )
        .order_by(notice_item.c.known_at, notice_item.c.item_id)
    )
    return [NotifiedOffer(row.item_id, row.decided_at) for row in connection.execute(query)]


def count(connection: Connection, marketplace_id: str, seller_id: str, subjects: Sequence[str]) -> dict[Erasable, int]:
    """How much there is to erase of a seller, of these removals and notified offers and beyond them."""

    def rows(column: ColumnElement[object], *conditions: ColumnElement[bool]) -> int:
        return int(connection.execute(select(func.count(column)).where(*conditions)).scalar_one())

    hashed = seller_contact.c.marketplace_id == marketplace_id, seller_contact.c.seller_external_id == seller_id
    found = dict.fromkeys(Erasable, 0)
    found[Erasable.CONTACTS] = rows(seller_contact.c.token, *hashed)
    found[Erasable.REFUSED_ROWS] = rows(quarantine.c.quarantine_id, *_refused(marketplace_id, seller_id))
    found[Erasable.LOG_PAYLOADS] = len(payloads(connection, marketplace_id, seller_id))
    for some in _chunks(subjects):
        found[Erasable.STATEMENTS] += rows(appeal.c.appeal_id, *_appeals(marketplace_id, some))
        found[Erasable.STATEMENTS] += rows(counter_notice_step.c.step_id, *_steps(marketplace_id, some))
        found[Erasable.EVIDENCE_PARTS] += rows(evidence_part.c.part, *_parts(marketplace_id, some))
    return found


def erase(connection: Connection, found: Erasure, subjects: Sequence[str]) -> list[int]:
    """Erase it; returns the entries of the audit log whose payloads are gone, which the log must name."""
    here, named = found.marketplace_id, payloads(connection, found.marketplace_id, found.seller)
    contacts.erase(connection, here, found.seller)
    connection.execute(update(quarantine).where(*_refused(here, found.seller)).values(row_head=ERASED))
    for some in _chunks(subjects):
        connection.execute(update(appeal).where(*_appeals(here, some)).values(statement=ERASED))
        connection.execute(update(counter_notice_step).where(*_steps(here, some)).values(said=ERASED))
        connection.execute(update(evidence_part).where(*_parts(here, some)).values(body=None, salt=None))
    add(connection, erased_payload, [{"sequence": one, "erasure_id": found.erasure_id} for one in named])
    for start in range(0, len(named), _AT_ONCE):
        some_entries = named[start : start + _AT_ONCE]
        connection.execute(delete(audit_payload).where(audit_payload.c.sequence.in_(some_entries)))
    return named


def payloads(connection: Connection, marketplace_id: str, seller_id: str) -> list[int]:
    """The entries of the audit log whose payloads name a seller and may be erased."""
    query = (
        select(audit_entry.c.sequence, audit_payload.c.payload)
        .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(
            audit_entry.c.marketplace_id == marketplace_id,
            audit_entry.c.act.not_in(_STAYING_ACTS),
            audit_payload.c.payload.contains(json.dumps(seller_id), autoescape=True),
        )
        .order_by(audit_entry.c.sequence)
    )
    found = ((row.sequence, json.loads(row.payload)) for row in connection.execute(query))
    return [sequence for sequence, said in found if names(said, seller_id) and "evidence" not in said]


def add_erasure(connection: Connection, found: Erasure) -> None:
    """A new wish."""
    row = {
        "marketplace_id": found.marketplace_id,
        "erasure_id": found.erasure_id,
        "seller_external_id": found.seller,
        "asked_by": found.asked_by,
        "asked_at": found.asked_at,
        "due_at": found.due_at,
    }
    add(connection, erasure, [row])


def look_again(connection: Connection, found: Erasure, due_at: datetime | None) -> None:
    """Note when what is left is looked at again; None where nothing is."""
    which = erasure.c.marketplace_id == found.marketplace_id, erasure.c.erasure_id == found.erasure_id
    connection.execute(update(erasure).where(*which).values(due_at=due_at))


def unfinished(connection: Connection, marketplace_id: str, seller_id: str) -> Erasure | None:
    """The wish of which something is left."""
    which = (
        erasure.c.marketplace_id == marketplace_id,
        erasure.c.seller_external_id == seller_id,
        erasure.c.due_at.is_not(None),
    )
    found = _read(connection, and_(*which), most=1)
    return found[0] if found else None


def due(connection: Connection, now: datetime, most: int) -> list[Erasure]:
    """Wishes of which what is left is to be looked at again, the longest due first."""
    return _read(connection, erasure.c.due_at <= now, most=most)


def _read(connection: Connection, which: ColumnElement[bool], *, most: int) -> list[Erasure]:
    query = select(erasure).where(which).order_by(erasure.c.due_at, erasure.c.erasure_id).limit(most)
    return [
        Erasure(row.marketplace_id, row.erasure_id, row.seller_external_id, row.asked_by, row.asked_at, row.due_at)
        for row in connection.execute(query)
    ]


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def _refused(marketplace_id: str, seller_id: str) -> tuple[ColumnElement[bool], ...]:
    named = [
        quarantine.c.row_head.contains(json.dumps(seller_id, ensure_ascii=ascii_), autoescape=True)
        for ascii_ in (True, False)
    ]
    return quarantine.c.marketplace_id == marketplace_id, or_(*named)


def _appeals(marketplace_id: str, actions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return appeal.c.marketplace_id == marketplace_id, appeal.c.action_id.in_(actions), appeal.c.statement != ERASED


def _steps(marketplace_id: str, actions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    about = select(counter_notice.c.counter_notice_id).where(
        counter_notice.c.marketplace_id == marketplace_id, counter_notice.c.action_id.in_(actions)
    )
    return (
        counter_notice_step.c.marketplace_id == marketplace_id,
        counter_notice_step.c.counter_notice_id.in_(about),
        counter_notice_step.c.party == "seller",
        counter_notice_step.c.said.is_not(None),
        counter_notice_step.c.said != ERASED,
    )


def _parts(marketplace_id: str, subjects: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    about = select(evidence.c.evidence_id).where(
        evidence.c.marketplace_id == marketplace_id, evidence.c.subject.in_(subjects)
    )
    return (
        evidence_part.c.marketplace_id == marketplace_id,
        evidence_part.c.evidence_id.in_(about),
        evidence_part.c.part.in_([part.value for part in PERSONAL_PARTS]),
        evidence_part.c.body.is_not(None),
    )
