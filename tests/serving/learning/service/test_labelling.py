"""From verdicts to rows of a snapshot: proved, as of a moment, and reproducible."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import delete, update

from models.case import CaseLane
from models.errors import Forbidden
from models.policies.deciding import RoutingPolicy
from models.policies.learning import LabelPolicy
from models.verdict import Evidence, Judgement
from serving.accounts.rules.access import Person
from serving.accounts.tables import account
from serving.appeals.service.appeal import file_appeal
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.rules.test_buy import Examiner
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.test_buys import Finding, close
from serving.cases.service.undoing import undo_verdict
from serving.learning.service.labelling import LabelChanges, LabelState, label_changes, label_state, snapshot_content
from serving.learning.service.publish import SnapshotFiles
from serving.learning.store import golden, verdict_history
from serving.learning.store.learning import StoredSnapshot
from serving.listings.service.intake import receive_rows
from serving.operations.service.housekeeping import refresh_references
from tests.fixtures.facts import REFERENCES
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, a_second_review, a_suspect_row, judge, open_cases
from tests.fixtures.tampering import drop_guards
from tests.serving.appeals.service.test_appeal import COMPLAINT, remove
from tests.serving.cases.service.test_test_buys import LAB, examined_test_buy
from tests.serving.sellers.service.test_contacts import MAIL, a_contact, tell
from training.snapshots.snapshot import SnapshotRefused, SnapshotRow, write_snapshot
from training.snapshots.summary import labels_in


def rows_at(site: Site, as_of: datetime | None = None) -> list[SnapshotRow]:
    return snapshot_content(site.runtime, site.marketplace_id, as_of or site.clock.now())[0]


def digest_at(site: Site, folder: Path, as_of: datetime) -> str:
    rows, references = snapshot_content(site.runtime, site.marketplace_id, as_of)
    return write_snapshot(folder, rows, references, as_of)[1]


def test_a_row_names_its_reviewer_and_its_proof(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    verdict_id = judge(any_site, any_site.brand_person, case, Judgement.GENUINE).verdict_id
    any_site.clock.forward(days=14)
    (row,) = rows_at(any_site)
    assert (row.provenance, row.sources) == ((verdict_id,), (f"brand:{any_site.brand_id}",))
    with any_site.runtime.store.read() as connection:
        query = audit_entry.select().where(audit_entry.c.subject == verdict_id)
        assert row.audit_entries == (connection.execute(query).one().sequence,)
    assert (row.seller_cluster, row.matured_at) == (row.seller, any_site.clock.now())


def test_a_test_buy_is_recorded_as_evidence_and_outweighs_the_brand(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.NEEDS_TEST_BUY)
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    finding = Finding(Examiner.LABORATORY, LAB, Judgement.GENUINE, "As the maker's.")
    close(any_site.runtime, any_site.analyst, examined_test_buy(any_site, case), finding)
    any_site.clock.forward(days=14)
    (row,) = rows_at(any_site)
    assert (row.label, row.evidence_level) == (0, "test_buy")


def test_a_brand_does_not_record_test_buys_of_its_own_goods(site: Site) -> None:
    """Otherwise its answer, which a second review may contradict, would count as evidence from goods."""
    case = a_case(site, CaseLane.ASK_BRAND)
    answer = Answer(case.case_id, case.version_id, Judgement.GENUINE, evidence=Evidence.TEST_BUY)
    with pytest.raises(Forbidden, match="Only an analyst can state what an answer rests on"):
        record_verdict(site.runtime, site.brand_person, answer)


@pytest.mark.parametrize(("judgement", "label"), [(Judgement.GENUINE, 0), (Judgement.COUNTERFEIT, 1)])
def test_a_decided_appeal_names_who_decided_it(any_site: Site, judgement: Judgement, label: int) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    any_site.clock.forward(days=20)
    assert rows_at(any_site) == []
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    decision = judge(any_site, any_site.second_analyst, case, judgement)
    (row,) = rows_at(any_site)
    assert (row.label, row.evidence_level) == (label, "appeal")
    assert row.provenance[-1] == decision.verdict_id
    assert f"user:{any_site.second_analyst.user_id}" in row.sources
    assert len(row.audit_entries) == len(row.provenance)


def test_the_histories_of_some_versions_equal_theirs_among_all(any_site: Site) -> None:
    """An appeal may be decided on a later version than the one it contests."""
    remove(any_site)
    altered = a_suspect_row(description="Altered after the removal.")
    receive_rows(any_site.runtime, any_site.marketplace, [altered], source="test")
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    judge(any_site, any_site.analyst, a_case(any_site, external_id="MP-2"), Judgement.GENUINE)
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    any_site.clock.forward(days=20)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        whole = verdict_history.of_marketplace(connection, any_site.marketplace_id, now)
        assert len(whole) == 2
        for version_id, history in whole.items():
            assert verdict_history.of_versions(connection, any_site.marketplace_id, [version_id], now) == {
                version_id: history
            }
        assert verdict_history.of_versions(connection, any_site.marketplace_id, whole, now) == whole
        assert verdict_history.of_versions(connection, any_site.marketplace_id, [], now) == {}
    assert sum(history.decision is not None for history in whole.values()) == 1


def disable(site: Site, person: Person) -> None:
    with site.runtime.store.write() as connection:
        of_account = account.c.user_id == person.user_id
        connection.execute(update(account).where(of_account).values(disabled_at=site.clock.now()))


def test_nobody_learns_from_an_account_that_was_disabled(any_site: Site) -> None:
    judge(any_site, any_site.analyst, a_case(any_site), Judgement.GENUINE)
    any_site.clock.forward(days=15)
    before = any_site.clock.now()
    any_site.clock.forward(hours=1)
    disable(any_site, any_site.analyst)
    assert rows_at(any_site) == []
    assert len(rows_at(any_site, before)) == 1


def test_others_carry_the_label_that_a_disabled_account_gave_too(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.GENUINE)
    any_site.clock.forward(days=15)
    assert rows_at(any_site)[0].label == 0
    disable(any_site, any_site.brand_person)
    (row,) = rows_at(any_site)
    assert (row.label, row.sources) == (1, (f"user:{any_site.analyst.user_id}",))


def test_nobody_learns_from_a_verdict_that_the_audit_log_does_not_know(any_site: Site) -> None:
    verdict_id = judge(any_site, any_site.analyst, a_case(any_site), Judgement.GENUINE).verdict_id
    any_site.clock.forward(days=15)
    with any_site.runtime.store.write() as connection:
        audit_row = connection.execute(audit_entry.select().where(audit_entry.c.subject == verdict_id)).one()
        drop_guards(connection)
        connection.execute(delete(audit_payload).where(audit_payload.c.sequence == audit_row.sequence))
        connection.execute(delete(audit_entry).where(audit_entry.c.sequence == audit_row.sequence))
    assert rows_at(any_site) == []


def test_one_verdict_of_two_that_the_log_does_not_know_spoils_the_label(site: Site) -> None:
    case = a_case(site)
    first = judge(site, site.analyst, case, Judgement.GENUINE).verdict_id
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.GENUINE)
    site.clock.forward(days=15)
    assert [row.evidence_level for row in rows_at(site)] == ["two_reviewers"]
    with site.runtime.store.write() as connection:
        audit_row = connection.execute(audit_entry.select().where(audit_entry.c.subject == first)).one()
        drop_guards(connection)
        connection.execute(delete(audit_payload).where(audit_payload.c.sequence == audit_row.sequence))
        connection.execute(delete(audit_entry).where(audit_entry.c.sequence == audit_row.sequence))
    assert rows_at(site) == []


def test_a_row_that_was_drawn_says_so_and_with_what_chance(site: Site) -> None:
    judge(site, site.analyst, a_drawn_case(site), Judgement.GENUINE)
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    chances = {row.lane: row.inclusion_probability for row in rows_at(site)}
    assert chances == {"audit": site.runtime.policies[RoutingPolicy].audit_unnamed_share, "analyst": 1.0}


def state_of(site: Site) -> LabelState:
    return site.read(label_state, site.marketplace_id, site.runtime.policies[LabelPolicy], site.clock.now())


def test_a_version_without_a_label_waits_for_its_time_or_is_withheld_for_another_reason(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-1"), Judgement.GENUINE)
    site.clock.forward(days=14)
    judge(site, site.analyst, a_case(site, external_id="MP-2"), Judgement.GENUINE)
    judge(site, site.analyst, a_case(site, external_id="MP-3"), Judgement.CANNOT_TELL)
    label_counts = state_of(site)
    assert (label_counts.genuine, label_counts.counterfeit, label_counts.waiting, label_counts.withheld) == (1, 0, 1, 1)


ENOUGH = [(10, 20, True), (9, 20, False), (10, 19, False)]


@pytest.mark.parametrize(("counterfeit", "genuine", "enough"), ENOUGH)
def test_as_many_labels_of_each_class_as_are_needed_are_enough(counterfeit: int, genuine: int, enough: bool) -> None:
    assert LabelState(counterfeit, genuine, 10, 20, waiting=0, withheld=0).enough is enough


def test_two_exports_of_a_moment_are_equal_whatever_happened_since(any_site: Site, tmp_path: Path) -> None:
    """Verdicts, an undo, an appeal and its decision, new and changed listings, new references, a disabled account."""
    remove(any_site)
    for number in range(6):
        judge(any_site, any_site.analyst, a_case(any_site, external_id=f"MP-1{number}"), Judgement.GENUINE)
    judge(any_site, any_site.analyst, a_case(any_site, external_id="MP-20"), Judgement.COUNTERFEIT)
    question = a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-21")
    refresh_references(any_site.runtime)
    any_site.clock.forward(days=15)
    judge(any_site, any_site.brand_person, question, Judgement.COUNTERFEIT)
    as_of = any_site.clock.now()
    first = digest_at(any_site, tmp_path, as_of)
    assert len(rows_at(any_site, as_of)) == 8

    any_site.clock.forward(seconds=60)
    undo_verdict(any_site.runtime, any_site.brand_person, question.case_id)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (appealed,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, appealed, Judgement.GENUINE)
    changed = [a_suspect_row(external_id=f"MP-1{n}", price="1.00") for n in range(6)]
    receive_rows(any_site.runtime, any_site.marketplace, changed, source="test")
    any_site.clock.forward(hours=7)
    refresh_references(any_site.runtime)
    disable(any_site, any_site.analyst)
    any_site.clock.forward(days=30)
    assert digest_at(any_site, tmp_path, as_of) == first
    assert digest_at(any_site, tmp_path, any_site.clock.now()) != first


def test_a_cluster_is_all_sellers_linked_before_the_moment(any_site: Site) -> None:
    """The intermediate seller has no label; the link of the third seller became known at the second moment."""
    for number, seller in enumerate(("zoe", "bea", "cleo", None)):
        a_case(any_site, CaseLane.ASK_BRAND, external_id=f"MP-{number}", seller={"external_id": seller, "age_days": 9})
    for case in open_cases(any_site, CaseLane.ASK_BRAND):
        judge(any_site, any_site.brand_person, case, Judgement.GENUINE)
    tell(any_site, a_contact("zoe"), a_contact("amy"), a_contact("amy", value=MAIL, kind="email"))
    tell(any_site, a_contact("bea", value=MAIL, kind="email"))
    any_site.clock.forward(days=14)
    first = any_site.clock.now()
    tell(any_site, a_contact("cleo"))
    before = {row.seller: row.seller_cluster for row in rows_at(any_site, first)}
    assert before == {"zoe": "amy", "bea": "amy", "cleo": "cleo", None: None}
    any_site.clock.forward(seconds=1)
    after = {row.seller: row.seller_cluster for row in rows_at(any_site)}
    assert after == {"zoe": "amy", "bea": "amy", "cleo": "amy", None: None}
    assert {row.seller: row.seller_cluster for row in rows_at(any_site, first)} == before


# What became of the labels of one snapshot in the next, and why one is gone.


def take_snapshot(site: Site) -> StoredSnapshot:
    """A snapshot of this moment."""
    now = site.clock.now()
    rows, references = snapshot_content(site.runtime, site.marketplace_id, now)
    _, digest = write_snapshot(site.runtime.home.snapshots, rows, references, now)
    return StoredSnapshot(f"snp_{digest[:8]}", digest, len(rows), sum(row.label for row in rows), now, ())


def changes_between(site: Site, before: StoredSnapshot, after: StoredSnapshot) -> LabelChanges:
    with site.runtime.store.read() as connection:
        policy = site.runtime.policies[LabelPolicy]
        return label_changes(
            connection, site.marketplace_id, site.runtime.services[SnapshotFiles], before, after, policy
        )


def an_account_is_disabled(site: Site) -> None:
    with site.runtime.store.write() as connection:
        of_account = account.c.user_id == site.analyst.user_id
        connection.execute(update(account).where(of_account).values(disabled_at=site.clock.now()))


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
    before = take_snapshot(any_site)
    happens(any_site)
    any_site.clock.forward(hours=1)
    comparison = changes_between(any_site, before, take_snapshot(any_site))
    assert [(code, len(versions)) for code, versions in comparison.lost.items()] == [(reason, 1)]
    assert (comparison.unchanged, comparison.added, comparison.cleared, comparison.accused) == (0, 0, (), ())


def test_an_appeal_takes_a_label_away_and_its_decision_turns_it(any_site: Site) -> None:
    remove(any_site)
    any_site.clock.forward(days=15)
    before = take_snapshot(any_site)
    assert before.positives == 1
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    assert list(changes_between(any_site, before, take_snapshot(any_site)).lost) == ["no_label.open_appeal"]
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    any_site.clock.forward(days=20)
    comparison = changes_between(any_site, before, take_snapshot(any_site))
    assert (len(comparison.cleared), comparison.accused, comparison.lost, comparison.unchanged) == (1, (), {}, 0)
    assert len(changes_between(any_site, take_snapshot(any_site), before).accused) == 1


@pytest.mark.parametrize(("is_frozen", "reason"), [(True, "no_label.golden"), (False, "no_label.facts_gone")])
def test_a_label_that_stands_is_kept_apart_or_its_facts_are_gone(site: Site, is_frozen: bool, reason: str) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = take_snapshot(site)
    if is_frozen:
        frozen = {"digest": "a" * 64, "items": 60, "positives": 9, "content": b"{}", "frozen_by": "user:usr_1"}
        row = {"marketplace_id": site.marketplace_id, "golden_set_id": "gld_1", **frozen, "frozen_at": site.clock.now()}
        site.write(golden.add_set, row)
    (version_id,) = labels_in(site.runtime.home.snapshots / f"{before.digest}.parquet", before.digest)
    _, empty = write_snapshot(site.runtime.home.snapshots, [], REFERENCES, site.clock.now())
    after = StoredSnapshot("snp_1", empty, 0, 0, site.clock.now(), ())
    assert changes_between(site, before, after).lost == {reason: (version_id,)}


def test_new_and_unchanged_labels_are_counted(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = take_snapshot(site)
    judge(site, site.analyst, a_case(site, external_id="MP-1"), Judgement.GENUINE)
    site.clock.forward(days=15)
    comparison = changes_between(site, before, take_snapshot(site))
    assert (comparison.unchanged, comparison.added, comparison.lost) == (1, 1, {})


def test_a_file_that_is_gone_is_refused(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-0"), Judgement.GENUINE)
    site.clock.forward(days=15)
    before = take_snapshot(site)
    (site.runtime.home.snapshots / f"{before.digest}.parquet").unlink()
    with pytest.raises(SnapshotRefused, match="is gone"):
        changes_between(site, before, before)
