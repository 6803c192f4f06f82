"""Lost, shortened and lagging heads and another key are named, and hidden by no later head."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert

from models.errors import Conflict, Invalid
from serving.audit.service.signing import restart_heads, sign_head
from serving.audit.service.verification import is_whole, verify
from serving.audit.store import audit
from serving.audit.tables import audit_signer
from serving.operations.store import workers
from serving.operations.store.workers import WorkerProcess
from serving.platform.clock import SystemClock
from tests.fixtures.clocks import TestClock
from tests.fixtures.decided import a_history
from tests.fixtures.runtimes import Site, having

pytestmark = pytest.mark.attack


def lines(site: Site) -> list[str]:
    return site.runtime.home.audit_heads.read_text(encoding="utf-8").splitlines()


def rewrite(site: Site, head_lines: list[str]) -> None:
    site.runtime.home.audit_heads.write_text("".join(f"{line}\n" for line in head_lines), encoding="utf-8")


def new_key(site: Site) -> None:
    (site.runtime.home.root / "audit.key").unlink()


def new_key_and_heads(site: Site) -> None:
    new_key(site)
    rewrite(site, [])


def delete_signer(site: Site) -> None:
    site.execute(delete(audit_signer))


def insert_signer(site: Site) -> None:
    with site.runtime.store.write() as connection:
        values = {"public_key": "a" * 64, "sequence": 1, "entry_hash": "b" * 64, "signed_at": site.clock.now()}
        connection.execute(insert(audit_signer).values(values))


HEADS: list[tuple[str, Callable[[Site], object], str]] = [
    ("the file is deleted", lambda site: site.runtime.home.audit_heads.unlink(), "the signed heads are missing"),
    ("the file is emptied", lambda site: rewrite(site, []), "the signed heads are missing"),
    ("the last head is cut off", lambda site: rewrite(site, lines(site)[:-1]), "the signed heads end at entry"),
    ("the key is another", new_key, "is not one of those that sign the log"),
    ("key and heads are new", new_key_and_heads, "is not one of those that sign the log"),
    ("the record of the key is deleted", delete_signer, "not record the same signing keys"),
    ("another key is recorded", insert_signer, "not record the same signing keys"),
]


@pytest.mark.parametrize(("_why", "tamper", "problem"), HEADS)
def test_lost_heads_and_another_key_are_named_and_nothing_more_is_signed(
    site: Site, _why: str, tamper: Callable[[Site], object], problem: str
) -> None:
    having(site, a_history)
    tamper(site)
    assert problem in verify(site.runtime)["heads_problem"]
    site.clock.forward(minutes=6)
    site.write(audit.record, site.clock.now(), site.marketplace_id, "test", "test.done", "x")
    if problem != "not record the same signing keys":
        assert sign_head(site.runtime) == 0, "another head would hide what is missing"
    assert problem in verify(site.runtime)["heads_problem"]


@pytest.mark.parametrize("tamper", [row[1] for row in HEADS[:5]], ids=[row[0] for row in HEADS[:5]])
def test_signing_is_begun_anew_with_a_reason_that_the_log_keeps(site: Site, tamper: Callable[[Site], object]) -> None:
    having(site, a_history)
    tamper(site)
    assert (
        restart_heads(site.runtime, reason="The disk failed.", by="local")["public_key"] == verify(site.runtime)["key"]
    )
    verification = verify(site.runtime)
    assert is_whole(verification), verification
    (renewal,) = verification["renewed"]
    assert (renewal["reason"], renewal["by"], renewal["before"]["sequence"] > 0) == ("The disk failed.", "local", True)
    site.clock.forward(minutes=6)
    site.write(audit.record, site.clock.now(), site.marketplace_id, "test", "test.done", "x")
    assert sign_head(site.runtime) == 1
    assert is_whole(verify(site.runtime))


def test_heads_that_are_whole_are_not_begun_anew(site: Site) -> None:
    having(site, a_history)
    with pytest.raises(Conflict, match="are whole"):
        restart_heads(site.runtime, reason="No reason.", by="local")
    with pytest.raises(Invalid, match="reason"):
        restart_heads(site.runtime, reason=" ", by="local")


@pytest.mark.parametrize(
    ("minutes", "late"),
    [(14, None), (16, "the service has run for 16 minutes without signing"), (-600, None)],
    ids=["a sweep that takes its time", "jobs run, and nothing is signed", "the service does not run"],
)
def test_heads_that_lag_behind_a_running_service_are_found(site: Site, minutes: int, late: str | None) -> None:
    having(site, a_history)
    runtime = replace(site.runtime, clock=RealClock(site.clock))
    with runtime.store.write() as connection:
        audit_entry = audit.record(connection, site.clock.now(), site.marketplace_id, "test", "test.done", "x")
        seen_at = audit_entry.occurred_at + timedelta(minutes=minutes)
        workers.record_seen(connection, WorkerProcess("1", "here", seen_at, seen_at, 0.1, {}, {}))
    problem = verify(runtime)["heads_problem"]
    assert problem is None if late is None else late in problem


class RealClock(SystemClock):
    """A clock that says it is the system's, at a moment of the test."""

    def __init__(self, clock: TestClock) -> None:
        self._kept = clock

    def now(self) -> datetime:
        """The moment."""
        return self._kept.now()
