"""The stored data of a seller: search and erasure, and the requests for erasure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from serving.appeals.tables import appeal, counter_notice
from serving.audit.rules.chain import KEPT_ACTS
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.store import erasing as of_cases
from serving.cases.tables import review_case, test_buy
from serving.listings.store import refused_rows
from serving.listings.tables import listing, seller
from serving.mail.rules.kinds import MailKind
from serving.mail.store import mails
from serving.notices.tables import notice_item
from serving.platform.database.lists import chunks
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.privacy.rules.erasure import BoughtGoods, ErasableData, NotifiedListing, Removal, names_seller
from serving.privacy.store import personal, reported
from serving.privacy.tables import erasure
from serving.sellers.store import contacts
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState

# Payloads that name a seller and stay: a list of authorised sellers names others, and the log proves evidence.
_STAYING_ACTS = ("brand.enrolled",)


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request to erase a seller's data. `due_at` is None once all is erased."""

    marketplace_id: str
    erasure_id: str
    seller: str
    asked_by: str
    asked_at: datetime
    due_at: datetime | None


def is_known(connection: Connection, marketplace_id: str, seller_id: str) -> bool:
    known = seller.c.marketplace_id == marketplace_id, seller.c.external_id == seller_id
    has_row = bool(connection.execute(select(exists().where(*known))).scalar())
    return has_row or contacts.count_contacts(connection, marketplace_id, seller_id) > 0


def seller_removals(connection: Connection, marketplace_id: str, seller_id: str) -> list[Removal]:
    """The removals of a seller's listings, oldest first."""
    about = same(action, appeal, "action_id")
    disputed = or_(
        exists().where(about, appeal.c.state == "open"),
        exists().where(same(counter_notice, action, "action_id"), counter_notice.c.closed_at.is_(None)),
    )
    query = (
        select(action.c.action_id, action.c.state, action.c.acknowledged_at, disputed.label("disputed"))
        .join(listing, same(listing, action, "listing_id"))
        .where(inside(action, marketplace_id, kind="remove"), listing.c.seller_external_id == seller_id)
        .order_by(action.c.created_at, action.c.action_id)
    )
    return [
        Removal(row.action_id, ActionState(row.state), row.acknowledged_at, bool(row.disputed))
        for row in connection.execute(query)
    ]


def notified_listings(connection: Connection, marketplace_id: str, seller_id: str) -> list[NotifiedListing]:
    """The listings of a seller with evidence kept by a notice, oldest first."""
    query = (
        select(notice_item.c.item_id, notice_item.c.decided_at)
        .join(listing, same(listing, notice_item, "listing_id"))
        .where(
            notice_item.c.marketplace_id == marketplace_id,
            notice_item.c.case_id.is_not(None),
            listing.c.seller_external_id == seller_id,
        )
        .order_by(notice_item.c.known_at, notice_item.c.item_id)
    )
    return [NotifiedListing(row.item_id, row.decided_at) for row in connection.execute(query)]


def bought_goods(connection: Connection, marketplace_id: str, seller_id: str) -> list[BoughtGoods]:
    """The test buys of a seller's listings, those of brands' reports last, each with the removals of its listing."""
    query = (
        select(test_buy.c.test_buy_id, test_buy.c.closed_at, action.c.action_id)
        .join(review_case, same(review_case, test_buy, "case_id"))
        .join(listing, same(listing, review_case, "listing_id"))
        .outerjoin(action, same(action, listing, "listing_id") & (action.c.kind == "remove"))
        .where(test_buy.c.marketplace_id == marketplace_id, listing.c.seller_external_id == seller_id)
        .order_by(test_buy.c.ordered_at, test_buy.c.test_buy_id)
    )
    goods_by_id: dict[str, tuple[datetime | None, list[str]]] = {}
    for row in (*connection.execute(query), *reported.test_buys(connection, marketplace_id, seller_id)):
        removals_of = goods_by_id.setdefault(row.test_buy_id, (row.closed_at, []))[1]
        removals_of += [row.action_id] if row.action_id else []
    return [BoughtGoods(test_buy_id, closed_at, tuple(ids)) for test_buy_id, (closed_at, ids) in goods_by_id.items()]


def count_by_class(
    connection: Connection, marketplace_id: str, seller_id: str, subjects: Sequence[str]
) -> dict[ErasableData, int]:
    """The number of items to erase of a seller, of these removals, notified listings and test buys, and beyond them."""
    counts = personal.count_by_class(connection, marketplace_id, subjects)
    counts[ErasableData.CONTACTS] = contacts.count_contacts(connection, marketplace_id, seller_id)
    counts[ErasableData.NOTES] = of_cases.count_notes(connection, marketplace_id, seller_id)
    counts[ErasableData.REFUSED_ROWS] = refused_rows.count_naming(connection, marketplace_id, seller_id)
    counts[ErasableData.LOG_PAYLOADS] = len(_payloads_naming(connection, marketplace_id, seller_id, subjects))
    return counts


