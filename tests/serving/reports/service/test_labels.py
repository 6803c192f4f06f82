"""Labels of reported listings: the brand's verdict, never weighted as if its version had been drawn."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.outcomes import outcomes
from models.policies.learning import LabelPolicy
from models.prevalence import Estimate, SelectedListing, prevalence, recall
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.cases.service.removal_approvals import record_vote
from serving.learning.service.labelling import mature_labels, snapshot_content
from serving.learning.store import learning, monitoring
from serving.listings.service.intake import receive_rows
from serving.listings.tables import listing
from serving.platform.clock import Window
from serving.reports.service.withdrawing import retract
from serving.scoring.store import histories
from serving.sellers.service import sanctioning
from serving.standing.rules.record import RemovalTally
from serving.standing.rules.standing import Level
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.receivers import deliver
from tests.fixtures.reporting import a_marketplace_that_listens, confirm, on_sale, questions, report
from tests.fixtures.runtimes import (
    PopulatedDatabase,
    Site,
    a_drawn_case,
    a_row,
    copy_on_postgres,
    copy_on_sqlite,
    having,
    judge,
    open_cases,
)
from tests.fixtures.stepping_up import in_level, standing_of
from tests.serving.reports.service.test_withdrawing import carry_out_all, pass_undo_window
from training.snapshots.snapshot import read_snapshot, write_snapshot
from training.snapshots.summary import summarise


def test_a_reported_version_represents_itself_alone_unless_it_was_drawn_before(any_site: Site) -> None:
    (name,) = on_sale(any_site, 1)
    drawing = replace(any_site.runtime, draw=lambda: 0.0)
    receive_rows(drawing, any_site.marketplace, [a_row(external_id="MP-50")], source="test")
    (drawn,) = open_cases(any_site)
    any_site.clock.forward(minutes=5)
    assert report(any_site, [name, "MP-50"]).outcomes[1].case_id == drawn.case_id
    any_site.clock.forward(days=1)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        rows = list(learning.scored_reviewed_versions(connection, any_site.marketplace_id, now))
        window = Window(now - timedelta(days=30), now)
        measured = {
            score.version_id: score for score in monitoring.first_scores(connection, any_site.marketplace_id, window)
        }
    chances = {row["version_id"]: row["inclusion_probability"] for row in rows}
    assert len(chances) == 2
    assert 0 < chances.pop(drawn.version_id) < 1.0
    ((reported, chance),) = chances.items()
    assert chance == 1.0
    assert (measured[reported].reviewed, measured[drawn.version_id].reviewed) == (False, True)
    assert all(0 < score.inclusion_probability < 1.0 for score in measured.values())


def test_a_report_is_a_label_of_the_brand_and_a_retraction_corrects_it(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 2))
    carry_out_all(any_site)
    retract(any_site.runtime, any_site.brand_person, done.report.report_id, [2])
    any_site.clock.forward(days=200)
    rows, _ = snapshot_content(any_site.runtime, any_site.marketplace_id, any_site.clock.now())
    assert sorted((row.label, row.evidence_level) for row in rows) == [(0, "brand"), (1, "brand")]
    assert {row.sources for row in rows} == {(f"brand:{any_site.brand_id}",)}
    assert [row.reported for row in rows] == [True, True]


def test_a_listing_that_was_drawn_and_cleared_keeps_its_probability_when_it_is_reported_later(any_site: Site) -> None:
    drawing = replace(any_site.runtime, draw=lambda: 0.0)
    receive_rows(drawing, any_site.marketplace, [a_row(external_id="MP-50")], source="test")
    (drawn,) = open_cases(any_site)
    judge(any_site, any_site.analyst, drawn, Judgement.GENUINE)
    any_site.clock.forward(days=1)
    assert report(any_site, ["MP-50"]).outcomes[0].case_id != drawn.case_id
    (reported,) = open_cases(any_site)
    pending = judge(any_site, any_site.analyst, reported, Judgement.COUNTERFEIT).action
    assert pending is not None
    record_vote(any_site.runtime, any_site.account_manager, pending.action_id, Decision.APPROVE, "Looked at the goods.")
    any_site.clock.forward(days=200)
    (row,) = snapshot_content(any_site.runtime, any_site.marketplace_id, any_site.clock.now())[0]
    assert (row.label, row.reported) == (1, True)
    assert row.inclusion_probability < 1.0


def test_a_reported_listing_stays_marked_where_an_appeal_decides_its_label(any_site: Site) -> None:
    on_sale(any_site, 1)
    report(any_site, ["RP-0"])
    carry_out_all(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, Complaint("appeal", "RP-0", "These goods are genuine."))
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    any_site.clock.forward(days=200)
    (row,) = snapshot_content(any_site.runtime, any_site.marketplace_id, any_site.clock.now())[0]
    assert (row.label, row.evidence_level, row.reported) == (0, "appeal", True)


def test_a_snapshot_tells_a_reported_listing_from_an_answered_question(any_site: Site) -> None:
    (question,) = questions(any_site, 1)
    confirm(any_site, any_site.brand_person, question)
    on_sale(any_site, 1)
    done = report(any_site, ["RP-0"])
    any_site.clock.forward(days=200)
    rows, references = snapshot_content(any_site.runtime, any_site.marketplace_id, any_site.clock.now())
    path, digest = write_snapshot(any_site.runtime.home.root, rows, references, any_site.clock.now())
    marked = {row.listing_id: row.reported for row in read_snapshot(path, expected=digest).rows}
    assert marked == {question.listing_id: False, done.outcomes[0].listing_id: True}
    assert summarise(path, digest).reported == 1


def estimates(site: Site) -> tuple[Estimate, Estimate]:
    """Prevalence, and the recall of the flagging, of all listings."""
    site.clock.forward(days=200)
    now = site.clock.now()
    with site.runtime.store.read() as connection:
        rows = list(monitoring.first_scores(connection, site.marketplace_id, Window(now - timedelta(days=300), now)))
        labels = mature_labels(connection, site.marketplace_id, site.runtime.policies[LabelPolicy], now)
    due = [SelectedListing(row.inclusion_probability, labels.get(row.version_id)) for row in rows if row.reviewed]
    return prevalence(due, listings=len(rows)), recall(due, listings=len(rows))


def a_sampled_market(site: Site) -> list[str]:
    """Forty ordinary listings, and four others that were drawn and judged; returns the names of the forty."""
    drawing = replace(site, runtime=replace(site.runtime, draw=random.Random(24).random))
    names = on_sale(drawing, 40)
    for number in range(4):
        case = a_drawn_case(site, external_id=f"DR-{number}", seller={"external_id": f"drawn-{number}"})
        judge(site, site.analyst, case, Judgement.COUNTERFEIT if number % 2 else Judgement.GENUINE)
    return names


def test_prevalence_and_recall_are_those_of_the_random_sample_whatever_brands_report(
    tmp_path: Path, populated_sqlite: PopulatedDatabase
) -> None:
    """A brand reports half of all listings; the estimates are those of a twin in which nobody reported."""
    both_estimates = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with copy_on_sqlite(tmp_path / name, populated_sqlite) as site:
            names = a_sampled_market(site)
            if name == "one":
                assert all(outcome.verdict_id for outcome in report(site, names[:20]).outcomes)
            both_estimates.append(estimates(site))
    assert both_estimates[0] == both_estimates[1]
    assert both_estimates[0][0].audited > 0


# A removal that was retracted or overturned leaves what its twin has, where nothing was ever removed.

A_REPORT = 20  # The most that one person removes in an hour.
FULL = pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(2_000)])
Undo = Callable[[Site, list[tuple[str, list[str]]]], None]


@pytest.fixture
def twins(tmp_path: Path, engine_name: str, request: pytest.FixtureRequest) -> Iterator[tuple[Site, Site]]:
    def site_in(name: str) -> AbstractContextManager[Site]:
        folder = tmp_path / name
        folder.mkdir()
        if engine_name == "sqlite":
            return copy_on_sqlite(folder, request.getfixturevalue("populated_sqlite"))
        return copy_on_postgres(
            folder, request.getfixturevalue("populated_postgres"), request.getfixturevalue("postgres")
        )

    with site_in("one") as report_site, site_in("two") as answer_site:
        yield report_site, answer_site


def _actions(site: Site) -> list[StoredAction]:
    return site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=10_000)


def _send_all(site: Site) -> None:
    pass_undo_window(site)
    for action in _actions(site):
        if action.state is ActionState.SCHEDULED:
            assert deliver(site.runtime, site.marketplace_id, action.action_id) == "acknowledged"


def remove(site: Site, names: list[str]) -> list[tuple[str, list[str]]]:
    """Report listings, and have them removed; returns each report with its listings."""
    done = []
    for start in range(0, len(names), A_REPORT):
        batch = names[start : start + A_REPORT]
        done.append((report(site, batch, key=f"from {start}").report.report_id, batch))
        _send_all(site)
        site.clock.forward(hours=1)
    assert {action.state for action in _actions(site)} == {ActionState.ACKNOWLEDGED}
    assert len(_actions(site)) == len(names)
    return done


def retract_all(site: Site, done: list[tuple[str, list[str]]]) -> None:
    """The brand retracts everything."""
    for report_id, names in done:
        assert retract(site.runtime, site.brand_person, report_id, range(1, len(names) + 1)) == len(names)


def overturn_all(site: Site, done: list[tuple[str, list[str]]]) -> None:
    """Another reviewer upholds the appeal of every seller."""
    for name in (name for _, names in done for name in names):
        file_appeal(site.runtime, site.marketplace, Complaint(f"appeal-{name}", name, "These goods are genuine."))
        (case,) = open_cases(site, CaseLane.APPEAL)
        judge(site, site.second_analyst, case, Judgement.GENUINE)


@pytest.mark.parametrize("many", [3, FULL])
@pytest.mark.parametrize("undo", [retract_all, overturn_all])
def test_nothing_is_left_but_the_history(twins: tuple[Site, Site], undo: Undo, many: int) -> None:
    report_site, answer_site = twins
    both_questions = [questions(site, many) for site in twins]
    sellers = [f"shop-{number}" for number in range(many)]
    names = [f"MP-{number}" for number in range(many)]
    in_level(report_site, Level.FULL)
    with a_marketplace_that_listens(report_site):
        done = remove(report_site, names)
        assert strikes(report_site, sellers) == [1.0] * many, "while the removal stands"
        assert {row[1] for row in labels(report_site)} == {1}
        undo(report_site, done)
        _send_all(report_site)
    answer_site.clock.forward(seconds=(report_site.clock.now() - answer_site.clock.now()).total_seconds())
    for case in both_questions[1]:
        judge(answer_site, answer_site.brand_person, case, Judgement.GENUINE)
    pass_undo_window(answer_site)
    assert strikes(report_site, sellers) == strikes(answer_site, sellers) == [0.0] * many
    assert labels(report_site) == labels(answer_site) == [(name, 0) for name in sorted(names)]
    assert histories_of(report_site, sellers) == histories_of(answer_site, sellers)
    assert open_cases(report_site) == open_cases(answer_site) == []
    _is_shown(report_site, names)
    counted, other = (standing_of(site).overall for site in twins)
    assert counted.removals == RemovalTally(overturned=0 if undo is retract_all else many)
    assert (other.removals, other.audits) == (RemovalTally(), counted.audits)


def _is_shown(site: Site, names: list[str]) -> None:
    """The last message about every listing reinstates it, and its statement restricts nothing."""
    latest = {action.external_id: action for action in sorted(_actions(site), key=lambda action: action.sequence)}
    assert latest.keys() == set(names)
    for action in latest.values():
        assert (action.kind, action.state) == (ActionKind.REINSTATE, ActionState.ACKNOWLEDGED)
        assert action.statement["territory"] is None
        assert action.statement["duration"] is None


def strikes(site: Site, sellers: list[str]) -> list[float]:
    """The strikes of each seller that count now."""
    now = site.clock.now()
    with site.runtime.store.read() as connection:
        return [
            sanctioning.strikes_of(site.runtime, connection, site.marketplace_id, seller, now).total
            for seller in sellers
        ]


def labels(site: Site) -> list[tuple[str, int]]:
    """(listing, label) once every label is mature."""
    rows, _ = snapshot_content(site.runtime, site.marketplace_id, site.clock.now() + timedelta(days=200))
    with site.runtime.store.read() as connection:
        called = dict(map(tuple, connection.execute(select(listing.c.version_id, listing.c.external_id))))
    return sorted((called[row.version_id], row.label) for row in rows)


def histories_of(site: Site, sellers: list[str]) -> dict[str, list[bool]]:
    """What features see of each seller's earlier listings."""
    return {
        seller: [outcome.counterfeit for outcome in outcomes(rulings, as_of=site.clock.now())]
        for seller, rulings in sorted(site.read(histories.rulings, site.marketplace_id, sellers).items())
    }
