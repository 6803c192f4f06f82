"""Notices from outside and the listings that they name, with states and results."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select, update

from models.case import BLIND_LANES
from models.labels import AppealState
from models.verdict import ReasonCode
from serving.cases.tables import review_case
from serving.notices.rules.notices import InvalidReason, ItemState, NamedRight, NoticeOutcome, ReporterKind, next_state
from serving.notices.tables import notice, notice_complaint, notice_item, reporter
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.store import add

_DECIDING_LANES: Final = [lane.value for lane in BLIND_LANES]


@dataclass(frozen=True, slots=True)
class StoredNotice:
    marketplace_id: str
    notice_id: str
    reporter_id: str
    channel: str
    reason_code: ReasonCode
    explanation: str
    right: NamedRight
    known_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeItem:
    marketplace_id: str
    item_id: str
    notice_id: str
    number: int
    location: str
    state: ItemState
    listing_id: str | None
    version_id: str | None
    case_id: str | None
    opened_case: bool
    outcome: NoticeOutcome | None
    invalid_reason: InvalidReason | None
    verdict_id: str | None
    action_id: str | None
    known_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as a case's page shows it, without name and address."""

    notice_id: str
    reporter_kind: ReporterKind
    reason_code: ReasonCode
    explanation: str
    right: NamedRight
    known_at: datetime
    waits: bool


