"""Verdicts: appended, never changed; an undo is a verdict that supersedes another."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from models.case import CaseLane
from models.errors import require
from models.verdict import Judgement, Side
from serving.accounts.tables import account
from serving.cases.tables import verdict
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import HERE, inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add

_LATER: Final = verdict.alias("later")
# Whether no later verdict withdraws this one; true of a withdrawal, too. Built once, because many pages ask.
NOT_WITHDRAWN: Final = ~(
    select(_LATER.c.verdict_id)
    .where(_LATER.c.marketplace_id == verdict.c.marketplace_id, _LATER.c.supersedes_id == verdict.c.verdict_id)
    .exists()
)
# Whether a verdict is a judgement in force.
STANDS: Final = (verdict.c.judgement != Judgement.WITHDRAWN.value) & NOT_WITHDRAWN
_RECORDED: Final = frozenset(
    {
        "case_id", "listing_id", "version_id", "judgement", "reason_code", "side", "evidence", "lane", "brand_id",
        "supersedes_id", "passed_on",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as stored; `superseded_by` is set where it was undone, `brand_id` where a brand's person gave it, and
    `reported` where that person gave it by reporting the listing.
    """

    marketplace_id: str
    verdict_id: str
    case_id: str
    listing_id: str
    version_id: str
    judgement: Judgement
    side: Side
    lane: CaseLane
    user_id: str
    user_name: str
    brand_id: str | None
    note: str | None
    known_at: datetime
    superseded_by: str | None
    due_before: datetime | None
    returned_before: bool | None
    reported: bool


def add_verdict(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, verdict, [row])


def audited_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a verdict that the audit log states, and that verification compares with the row.

    The note is free text, and the log cannot be corrected.
    """
    return {name: field_value for name, field_value in row.items() if name in _RECORDED}


@read_once(verdict, account)
def of_listings(connection: Connection, marketplace_id: str, listing_ids: Collection[str]) -> list[StoredVerdict]:
    """The judgements on these listings, oldest first; withdrawals show as `superseded_by`."""
    parameters = {"here": marketplace_id, "listings": list(listing_ids)}
    return reader(StoredVerdict).all(connection, _OF_LISTINGS, parameters)


_JUDGEMENTS: Final = (
    select(verdict, _LATER.c.verdict_id.label("superseded_by"), account.c.name.label("user_name"))
    .outerjoin(
        _LATER, (_LATER.c.marketplace_id == verdict.c.marketplace_id) & (_LATER.c.supersedes_id == verdict.c.verdict_id)
    )
    .join(account, account.c.user_id == verdict.c.user_id)
    .where(verdict.c.judgement != Judgement.WITHDRAWN.value)
    .order_by(verdict.c.known_at, verdict.c.verdict_id)
)
_OF_LISTINGS: Final = KeyedQuery(
    _JUDGEMENTS.where(inside(verdict, HERE), verdict.c.listing_id.in_(bindparam("listings", expanding=True))),
    "listings",
)
_LAST_OF_BRAND: Final = KeyedQuery(
    select(verdict.c.verdict_id).where(
        inside(verdict, HERE, case_id=bindparam("case"), brand_id=bindparam("brand"), side=Side.BRAND.value),
        verdict.c.due_before.is_not(None),
        NOT_WITHDRAWN,
    )
)


def _read(connection: Connection, *conditions: Any) -> list[StoredVerdict]:
    return reader(StoredVerdict).all(connection, _JUDGEMENTS.where(*conditions))


def get(connection: Connection, marketplace_id: str, verdict_id: str) -> StoredVerdict:
    """One verdict. Raises NotFound (there is none in this marketplace)."""
    verdicts = _read(connection, inside(verdict, marketplace_id, verdict_id=verdict_id))
    return require(verdicts[0] if verdicts else None, "There is no such verdict.")


def sides(connection: Connection, marketplace_id: str, verdict_ids: Collection[str]) -> dict[str, Side]:
    """The sides of these verdicts, withdrawn ones included."""
    query = select(verdict.c.verdict_id, verdict.c.side).where(
        inside(verdict, marketplace_id), verdict.c.verdict_id.in_(verdict_ids)
    )
    return {row.verdict_id: Side(row.side) for row in connection.execute(query)}


def last_of_brand(connection: Connection, marketplace_id: str, case_id: str, brand_id: str) -> str | None:
    """The id of a brand's last answer or withdrawal on a case, concessions left out; None before the first."""
    last = _LAST_OF_BRAND.rows(connection, {"here": marketplace_id, "case": case_id, "brand": brand_id})
    return str(last[0].verdict_id) if last else None


def latest_of_case(
    connection: Connection, marketplace_id: str, case_id: str, brand_id: str | None = None
) -> StoredVerdict | None:
    """The last verdict on a case that is not undone; with `brand_id`, that brand's."""
    by_brand = {} if brand_id is None else {"brand_id": brand_id}
    verdicts = _read(connection, inside(verdict, marketplace_id, case_id=case_id, **by_brand))
    standing = [stored_verdict for stored_verdict in verdicts if stored_verdict.superseded_by is None]
    return standing[-1] if standing else None


def is_claimed_by_another(connection: Connection, claim: StoredVerdict) -> bool:
    """Whether another brand than that of a verdict says that the listing of its case is counterfeit."""
    query = select(verdict.c.verdict_id).where(
        inside(verdict, claim.marketplace_id, case_id=claim.case_id, side=Side.BRAND.value),
        verdict.c.brand_id != claim.brand_id,
        verdict.c.judgement == Judgement.COUNTERFEIT.value,
        NOT_WITHDRAWN,
    )
    return connection.execute(query.limit(1)).first() is not None


def has_answered(connection: Connection, marketplace_id: str, case_id: str, user_id: str) -> bool:
    """Whether a person has ever answered this case, including undone answers."""
    query = select(verdict.c.verdict_id).where(
        inside(verdict, marketplace_id, case_id=case_id, user_id=user_id),
        verdict.c.judgement != Judgement.WITHDRAWN.value,
    )
    return connection.execute(query.limit(1)).first() is not None


def counts_by_judgement(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """The number of judgements of each kind, with withdrawals separate."""
    query = (
        select(verdict.c.judgement, func.count().label("n"))
        .where(verdict.c.marketplace_id == marketplace_id)
        .group_by(verdict.c.judgement)
    )
    return {row.judgement: row.n for row in connection.execute(query)}
