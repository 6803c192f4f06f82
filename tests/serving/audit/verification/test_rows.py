"""Rows and payloads that somebody with the database's own password changes are named."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Table, and_, case, delete, func, insert, select, update

from serving.accounts.tables import account, role_grant
from serving.audit.rules.chain import ERASURE
from serving.audit.service.verification import is_whole, verify
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.tables import verdict
from serving.learning.tables import promotion, promotion_approval
from serving.platform.progress import Progress
from serving.takedowns.tables import action, approval_vote
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site
from tests.fixtures.tampering import drop_guards

pytestmark = pytest.mark.attack


def test_a_history_of_every_kind_is_whole_and_says_how_much_was_compared(lived_site: Site) -> None:
    verification = verify(lived_site.runtime)
    assert is_whole(verification), verification
    assert verification["erased"] == 1
    assert verification["compared"] == {
        "verdict": 8,
        "action": 3,
        "approval_vote": 1,
        "promotion": 1,
        "promotion_approval": 3,
        "account": 7,
        "erased_payload": 1,
    }


def turn_verdicts(connection: Connection) -> None:
    """Every counterfeit verdict becomes genuine, and the other way round."""
    other = case((verdict.c.judgement == "counterfeit", "genuine"), else_="counterfeit")
    which = verdict.c.judgement.in_(["counterfeit", "genuine"])
    connection.execute(update(verdict).where(which).values(judgement=other))


def change_first_row(table: Table, **values: object) -> Callable[[Connection], object]:
    """One row of a table, the first by its key, gets these values."""
    key = list(table.primary_key.columns) or [table.c.user_id, table.c.role]

    def change(connection: Connection) -> None:
        first = connection.execute(select(*key).order_by(*key).limit(1)).one()
        which = and_(*(column == key_value for column, key_value in zip(key, first, strict=True)))
        connection.execute(update(table).where(which).values(**values))

    return change


def another_person(connection: Connection) -> None:
    people = connection.execute(select(account.c.user_id).order_by(account.c.user_id)).scalars().all()
    for row in connection.execute(select(verdict.c.verdict_id, verdict.c.user_id)).all():
        other = next(person for person in people if person != row.user_id)
        connection.execute(update(verdict).where(verdict.c.verdict_id == row.verdict_id).values(user_id=other))
        return


def another_version(connection: Connection) -> None:
    ids = connection.execute(select(verdict.c.version_id).distinct().order_by(verdict.c.version_id)).scalars().all()
    connection.execute(update(verdict).where(verdict.c.version_id == ids[0]).values(version_id=ids[1]))


def without_its_undo(connection: Connection) -> None:
    connection.execute(delete(verdict).where(verdict.c.supersedes_id.is_not(None)))


def invent_verdict(connection: Connection) -> None:
    row = dict(connection.execute(select(verdict).where(verdict.c.supersedes_id.is_(None)).limit(1)).one()._mapping)
    connection.execute(insert(verdict).values({**row, "verdict_id": "vdt_invented"}))


def withdraw_removal(connection: Connection) -> None:
    connection.execute(update(action).where(action.c.state == "acknowledged").values(state="withdrawn"))


def release_removal(connection: Connection) -> None:
    connection.execute(update(action).where(action.c.state == "pending_approval").values(state="scheduled"))


def invent_vote(connection: Connection) -> None:
    row = dict(connection.execute(select(approval_vote).limit(1)).one()._mapping)
    connection.execute(insert(approval_vote).values({**row, "vote_id": "opn_invented", "reason": "Looks fine."}))


def invent_administrator(connection: Connection) -> None:
    row = dict(connection.execute(select(role_grant).where(role_grant.c.role == "analyst").limit(1)).one()._mapping)
    connection.execute(insert(role_grant).values({**row, "role": "admin"}))


def take_role(connection: Connection) -> None:
    connection.execute(delete(role_grant).where(role_grant.c.role == "account_manager"))


def reactivate_account(connection: Connection) -> None:
    connection.execute(update(account).values(disabled_at=None))


def approval_back(connection: Connection) -> None:
    connection.execute(update(promotion_approval).values(withdrawn_at=None))


def undo_promotion(connection: Connection) -> None:
    connection.execute(update(promotion_approval).values(promotion_id=None))
    connection.execute(delete(promotion))


def acknowledge_sooner(connection: Connection) -> None:
    done = action.c.acknowledged_at.is_not(None)
    connection.execute(update(action).where(done).values(acknowledged_at=NOW - timedelta(days=3)))


FLIPPED = "the log says otherwise of: judgement"
TABLE: list[tuple[str, Callable[[Connection], object], str, str]] = [
    ("every verdict is turned", turn_verdicts, "verdict", FLIPPED),
    ("a reason code is changed", change_first_row(verdict, reason_code="logo_wrong"), "verdict", "reason_code"),
    ("a verdict is another person's", another_person, "verdict", "actor"),
    ("a verdict is on another version", another_version, "verdict", "version_id"),
    ("a verdict is older", change_first_row(verdict, known_at=NOW - timedelta(days=300)), "verdict", "at"),
    ("a verdict decided nothing", change_first_row(verdict, passed_on=True), "verdict", "passed_on"),
    ("an undone verdict counts again", without_its_undo, "verdict", "it is gone"),
    ("a verdict is invented", invent_verdict, "verdict", "no entry"),
    ("a removal is marked as withdrawn", withdraw_removal, "action", "state"),
    ("a pending removal is released", release_removal, "action", "state"),
    ("a removal becomes a reinstatement", change_first_row(action, kind="reinstate"), "action", "kind"),
    ("a removal was asked for sooner", change_first_row(action, created_at=NOW - timedelta(days=3)), "action", "at"),
    ("a removal was acknowledged sooner", acknowledge_sooner, "action", "acknowledged_at"),
    ("a vote is invented", invent_vote, "approval_vote", "reason"),
    ("a vote is turned", change_first_row(approval_vote, decision="withdraw"), "approval_vote", "no entry"),
    ("a promotion is another person's", change_first_row(promotion, promoted_by="user:usr_x"), "promotion", "actor"),
    ("a promotion is a rollback", change_first_row(promotion, kind="rollback"), "promotion", "act"),
    ("a promotion is deleted", undo_promotion, "promotion", "it is gone"),
    ("a withdrawn approval counts", approval_back, "promotion_approval", "withdrawn_at"),
    (
        "an approval is another person's",
        change_first_row(promotion_approval, approved_by="user:usr_x"),
        "promotion_approval",
        "actor",
    ),
    ("an administrator is invented", invent_administrator, "account", "role"),
    ("a role is taken", take_role, "account", "role"),
    ("a deactivated person is back", reactivate_account, "account", "disabled_at"),
]


@pytest.mark.parametrize(("_why", "tamper", "kind", "problem"), TABLE)
def test_a_row_that_is_not_what_the_log_says_is_named(
    lived_site: Site, _why: str, tamper: Callable[[Connection], object], kind: str, problem: str
) -> None:
    with lived_site.runtime.store.write() as connection:
        drop_guards(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        tamper(connection)
    verification = verify(lived_site.runtime)
    assert not is_whole(verification)
    assert (verification["broken"], verification["heads_problem"]) == (None, None)
    assert {row["kind"] for row in verification["differing"]} == {kind}
    assert any(problem in row["problem"] for row in verification["differing"])


def test_every_turned_verdict_is_counted(lived_site: Site) -> None:
    with lived_site.runtime.store.write() as connection:
        number = connection.execute(
            select(func.count()).where(verdict.c.judgement.in_(["counterfeit", "genuine"]))
        ).scalar_one()
        drop_guards(connection)
        turn_verdicts(connection)
    verification = verify(lived_site.runtime)
    assert verification["differing_count"] == len(verification["differing"]) == number


def erase_payload(connection: Connection, act: str, erasure_id: str) -> int:
    """Erase the payload of the first entry of an act as an erasure does."""
    query = select(func.min(audit_entry.c.sequence)).where(audit_entry.c.act == act)
    sequence = connection.execute(query).scalar_one()
    audit.erase_payloads(connection, erasure_id, [sequence])
    return int(sequence)


def test_a_forged_erasure_of_what_may_be_erased_is_found_by_its_missing_request(lived_site: Site) -> None:
    """The entry, the chain, and the list of erased payloads are as of a true one; nobody asked for it."""
    with lived_site.runtime.store.write() as connection:
        gone = erase_payload(connection, "alert.raised", "era_forged")
        audit.record(
            connection,
            lived_site.clock.now(),
            lived_site.marketplace_id,
            "user:usr_x",
            ERASURE,
            "era_forged",
            entries=[gone],
        )
    verification = verify(lived_site.runtime)
    assert verification["broken"] is None
    assert [(row["kind"], row["id"]) for row in verification["differing"]] == [("erased_payload", str(gone))]
    assert "no request" in verification["differing"][0]["problem"]


def test_a_forged_erasure_by_the_retention_job_blanks_nothing_but_custody(lived_site: Site) -> None:
    with lived_site.runtime.store.write() as connection:
        gone = erase_payload(connection, "alert.raised", "era_forged")
        audit.record(
            connection,
            lived_site.clock.now(),
            lived_site.marketplace_id,
            "retention",
            ERASURE,
            "era_forged",
            entries=[gone],
        )
    assert verify(lived_site.runtime)["differing_count"] == 1


def test_a_forged_erasure_cannot_hide_what_a_verdict_was(lived_site: Site) -> None:
    with lived_site.runtime.store.write() as connection:
        gone = erase_payload(connection, "verdict.recorded", "era_forged")
        audit.record(
            connection,
            lived_site.clock.now(),
            lived_site.marketplace_id,
            "user:usr_x",
            ERASURE,
            "era_forged",
            entries=[gone],
        )
    broken = verify(lived_site.runtime)["broken"]
    assert broken == {
        "sequence": gone,
        "problem": "its payload is gone, and no erasure may remove a payload of this kind",
    }


def test_an_erased_payload_that_its_erasure_does_not_name_is_found(lived_site: Site) -> None:
    """A row that lets a payload go, with the entry of another erasure that names it."""
    with lived_site.runtime.store.write() as connection:
        gone = erase_payload(connection, "alert.raised", "era_of_nobody")
        audit.record(
            connection,
            lived_site.clock.now(),
            lived_site.marketplace_id,
            "user:usr_x",
            ERASURE,
            "era_other",
            entries=[gone],
        )
    assert [row["problem"] for row in verify(lived_site.runtime)["differing"]] == ["the log has no entry of it"]


def test_progress_is_told_in_parts_up_to_each_end(lived_site: Site) -> None:
    steps: list[Progress] = []
    verification = verify(lived_site.runtime, steps.append)
    assert steps[0] == Progress("Entries", verification["entries"], verification["entries"])
    assert {step.doing for step in steps[1:]} == {
        f"Rows of {kind}" for kind, number in verification["compared"].items() if number
    }
