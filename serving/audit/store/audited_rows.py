"""The rows that the audit log speaks of, each with the entries about it, a chunk at a time."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, select, tuple_

from serving.accounts.tables import account, role_grant
from serving.audit.rules.audited_rows import Difference, Kind, Row, Step, missing_row
from serving.audit.rules.chain import ERASURE
from serving.audit.tables import audit_entry, audit_payload, erased_payload
from serving.cases.tables import verdict
from serving.learning.tables import promotion, promotion_approval
from serving.privacy.tables import erasure
from serving.takedowns.tables import action, approval_vote

_AT_ONCE: Final = 500  # SQLite allows 32,766 parameters, and psycopg 65,535.


@dataclass(frozen=True, slots=True)
class _AuditedTable:
    """A table to compare: the column that names the subject of its entries, and the acts that made a row."""

    table: Table
    subject: str
    made_by: ColumnElement[bool]
    # What ties an entry to its row, beside the subject.
    tied: tuple[ColumnElement[bool], ...] = ()

    @property
    def key(self) -> list[str]:
        """The names of its primary key."""
        return self.table.primary_key.columns.keys()


_ACT: Final = audit_entry.c.act
_TABLES: Final = {
    Kind.VERDICT: _AuditedTable(verdict, "verdict_id", _ACT.in_(["verdict.recorded", "verdict.withdrawn"])),
    Kind.ACTION: _AuditedTable(
        action,
        "action_id",
        _ACT.in_([f"{kind}.{step}" for kind in ("remove", "reinstate") for step in ("scheduled", "pending_approval")]),
    ),
    Kind.APPROVAL_VOTE: _AuditedTable(
        approval_vote,
        "action_id",
        _ACT.in_(["approval_vote.approve", "approval_vote.withdraw"]),
        (
            literal("approval_vote.").concat(approval_vote.c.decision) == _ACT,
            literal("user:").concat(approval_vote.c.user_id) == audit_entry.c.actor,
            approval_vote.c.known_at == audit_entry.c.occurred_at,
        ),
    ),
    Kind.PROMOTION: _AuditedTable(
        promotion,
        "digest",
        _ACT.in_(["model.promote", "model.rollback"]),
        (
            literal("model.").concat(promotion.c.kind) == _ACT,
            promotion.c.promoted_by == audit_entry.c.actor,
            promotion.c.promoted_at == audit_entry.c.occurred_at,
        ),
    ),
    Kind.PROMOTION_APPROVAL: _AuditedTable(
        promotion_approval,
        "digest",
        _ACT == "model.approve",
        (
            promotion_approval.c.approved_by == audit_entry.c.actor,
            promotion_approval.c.approved_at == audit_entry.c.occurred_at,
        ),
    ),
    Kind.ACCOUNT: _AuditedTable(account, "user_id", _ACT.in_(["person.added", "person.joined"])),
    Kind.ERASED_PAYLOAD: _AuditedTable(erased_payload, "erasure_id", _ACT == ERASURE),
}


def row_count(connection: Connection, kind: Kind) -> int:
    """How many rows of a kind there are."""
    return int(connection.execute(select(func.count()).select_from(_TABLES[kind].table)).scalar_one())


def rows_with_entries(connection: Connection, kind: Kind) -> Iterator[list[tuple[Row, Sequence[Step]]]]:
    """Every row of a kind with the entries about its subject, oldest first, in chunks by the key."""
    source = _TABLES[kind]
    key = tuple_(*(source.table.c[name] for name in source.key))
    query = select(source.table).order_by(*(source.table.c[name] for name in source.key)).limit(_AT_ONCE)
    after: tuple[Any, ...] | None = None
    while True:
        page_query = query if after is None else query.where(key > after)
        rows: list[Row] = [dict(row) for row in connection.execute(page_query).mappings()]
        if not rows:
            return
        after = tuple(rows[-1][name] for name in source.key)
        rows = _with_context(connection, kind, rows)
        entries = _entries(connection, sorted({row[source.subject] for row in rows}))
        yield [(row, entries.get(row[source.subject], ())) for row in rows]


def entries_without_row(connection: Connection, kind: Kind, most: int) -> tuple[int, list[Difference]]:
    """The number of entries that made a row of a kind which is gone, and the first of them."""
    source = _TABLES[kind]
    if kind is Kind.ERASED_PAYLOAD:
        return 0, []  # The chain's own verification finds an erasure that names what is not erased.
    tied = [source.table.c[source.subject] == audit_entry.c.subject, *source.tied]
    if "marketplace_id" in source.table.c:
        tied.append(source.table.c.marketplace_id == audit_entry.c.marketplace_id)
    gone = (source.made_by, ~select(literal(1)).select_from(source.table).where(*tied).exists())
    query = select(audit_entry.c.sequence, audit_entry.c.subject).where(*gone).order_by(audit_entry.c.sequence)
    differences = [missing_row(kind, row.subject, row.sequence) for row in connection.execute(query.limit(most))]
    if len(differences) < most:
        return len(differences), differences
    number = connection.execute(select(func.count()).select_from(audit_entry).where(*gone)).scalar_one()
    return int(number), differences


def _entries(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Step]]:
    query: Select[Any] = (
        select(audit_entry, audit_payload.c.payload)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.subject.in_(subjects))
        .order_by(audit_entry.c.sequence)
    )
    steps_by_subject: dict[str, list[Step]] = {}
    for row in connection.execute(query):
        payload = json.loads(row.payload) if row.payload else {}
        step = Step(row.sequence, row.occurred_at, row.marketplace_id, row.actor, row.act, payload)
        steps_by_subject.setdefault(row.subject, []).append(step)
    return steps_by_subject


def _with_context(connection: Connection, kind: Kind, rows: list[Row]) -> list[Row]:
    """The rows with what a comparison needs beside its own table."""
    if kind is Kind.ACCOUNT:
        ids = [row["user_id"] for row in rows]
        grants: dict[str, dict[tuple[str, str, str | None], bool]] = {}
        for grant in connection.execute(select(role_grant).where(role_grant.c.user_id.in_(ids))):
            grants.setdefault(grant.user_id, {})[grant.marketplace_id, grant.role, grant.brand_id] = grant.leads
        return [{**row, "grants": grants.get(row["user_id"], {})} for row in rows]
    if kind is Kind.ERASED_PAYLOAD:
        requests = set(
            connection.execute(
                select(erasure.c.erasure_id).where(erasure.c.erasure_id.in_({row["erasure_id"] for row in rows}))
            ).scalars()
        )
        numbers = [row["sequence"] for row in rows]
        acts = {
            entry_row.sequence: entry_row.act
            for entry_row in connection.execute(
                select(audit_entry.c.sequence, audit_entry.c.act).where(audit_entry.c.sequence.in_(numbers))
            )
        }
        return [{**row, "asked": row["erasure_id"] in requests, "act": acts.get(row["sequence"], "")} for row in rows]
    return rows