def erase(connection: Connection, erasure_request: Erasure, subjects: Sequence[str], at: datetime) -> list[int]:
    """Erase the data; returns the entries of the audit log with erased payloads, which the log must name."""
    marketplace_id = erasure_request.marketplace_id
    named = _payloads_naming(connection, marketplace_id, erasure_request.seller, subjects)
    contacts.erase_contacts(connection, marketplace_id, erasure_request.seller)
    removals = seller_removals(connection, marketplace_id, erasure_request.seller)
    mails.delete_about(connection, MailKind.SELLER_STATEMENT, [removal.action_id for removal in removals])
    refused_rows.erase_naming(connection, marketplace_id, erasure_request.seller)
    of_cases.erase_notes(connection, marketplace_id, erasure_request.seller)
    personal.erase(connection, marketplace_id, subjects, at)
    audit.erase_payloads(connection, erasure_request.erasure_id, named)
    return named


def _payloads_naming(connection: Connection, marketplace_id: str, seller_id: str, subjects: Sequence[str]) -> list[int]:
    sequences = set(seller_payloads(connection, marketplace_id, seller_id))
    return sorted(sequences | set(custody_payloads(connection, marketplace_id, subjects)))


def custody_payloads(connection: Connection, marketplace_id: str, subjects: Sequence[str]) -> list[int]:
    """The entries of the audit log whose payloads contain custody descriptions of these test buys."""
    sequences: list[int] = []
    for chunk in chunks(subjects):
        query = (
            select(audit_entry.c.sequence)
            .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
            .where(
                audit_entry.c.marketplace_id == marketplace_id,
                audit_entry.c.subject.in_(chunk),
                audit_entry.c.act.startswith("test_buy."),
            )
        )
        sequences += connection.execute(query).scalars()
    return sequences


def seller_payloads(connection: Connection, marketplace_id: str, seller_id: str) -> list[int]:
    """The entries of the audit log whose payloads name a seller and may be erased."""
    query = (
        select(audit_entry.c.sequence, audit_payload.c.payload)
        .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(
            audit_entry.c.marketplace_id == marketplace_id,
            audit_entry.c.act.not_in(_STAYING_ACTS),
            *(~audit_entry.c.act.startswith(act, autoescape=True) for act in KEPT_ACTS),
            audit_payload.c.payload.contains(json.dumps(seller_id), autoescape=True),
        )
        .order_by(audit_entry.c.sequence)
    )
    entries = ((row.sequence, json.loads(row.payload)) for row in connection.execute(query))
    return [sequence for sequence, text in entries if names_seller(text, seller_id) and "evidence" not in text]


def add_erasure(connection: Connection, erasure_request: Erasure) -> None:
    """Insert an erasure request."""
    row = {
        "marketplace_id": erasure_request.marketplace_id,
        "erasure_id": erasure_request.erasure_id,
        "seller_external_id": erasure_request.seller,
        "asked_by": erasure_request.asked_by,
        "asked_at": erasure_request.asked_at,
        "due_at": erasure_request.due_at,
    }
    add(connection, erasure, [row])


def schedule_check(connection: Connection, erasure_request: Erasure, due_at: datetime | None) -> None:
    """Set when remaining data is checked again; None where none remains."""
    which = (
        erasure.c.marketplace_id == erasure_request.marketplace_id,
        erasure.c.erasure_id == erasure_request.erasure_id,
    )
    connection.execute(update(erasure).where(*which).values(due_at=due_at))


def unfinished_erasure(connection: Connection, marketplace_id: str, seller_id: str) -> Erasure | None:
    """The erasure request with remaining data."""
    which = (inside(erasure, marketplace_id), erasure.c.seller_external_id == seller_id, erasure.c.due_at.is_not(None))
    erasures = _select_erasures(connection, and_(*which), most=1)
    return erasures[0] if erasures else None


def due_erasures(connection: Connection, now: datetime, most: int) -> list[Erasure]:
    """Erasure requests whose remaining data is due for another check, the longest due first."""
    return _select_erasures(connection, erasure.c.due_at <= now, most=most)


def _select_erasures(connection: Connection, which: ColumnElement[bool], *, most: int) -> list[Erasure]:
    query = select(erasure, erasure.c.seller_external_id.label("seller")).where(which)
    ordered = query.order_by(erasure.c.due_at, erasure.c.erasure_id).limit(most)
    return reader(Erasure).all(connection, ordered)
