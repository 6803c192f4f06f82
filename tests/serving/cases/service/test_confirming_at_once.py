"""Concurrent answers on every case: each case is decided and removed once, and audited in one chain."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Table, func, select

from models.case import CaseLane
from models.errors import Conflict
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.store import queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.cases.tables import verdict
from serving.listings.service.intake import receive_rows
from serving.standing.rules.standing import Level
from serving.takedowns.tables import action
from tests.fixtures.runtimes import Site, a_suspect_row, invite, judge, open_cases
from tests.fixtures.stepping_up import in_level

THREADS = 8
# Small: enough that threads meet. Full size: five runs, because one clean run of a race says nothing.
SIZES = [(8, 0), *(pytest.param(200, run, marks=pytest.mark.soak) for run in range(5))]


@dataclass
class Tally:
    """The results of the threads; `others` has the errors other than a refusal."""

    decided: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    others: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def open_questions(site: Site, count: int) -> list[Case]:
    """That many questions in the brand's queue, each about a listing of its own."""
    rows = [a_suspect_row(external_id=f"MP-{i}", seller={"external_id": f"seller-{i}"}) for i in range(count)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    for case in open_cases(site, CaseLane.ANALYST):
        judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    questions = open_cases(site, CaseLane.ASK_BRAND)
    assert len(questions) == count
    return questions


def contend(site: Site, cases: list[Case], seed: int) -> Tally:
    """Eight threads of two people of the brand confirm every case: half in one order, half in orders of their own."""
    people = [site.brand_person, invite(site.runtime, "noor@aurelle.example", "Noor Haddad", Role.BRAND, "Aurelle")]
    tally, start = Tally(), threading.Barrier(THREADS)

    def confirm(number: int) -> None:
        order = list(cases)
        if number % 2:
            random.Random(seed * THREADS + number).shuffle(order)
        start.wait()
        for case in order:
            try:
                judge(site, people[number % 2], case, Judgement.COUNTERFEIT)
            except Conflict:
                with tally.lock:
                    tally.refused += 1
            except BaseException as error:  # a thread's errors are the test's to judge
                with tally.lock:
                    tally.others.append(error)
            else:
                with tally.lock:
                    tally.decided[case.case_id] += 1

    threads = [threading.Thread(target=confirm, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


@pytest.mark.both_engines
@pytest.mark.parametrize(("count", "run"), SIZES)
def test_of_eight_threads_exactly_one_confirms_each_case(any_site: Site, count: int, run: int) -> None:
    in_level(any_site, Level.FULL)
    cases = open_questions(any_site, count)
    tally = contend(any_site, cases, run)
    assert tally.others == []
    assert tally.decided == {case.case_id: 1 for case in cases}
    assert tally.refused == (THREADS - 1) * count
    assert removals_by_listing(any_site) == {case.listing_id: 1 for case in cases}
    assert forks(any_site) == 0
    assert rows(any_site, verdict) == 2 * count  # The analyst's, and the one confirmation.
    with any_site.runtime.store.read() as connection:
        assert audit.check_chain(connection)[1] is None
        assert queues.queue(connection, QueueFilter(frozenset({any_site.marketplace_id})), most=1) == []


def removals_by_listing(site: Site) -> dict[str, int]:
    query = select(action.c.listing_id, func.count()).group_by(action.c.listing_id)
    with site.runtime.store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def forks(site: Site) -> int:
    """Audit entries that follow the same entry as another does."""
    query = select(func.count() - func.count(audit_entry.c.previous_hash.distinct())).select_from(audit_entry)
    with site.runtime.store.read() as connection:
        return int(connection.execute(query).scalar_one())


def rows(site: Site, table: Table) -> int:
    with site.runtime.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
