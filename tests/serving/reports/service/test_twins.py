"""A removal that was retracted or overturned leaves what its twin has, where nothing was ever removed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.outcomes import outcomes
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.learning.service.labelling import known_at
from serving.listings.tables import listing
from serving.reports.service.withdrawing import retract
from serving.scoring.store import histories
from serving.sellers.service import sanctioning
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.bursts import questions
from tests.fixtures.delivering import deliver
from tests.fixtures.removing import a_marketplace_that_listens
from tests.fixtures.reporting import report
from tests.fixtures.reviewing import judge, open_cases
from tests.fixtures.runtimes import Site, copy_on_postgres, copy_on_sqlite
from tests.serving.reports.service.test_withdrawing import past_window
from tests.serving.standing.test_service import standing_of

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

    with site_in("one") as one, site_in("two") as two:
        yield one, two


def _actions(site: Site) -> list[StoredAction]:
    return site.read(actions.latest, site.here, kind=None, state=None, most=10_000)


def _send_all(site: Site) -> None:
    past_window(site)
    for one in _actions(site):
        if one.state is ActionState.SCHEDULED:
            assert deliver(site.runtime, site.here, one.action_id) == "acknowledged"


def remove(site: Site, names: list[str]) -> list[tuple[str, list[str]]]:
    """Report listings, and have them removed; returns each report with its listings."""
    done = []
    for start in range(0, len(names), A_REPORT):
        some = names[start : start + A_REPORT]
        done.append((report(site, some, key=f"from {start}").report.report_id, some))
        _send_all(site)
        site.clock.forward(hours=1)
    assert {one.state for one in _actions(site)} == {ActionState.ACKNOWLEDGED}
    assert len(_actions(site)) == len(names)
    return done


def retracted(site: Site, done: list[tuple[str, list[str]]]) -> None:
    """The brand retracts everything."""
    for report_id, names in done:
        assert retract(site.runtime, site.brand_person, report_id, range(1, len(names) + 1)) == len(names)


def overturned(site: Site, done: list[tuple[str, list[str]]]) -> None:
    """Another reviewer upholds the appeal of every seller."""
    for name in (name for _, names in done for name in names):
        file_appeal(site.runtime, site.marketplace, Complaint(f"appeal-{name}", name, "These goods are genuine."))
        (case,) = open_cases(site, CaseLane.APPEAL)
        judge(site, site.second_analyst, case, Judgement.GENUINE)


@pytest.mark.parametrize("many", [3, FULL])
@pytest.mark.parametrize("undo", [retracted, overturned])
def test_nothing_is_left_but_the_history(twins: tuple[Site, Site], undo: Undo, many: int) -> None:
    one, two = twins
    found = [questions(site, many) for site in twins]
    sellers = [f"shop-{number}" for number in range(many)]
    names = [f"MP-{number}" for number in range(many)]
    with a_marketplace_that_listens(one):
        done = remove(one, names)
        assert strikes(one, sellers) == [1.0] * many, "while the removal stands"
        assert {row[1] for row in labels(one)} == {1}
        undo(one, done)
        _send_all(one)
    two.clock.forward(seconds=(one.clock.now() - two.clock.now()).total_seconds())
    for case in found[1]:
        judge(two, two.brand_person, case, Judgement.GENUINE)
    past_window(two)
    assert strikes(one, sellers) == strikes(two, sellers) == [0.0] * many
    assert labels(one) == labels(two) == [(name, 0) for name in sorted(names)]
    assert histories_of(one, sellers) == histories_of(two, sellers)
    assert open_cases(one) == open_cases(two) == []
    _is_shown(one, names)
    counted, other = (standing_of(site).overall.tally for site in twins)
    assert (counted.withdrawn, counted.overturned) == ((many, 0) if undo is retracted else (0, many))
    assert replace(counted, withdrawn=0, overturned=0) == other


def _is_shown(site: Site, names: list[str]) -> None:
    """The last message about every listing reinstates it, and its statement restricts nothing."""
    latest = {one.external_id: one for one in sorted(_actions(site), key=lambda one: one.sequence)}
    assert latest.keys() == set(names)
    for one in latest.values():
        assert (one.kind, one.state) == (ActionKind.REINSTATE, ActionState.ACKNOWLEDGED)
        assert one.statement["territory"] is None
        assert one.statement["duration"] is None


def strikes(site: Site, sellers: list[str]) -> list[float]:
    """The strikes of each seller that count now."""
    now = site.clock.now()
    with site.runtime.store.read() as connection:
        return [sanctioning.count_of(site.runtime, connection, site.here, one, now).total for one in sellers]


def labels(site: Site) -> list[tuple[str, int]]:
    """(listing, label) once every label is mature."""
    rows, _ = known_at(site.runtime, site.here, site.clock.now() + timedelta(days=200))
    with site.runtime.store.read() as connection:
        called = dict(map(tuple, connection.execute(select(listing.c.version_id, listing.c.external_id))))
    return sorted((called[row.version_id], row.label) for row in rows)


def histories_of(site: Site, sellers: list[str]) -> dict[str, list[bool]]:
    """What features see of each seller's earlier listings."""
    return {
        seller: [one.counterfeit for one in outcomes(rulings, as_of=site.clock.now())]
        for seller, rulings in sorted(site.read(histories.rulings, site.here, sellers).items())
    }
