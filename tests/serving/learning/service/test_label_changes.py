"""What became of the labels of one snapshot in the next, and why one is gone."""

from collections.abc import Callable
from typing import Final

import pytest
from sqlalchemy import delete, update

from models.case import CaseLane
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.accounts.tables import account
from serving.appeals.service.appeal import file_appeal
from serving.audit.tables import audit_entry, audit_payload
from serving.learning.service.label_changes import LabelChanges, label_changes
from serving.learning.service.labelling import known_at
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import golden
from serving.learning.store.learning import StoredSnapshot
from tests.fixtures.facts import REFERENCES
from tests.fixtures.reviewing import a_case, judge, open_cases
from tests.fixtures.runtimes import Site
from tests.fixtures.tampering import drop_guards
from tests.serving.appeals.service.test_appeal import COMPLAINT, remove
from training.snapshot import SnapshotRefused, write_snapshot
from training.snapshot_summary import labels_in


def taken(site: Site) -> StoredSnapshot:
    """A snapshot of this moment."""
    now = site.clock.now()
    rows, references = known_at(site.runtime, site.here, now)
    _, digest = write_snapshot(site.runtime.home.snapshots, rows, references, now)
    return StoredSnapshot(f"snp_{digest[:8]}", digest, len(rows), sum(row.label for row in rows), now, ())


def compared(site: Site, before: StoredSnapshot, after: StoredSnapshot) -> LabelChanges:
    with site.runtime.store.read() as connection:
        policy = site.runtime.policies[LabelPolicy]
        return label_changes(connection, site.here, site.runtime.services[SnapshotFiles], before, after, policy)


def an_account_is_disabled(site: Site) -> None:
    with site.runtime.store.write() as connection:
        here = account.c.user_id == site.analyst.user_id
        connection.execute(update(account).where(here).values(disabled_at=site.clock.now()))


def the_log_is_tampered_with(site: Site) -> None:
    with site.runtime.store.write() as connection:
        drop_guards(connection)
        connection.execute(delete(audit_payload))
        connection.execute(delete(audit_entry))


LOSSES: Final = [(an_account_is_disabled, "no_label.suspended"), (the_log_is_tampered_with, "no_label.unproven")]


@pytest.mark.parametrize(("happens", "reason"), LOSSES, ids=[reason for _, reason in LOSSES])
def test_a_label_that_is_gone_says_why(any_site: Site, happens: Callable[[Site], None], reason: str) -> None:
    judge(any_site, any_site.analyst, a_case(any_site, external_id="MP-0"), Judgement.GENUINE)
    any_site.clock.forward(days=15)
    before = taken(any_site)
    happens(any_site)
    any_site.clock.forward(hours=1)
    found = compared(any_site, before, taken(any_site))
    assert [(code, len(versions)) for code, versions in found.lost.items()] == [(reason, 1)]
    assert (found.kept, found.added, found.cleared, found.accused) == (0, 0, (), ())


def test_an_appeal_takes_a_label_away_and_its_decision_turns_it(any_site: Site) -> None:
    remove(any_site)
    any_site.clock.forward(days=15)
    before = taken(any_site)
    assert before.positives == 1
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    assert list(compared(any_site, before, taken(any_site)).lost) == ["no_label.open_appeal"]
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    any_site.clock.forward(days=20)
    found = compared(any_site, before, taken(any_site))
    assert (len(found.cleared), found.accused, found.lost, found.kept) == (1, (), {}, 0)
    assert len(compared(any_site, taken(any_site), before).accused) == 1


@pytest.mark.parametrize(("is_frozen", "reason"), [(True, "no_label.golden"), (False, "no_label.facts_gone")])
def test_a_label_that_stands_is_kept_apart_or_its_facts_are_gone(site: Site, is_frozen: bool, reason: str) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = taken(site)
    if is_frozen:
        frozen = {"digest": "a" * 64, "items": 60, "positives": 9, "content": b"{}", "frozen_by": "user:usr_1"}
        row = {"marketplace_id": site.here, "golden_set_id": "gld_1", **frozen, "frozen_at": site.clock.now()}
        site.write(golden.add_set, row)
    (version_id,) = labels_in(site.runtime.home.snapshots / f"{before.digest}.parquet", before.digest)
    _, empty = write_snapshot(site.runtime.home.snapshots, [], REFERENCES, site.clock.now())
    after = StoredSnapshot("snp_1", empty, 0, 0, site.clock.now(), ())
    assert compared(site, before, after).lost == {reason: (version_id,)}


def test_new_and_unchanged_labels_are_counted(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = taken(site)
    judge(site, site.analyst, a_case(site, external_id="MP-1"), Judgement.GENUINE)
    site.clock.forward(days=15)
    found = compared(site, before, taken(site))
    assert (found.kept, found.added, found.lost) == (1, 1, {})


def test_a_file_that_is_gone_is_refused(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = taken(site)
    (site.runtime.home.snapshots / f"{before.digest}.parquet").unlink()
    with pytest.raises(SnapshotRefused, match="is gone"):
        compared(site, before, before)