def add_notice(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a notice, before its listings."""
    add(connection, notice, [row])


def add_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the listings that a notice names."""
    add(connection, notice_item, rows)


def by_id(connection: Connection, notice_id: str) -> StoredNotice | None:
    """A notice in any marketplace; ids are unique across marketplaces."""
    row = connection.execute(select(notice).where(notice.c.notice_id == notice_id)).mappings().one_or_none()
    return None if row is None else read_notice(row)


def read_notice(row: RowMapping) -> StoredNotice:
    return reader(StoredNotice).of({**row, "right": _read_right(row)})


def _read_right(row: RowMapping) -> NamedRight:
    texts = {name: row[f"right_{name}"] or "" for name in ("kind", "office", "number", "owner")}
    return NamedRight(**texts, by_power_of_attorney=row["by_power_of_attorney"])


def items_of_notice(connection: Connection, marketplace_id: str, notice_id: str) -> list[NoticeItem]:
    """The listings of a notice, in the notice's order."""
    of_notice = inside(notice_item, marketplace_id, notice_id=notice_id)
    return reader(NoticeItem).all(connection, _ITEMS.where(of_notice))


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[NoticeItem]:
    return reader(NoticeItem).all(connection, _OF_CASE, {"here": marketplace_id, "case": case_id})


_ITEMS: Final = select(notice_item).order_by(notice_item.c.notice_id, notice_item.c.number)
_OF_CASE: Final = KeyedQuery(_ITEMS.where(inside(notice_item, HERE, case_id=bindparam("case"))))


def waiting_listings(connection: Connection, marketplace_id: str, reporter_id: str) -> frozenset[str]:
    """The listings with an earlier, still undecided notice of this reporter."""
    query = (
        select(notice_item.c.listing_id)
        .join(notice, same(notice, notice_item, "notice_id"))
        .where(inside(notice, marketplace_id, reporter_id=reporter_id), notice_item.c.state == ItemState.WAITING.value)
    )
    return frozenset(connection.execute(query).scalars())


def confirmed_listings_since(connection: Connection, marketplace_id: str, reporter_id: str, since: datetime) -> int:
    """The number of listings in confirmed notices of a reporter since a moment."""
    query = (
        select(func.count())
        .select_from(notice_item)
        .join(notice, same(notice, notice_item, "notice_id"))
        .where(
            inside(notice, marketplace_id, reporter_id=reporter_id),
            notice.c.known_at > since,
            notice.c.confirmed_at.is_not(None),
        )
    )
    return int(connection.execute(query).scalar_one())


def record_confirmation(connection: Connection, kept_notice: StoredNotice, at: datetime) -> bool:
    """Record that the notifier followed the link sent to the address; False where they did before."""
    this = inside(notice, kept_notice.marketplace_id, notice_id=kept_notice.notice_id)
    changed = update(notice).where(this, notice.c.confirmed_at.is_(None)).values(confirmed_at=at)
    return connection.execute(changed).rowcount == 1


def count_by_strangers(connection: Connection, marketplace_id: str, since: datetime) -> int:
    """The number of notices by unregistered notifiers since a moment."""
    query = (
        select(func.count())
        .select_from(notice)
        .join(reporter, same(reporter, notice, "reporter_id"))
        .where(
            notice.c.marketplace_id == marketplace_id,
            notice.c.known_at > since,
            reporter.c.kind == ReporterKind.UNREGISTERED.value,
        )
    )
    return int(connection.execute(query).scalar_one())


def notices_on_case(connection: Connection, marketplace_id: str, case_id: str) -> list[ShownNotice]:
    """The notices on the listing of a case, oldest first."""
    query = (
        select(
            notice,
            reporter.c.kind.label("reporter_kind"),
            (notice_item.c.state == ItemState.WAITING.value).label("waits"),
        )
        .select_from(notice_item)
        .join(notice, same(notice, notice_item, "notice_id"))
        .join(reporter, same(reporter, notice, "reporter_id"))
        .where(inside(notice_item, marketplace_id, case_id=case_id))
        .order_by(notice.c.known_at, notice.c.notice_id)
    )
    return [reader(ShownNotice).of({**row, "right": _read_right(row)}) for row in connection.execute(query).mappings()]


def settle_item(connection: Connection, stored_item: NoticeItem, *, decided: bool, values: Mapping[str, Any]) -> None:
    """Advance an item, or reset it where its decision was undone; the caller holds its case."""
    connection.execute(
        update(notice_item)
        .where(inside(notice_item, stored_item.marketplace_id, item_id=stored_item.item_id))
        .values(state=next_state(stored_item.state, decided=decided).value, **values)
    )


def replace_decision(connection: Connection, marketplace_id: str, item_id: str, values: Mapping[str, Any]) -> None:
    """Replace an item's decision after a complaint about it."""
    connection.execute(
        update(notice_item)
        .where(inside(notice_item, marketplace_id, item_id=item_id, state=ItemState.DECIDED.value))
        .values(**values)
    )


def move_to_case(connection: Connection, marketplace_id: str, case_id: str, new_case_id: str) -> None:
    """Move waiting items and complaints to another case that follows theirs."""
    for table, waits in ((notice_item, ItemState.WAITING), (notice_complaint, AppealState.OPEN)):
        connection.execute(
            update(table)
            .where(inside(table, marketplace_id, case_id=case_id, state=waits.value))
            .values(case_id=new_case_id)
        )


def cases_opened_by_notice(
    connection: Connection, marketplace_id: str, case_ids: Collection[str]
) -> dict[str, ReporterKind]:
    """The cases among these that a notice or a notifier's complaint opened, with the notifier's kind.

    A trusted flagger counts before others.
    """
    of_notices = (
        select(notice_item.c.case_id, reporter.c.kind)
        .select_from(notice_item)
        .where(notice_item.c.case_id.in_(case_ids), notice_item.c.opened_case.is_(True))
    )
    of_complaints = (
        select(notice_complaint.c.case_id, reporter.c.kind)
        .select_from(notice_complaint)
        .join(notice_item, same(notice_item, notice_complaint, "item_id"))
        .where(notice_complaint.c.case_id.in_(case_ids))
    )
    kind_by_case: dict[str, ReporterKind] = {}
    for query in (of_notices, of_complaints):
        led = (
            query.join(notice, same(notice, notice_item, "notice_id"))
            .join(reporter, same(reporter, notice, "reporter_id"))
            .where(notice_item.c.marketplace_id == marketplace_id)
        )
        for row in connection.execute(led):
            kind = ReporterKind(row.kind)
            if kind_by_case.get(row.case_id) is not ReporterKind.TRUSTED_FLAGGER:
                kind_by_case[row.case_id] = kind
    return kind_by_case


def reviewed_for_a_notice(marketplace_id: str, as_of: datetime) -> Select[str]:
    """The versions whose first review was caused by a notice.

    They represent themselves alone, because the random sampling had no part in the review.
    """
    before = review_case.alias("before")
    looked_at = (
        select(before.c.case_id)
        .where(
            same(before, notice_item, "version_id"),
            before.c.opened_at < notice_item.c.known_at,
            before.c.lane.not_in(_DECIDING_LANES),
        )
        .exists()
    )
    return select(notice_item.c.version_id).where(
        notice_item.c.marketplace_id == marketplace_id,
        notice_item.c.opened_case.is_(True),
        notice_item.c.known_at <= as_of,
        ~looked_at,
    )
