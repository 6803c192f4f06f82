"""Heads signed outside the database detect a rewritten log; the database refuses changes of the log."""

import json
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, Connection, String, cast, literal, select
from sqlalchemy.exc import DBAPIError

from serving.audit.rules.chain import GENESIS, Head, Payload, next_entry, signed_bytes
from serving.audit.service.signing import sign_head
from serving.audit.service.verification import verify
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_head, audit_payload
from serving.jobs.worker import sweep
from tests.fixtures.runtimes import Site
from tests.fixtures.tampering import drop_guards


def record(site: Site, count: int = 3) -> None:
    """Test entries after those of the provisioning."""
    with site.runtime.store.write() as connection:
        for number in range(count):
            audit.record(
                connection, site.clock.now(), site.marketplace_id, "test", "test.done", f"tst_{number}", number=number
            )


def record_and_sign(site: Site) -> int:
    """Entries, a head, more entries, a second head; returns how many entries there are."""
    record(site)
    assert sign_head(site.runtime) == 1
    site.clock.forward(minutes=5)
    record(site)
    assert sign_head(site.runtime) == 1
    return int(verify(site.runtime)["entries"])


def test_a_head_is_signed_when_the_log_has_grown_and_five_minutes_have_passed(any_site: Site) -> None:
    record(any_site)
    assert sign_head(any_site.runtime) == 1
    assert sign_head(any_site.runtime) == 0, "nothing new"
    record(any_site)
    assert sign_head(any_site.runtime) == 0, "too soon"
    any_site.clock.forward(minutes=5)
    assert sign_head(any_site.runtime) == 1
    any_site.clock.forward(minutes=5)
    assert sign_head(any_site.runtime) == 0, "nothing new"
    verification = verify(any_site.runtime)
    assert (verification["heads"], verification["broken"], verification["heads_problem"]) == (2, None, None)
    assert verification["last_head"]["sequence"] == verification["entries"]


def test_the_sweep_signs(site: Site) -> None:
    assert sweep(site.runtime)["audit_heads"] == 1


def test_key_and_heads_are_the_owners_alone_and_outside_the_database(site: Site) -> None:
    record_and_sign(site)
    for path in (site.runtime.home.audit_heads, site.runtime.home.root / "audit.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_outsider_with_the_public_key_can_check_a_head(site: Site) -> None:
    record_and_sign(site)
    key = Ed25519PrivateKey.from_private_bytes((site.runtime.home.root / "audit.key").read_bytes()).public_key()
    for line in lines(site.runtime.home.audit_heads):
        row = json.loads(line)
        signature = bytes.fromhex(row.pop("signature"))
        key.verify(signature, signed_bytes(Head(**{**row, "signed_at": datetime.fromisoformat(row["signed_at"])})))


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


Tampering = Callable[[Connection, int], object]


def rewrite_chain(connection: Connection, start: int) -> None:
    """Change the actor of one entry, and recompute every later hash and the head."""
    rows = connection.execute(select(audit_entry).order_by(audit_entry.c.sequence)).all()
    previous = (start - 1, rows[start - 2].entry_hash if start > 1 else GENESIS)
    apart = literal("x") + cast(audit_entry.c.sequence, String)  # Unique values while the update runs.
    alter(connection, audit_entry.c.sequence >= start, previous_hash=apart)
    for row in rows[start - 1 :]:
        payload_row = connection.execute(select(audit_payload).where(audit_payload.c.sequence == row.sequence)).one()
        link = next_entry(
            previous=previous,
            occurred_at=row.occurred_at,
            marketplace_id=row.marketplace_id,
            actor="somebody else" if row.sequence == start else row.actor,
            act=row.act,
            subject=row.subject,
            payload=Payload(payload_row.payload.encode(), bytes.fromhex(payload_row.salt)),
        )
        values = {"actor": link.actor, "previous_hash": link.previous_hash, "entry_hash": link.entry_hash}
        alter(connection, audit_entry.c.sequence == row.sequence, **values)
        previous = (link.sequence, link.entry_hash)
    set_head(connection, *previous)


def alter(connection: Connection, which: ColumnElement[bool], **values: object) -> None:
    connection.execute(audit_entry.update().where(which).values(**values))


def set_head(connection: Connection, sequence: int, entry_hash: str) -> None:
    connection.execute(audit_head.update().values(sequence=sequence, entry_hash=entry_hash))


def cut(connection: Connection, start: int) -> None:
    connection.execute(audit_payload.delete().where(audit_payload.c.sequence >= start))
    connection.execute(audit_entry.delete().where(audit_entry.c.sequence >= start))


def cut_with_its_head(connection: Connection, start: int) -> None:
    cut(connection, start)
    query = select(audit_entry.c.entry_hash).where(audit_entry.c.sequence == start - 1)
    set_head(connection, start - 1, connection.execute(query).scalar_one())


def delete_entry(connection: Connection, at: int) -> None:
    connection.execute(audit_payload.delete().where(audit_payload.c.sequence == at))
    connection.execute(audit_entry.delete().where(audit_entry.c.sequence == at))


def swap_entries(connection: Connection, at: int) -> None:
    query = select(audit_entry).where(audit_entry.c.sequence.in_([at, at + 1])).order_by(audit_entry.c.sequence)
    first, second = connection.execute(query).all()
    for row, sequence in ((second, at), (first, at + 1)):
        values = {"actor": row.actor, "act": row.act, "subject": row.subject, "payload_hash": row.payload_hash}
        alter(connection, audit_entry.c.sequence == sequence, **values)


def insert_entry(connection: Connection, at: int) -> None:
    """Insert an entry before another; later entries move by one."""
    first = dict(connection.execute(select(audit_entry).where(audit_entry.c.sequence == 1)).one()._mapping)
    moved = connection.execute(select(audit_payload).where(audit_payload.c.sequence >= at)).all()
    connection.execute(audit_payload.delete().where(audit_payload.c.sequence >= at))
    alter(connection, audit_entry.c.sequence >= at, sequence=-audit_entry.c.sequence - 1)
    alter(connection, audit_entry.c.sequence < 0, sequence=-audit_entry.c.sequence)
    connection.execute(audit_entry.insert().values({**first, "sequence": at, "actor": "x", "previous_hash": "f" * 64}))
    for row in moved:
        connection.execute(audit_payload.insert().values({**row._mapping, "sequence": row.sequence + 1}))


def change_actor(connection: Connection, at: int) -> None:
    alter(connection, audit_entry.c.sequence == at, actor="somebody else")


SIGNED = "it is not the entry that was there when the head was signed"
# The attack; its entry, and the first bad entry, both counted from the end; the problem reported; the name of the row.
TABLE: list[tuple[Tampering, int, int, str, str]] = [
    (change_actor, 4, 4, "it was altered", "a field is changed"),
    (swap_entries, 4, 4, "it was altered", "two entries are exchanged"),
    (delete_entry, 4, 4, "missing or out of order", "one in the middle is removed"),
    (cut, 2, 2, "the log ends at", "the tail is removed"),
    (cut_with_its_head, 2, 2, "a signed head says", "the tail is removed and the head moved back"),
    (insert_entry, 4, 4, "it does not follow the entry before it", "one is inserted"),
    (rewrite_chain, 4, 4, SIGNED, "the tail is hashed again, across a signed head"),
    (rewrite_chain, 1, 1, SIGNED, "the last entry is hashed again"),
]


@pytest.mark.parametrize(("tamper", "at", "first", "expected", "why"), TABLE)
def test_the_first_bad_entry_is_named(
    any_site: Site, tamper: Tampering, at: int, first: int, expected: str, why: str
) -> None:
    count = record_and_sign(any_site)
    with any_site.runtime.store.write() as connection:
        drop_guards(connection)
        tamper(connection, count + 1 - at)
    broken = verify(any_site.runtime)["broken"]
    assert broken is not None, why
    assert broken["sequence"] == count + 1 - first
    assert expected in broken["problem"]


def test_a_log_written_anew_since_the_last_head_is_not_signed(site: Site) -> None:
    count = record_and_sign(site)
    record(site)
    with site.runtime.store.write() as connection:
        drop_guards(connection)
        rewrite_chain(connection, count)
    site.clock.forward(minutes=5)
    assert sign_head(site.runtime) == 0
    assert verify(site.runtime)["heads"] == 2


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (lambda heads: heads[1:], "before line 1 of the signed heads one is missing or out of order"),
        (lambda heads: [heads[1], heads[0]], "before line 1 of the signed heads one is missing or out of order"),
        (
            lambda heads: [heads[0], heads[1].replace('"sequence":', '"sequence":1')],
            "line 2 of the signed heads was not",
        ),
        (lambda heads: [heads[0], heads[1][:40]], "line 2 of the signed heads was not"),
    ],
    ids=["the first is gone", "two are exchanged", "one is altered", "one is cut off"],
)
def test_signed_heads_that_were_tampered_with_are_found(
    site: Site, tamper: Callable[[list[str]], list[str]], problem: str
) -> None:
    record_and_sign(site)
    path = site.runtime.home.audit_heads
    path.write_text("".join(f"{line}\n" for line in tamper(lines(path))), encoding="utf-8")
    assert verify(site.runtime)["heads_problem"].startswith(problem)
    site.clock.forward(minutes=5)
    record(site)
    assert sign_head(site.runtime) == 0, "nothing is signed after a head that is in doubt"


@pytest.mark.both_engines
@pytest.mark.parametrize("table", ["audit_entry", "audit_payload"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET sequence = sequence", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_the_log(any_site: Site, table: str, statement: str) -> None:
    if statement.startswith("TRUNCATE") and any_site.runtime.store.url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
        connection.exec_driver_sql(statement.format(table))
